"""A model whose answers are counted, so that who waits sees how far it is, and can stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines import Program
    from pellucid.files.classifier import Classifier
    from pellucid.files.model_file import Model
    from pellucid.ops.operation import Array


class WatchedClassifier:
    """A model that reports how many pictures it has answered.

    Args:
        classifier: The model.
        watching: Called before each batch and after the last one with how many pictures are
            answered; may raise, which ends it.
    """

    def __init__(self, classifier: Classifier, watching: Callable[[int], object]) -> None:
        self._classifier = classifier
        self.program_ = cast("Program", _WatchedProgram(classifier.program_, watching))

    @property
    def model_(self) -> Model:
        """The model itself."""
        return self._classifier.model_

    @property
    def max_pixels(self) -> int:
        """Picture files with more pixels are refused."""
        return self._classifier.max_pixels


class _WatchedProgram:
    """A program that counts the images it answers; all else is the program's own."""

    def __init__(self, program: Program, watching: Callable[[int], object]) -> None:
        self._program, self._watching = program, watching
        self._done = 0

    def forward(self, images: Array) -> Array:
        """The answers to some images."""
        self._watching(self._done)
        found = self._program.forward(images)
        self._done += len(images)
        self._watching(self._done)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._program, name)
