"""What learns from pictures, by scikit-learn's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import ArgumentError, DataError
from pellucid.estimators.captioner import ImageCaptioner
from pellucid.estimators.classifier import ImageClassifier
from pellucid.estimators.detector import ObjectDetector
from pellucid.estimators.generator import ImageGenerator
from pellucid.estimators.recognizer import SpeechRecognizer
from pellucid.estimators.regressor import ImageRegressor
from pellucid.interop.models import find_model
from pellucid.tasks import Generation
from pellucid.text import printable

if TYPE_CHECKING:
    import os

__all__ = [
    "ESTIMATORS",
    "ImageCaptioner",
    "ImageClassifier",
    "ImageGenerator",
    "ImageRegressor",
    "ObjectDetector",
    "SpeechRecognizer",
    "estimator_of",
    "load_any",
    "load_estimator",
    "looks",
]

AnyEstimator = ImageClassifier | ImageRegressor | ObjectDetector | SpeechRecognizer | ImageCaptioner
"""An estimator of some task, whose network looks at pictures."""

ESTIMATORS: tuple[type[AnyEstimator], ...] = (
    ImageClassifier, ImageRegressor, ObjectDetector, SpeechRecognizer, ImageCaptioner,
)  # fmt: skip
"""Every estimator whose network looks at pictures."""


def estimator_of(task: str) -> type[AnyEstimator]:
    """The estimator that learns a task.

    Raises:
        ArgumentError: If no network that looks at pictures does.
    """
    if task == Generation.kind:
        raise ArgumentError(
            f"{Generation.title} has no answer for a picture; here a network that looks at "
            "pictures is meant (generators: pellucid train --task generation)"
        )
    return next(each for each in ESTIMATORS if task in each.TASKS)


def load_estimator(
    path: str | os.PathLike[str],
    *,
    engine: str = DEFAULT,
    max_pixels: int | None = None,
    invert: bool = False,
) -> AnyEstimator:
    """The estimator in a model file or a run folder, or of a name, by what it was trained for.

    Args:
        path: As :meth:`ImageClassifier.load` takes it, like the others.
        engine: Who computes.
        max_pixels: Picture files with more pixels are refused.
        invert: Whether black and white of every picture are exchanged.

    Raises:
        FileFormatError: If it is not a sound model file.
        DataError: If there is no such file, or no model in that folder; or a model that looks at no
            pictures, but makes some.
        MissingDependencyError: If the trained weights of that name are not installed.
    """
    return looks(load_any(path, engine=engine, max_pixels=max_pixels, invert=invert), path)


def looks(found: AnyEstimator | ImageGenerator, path: str | os.PathLike[str]) -> AnyEstimator:
    """An estimator, once it is found to look at pictures.

    Args:
        found: Any.
        path: Where it was read from, for the message.

    Raises:
        DataError: If it makes pictures.
    """
    if isinstance(found, ImageGenerator):
        raise DataError(
            f"{printable(path)}: a model for {Generation.title}, which has no answer for one; give "
            "a model that looks at pictures, make some: pellucid generate, or open one: trace and "
            "backward with --sample 0/3 (pellucid.load(…).sample(64), .trace((0, 3)))"
        )
    return found


def load_any(
    path: str | os.PathLike[str],
    *,
    engine: str = DEFAULT,
    max_pixels: int | None = None,
    invert: bool = False,
) -> AnyEstimator | ImageGenerator:
    """As :func:`load_estimator`, also of a generator, which looks at no pictures.

    Args:
        path: As :func:`load_estimator` takes it, like the others.
        engine: Who computes.
        max_pixels: Picture files with more pixels are refused.
        invert: Whether black and white of every picture are exchanged.
    """
    model = find_model(path, engine=get_engine(engine))
    if model.task.kind == Generation.kind:
        return ImageGenerator._of_model(model, path, engine)
    return estimator_of(model.task.kind)._of_model(model, path, engine, max_pixels, invert)
