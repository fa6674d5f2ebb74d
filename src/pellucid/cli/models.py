"""A model that a command works with, with the class names that are given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.estimators.classifier import ImageClassifier


def load_classifier(
    model: Path,
    *,
    engine: str,
    classes: str | None = None,
    max_pixels: int | None = None,
    invert: bool = False,
) -> ImageClassifier:
    """Load a model file or a run's folder.

    Args:
        model: Its path.
        engine: Who computes.
        classes: Names for its classes, as ``--classes`` takes them; None for its own.
        max_pixels: Picture files with more pixels are not taken; None for what is safe.
        invert: Whether black and white of the pictures that are given are exchanged.

    Raises:
        PellucidError: It cannot be loaded, or the names do not suit it.
    """
    from pellucid.estimators.classifier import ImageClassifier

    found = ImageClassifier.load(model, engine=engine, max_pixels=max_pixels, invert=invert)
    return found if classes is None else found.renamed(classes)
