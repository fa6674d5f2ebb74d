"""A model that a command works with, with the class names that are given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.estimators import AnyEstimator


def load_model_for(
    model: str,
    *,
    engine: str,
    classes: str | None = None,
    max_pixels: int | None = None,
    invert: bool = False,
) -> AnyEstimator:
    """Load a model by its path or its name, whatever it was trained for.

    That a file has the name of the network that is meant is printed on stderr, and what users of
    an ONNX file should know.

    Args:
        model: As :func:`pellucid.interop.models.find_model` takes it.
        engine: Who computes.
        classes: Names for its classes, as ``--classes`` takes them; None for its own.
        max_pixels: Picture files with more pixels are not taken; None for what is safe.
        invert: Whether black and white of the pictures that are given are exchanged.

    Raises:
        PellucidError: It cannot be loaded, or the names do not suit it.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.estimators import load_estimator
    from pellucid.interop.models import name_remark, onnx_notes

    if remark := name_remark(model):
        remarks().print(remark)
    found = load_estimator(model, engine=engine, max_pixels=max_pixels, invert=invert)
    for note in onnx_notes(model, found.model_):
        remarks().print(printable(note))
    return found if classes is None else found.renamed(classes)
