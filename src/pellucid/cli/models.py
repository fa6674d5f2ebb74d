"""A model that a command works with, with the class names that are given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pellucid.errors import ArgumentError, DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.estimators import AnyEstimator, ImageGenerator

T = TypeVar("T", bound="AnyEstimator | ImageGenerator")


def load_model_for(
    model: str,
    *,
    engine: str,
    classes: str | None = None,
    max_pixels: int | None = None,
    invert: bool = False,
    instead: str = "",
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
        instead: Of a generator, why the command does not take it, and what does.

    Raises:
        PellucidError: It cannot be loaded, or the names do not suit it; or it is a generator.
    """
    from pellucid.estimators import ImageGenerator, load_any, looks

    def load() -> AnyEstimator:
        any_of = load_any(model, engine=engine, max_pixels=max_pixels, invert=invert)
        if instead and isinstance(any_of, ImageGenerator):
            title = any_of.model_.task.title
            raise DataError(f"{printable(model)}: a model for {title}; {instead}")
        return looks(any_of, model)

    found = _noted(model, load)
    return found if classes is None else found.renamed(classes)


def load_any_for(
    model: str, *, engine: str, classes: str | None = None, max_pixels: int | None = None
) -> AnyEstimator | ImageGenerator:
    """As :func:`load_model_for`, also of a generator.

    Args:
        model: As :func:`load_model_for` takes it, like the others.
        engine: Who computes.
        classes: Names for its classes.
        max_pixels: Picture files with more pixels are not taken.

    Raises:
        PellucidError: As there; or it has no classes, and names are given.
    """
    from pellucid.estimators import ImageGenerator, load_any

    found = _noted(model, lambda: load_any(model, engine=engine, max_pixels=max_pixels))
    if classes is None:
        return found
    if isinstance(found, ImageGenerator):
        raise ArgumentError(
            f"{printable(model)}: a model for {found.model_.task.title} has no classes to be "
            "named; leave --classes out"
        )
    return found.renamed(classes)


def _noted(model: str, load: Callable[[], T]) -> T:
    """A model, loaded; what users should know of it is printed on stderr."""
    from pellucid.cli.terminal import remarks
    from pellucid.interop.models import name_remark, onnx_notes

    if remark := name_remark(model):
        remarks().print(remark)
    found = load()
    for note in onnx_notes(model, found.model_):
        remarks().print(printable(note))
    return found
