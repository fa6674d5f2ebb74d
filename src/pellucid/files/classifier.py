"""The protocol of a classifier: a model, and the engine's program of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.files.model_file import Model


class Classifier(Protocol):
    """What a classifier is to an explanation: a model, and the engine's program of it."""

    @property
    def model_(self) -> Model:
        """The network with class names and preprocessing."""

    @property
    def program_(self) -> Program:
        """The network as the engine computes it."""

    @property
    def max_pixels(self) -> int:
        """Picture files with more pixels are refused."""
