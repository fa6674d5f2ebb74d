"""What is asked of a network: why this score, for this picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.engines import Precision, Program
    from pellucid.explain.activations import Activations
    from pellucid.graph import Graph, Network
    from pellucid.ops.operation import Array


@short_repr
@dataclass(frozen=True, eq=False)
class Score:
    """A picture in a network, and the score that is to be explained.

    Attributes:
        activations: The picture in its network.
        target: The class whose logit is the score, by its place among the classes.
        against: The class whose logit is subtracted; none: the logit alone.
    """

    activations: Activations
    target: int
    against: int | None = None

    subject = OldAttribute("activations")
    score = OldAttribute("of_logits")
    score_gradient = OldAttribute("gradient")
    scores_of = OldAttribute("of_images")

    @property
    def network(self) -> Network:
        """Graph and weights."""
        return self.activations.model.network

    @property
    def graph(self) -> Graph:
        """The network's graph; it ends in logits."""
        return self.network.graph

    @property
    def program(self) -> Program:
        """The network on its engine, for forward passes."""
        return self.activations.program

    @property
    def image(self) -> Array:
        """The pixels, uint8 (H, W, C)."""
        return self.activations.pixels

    @property
    def target_name(self) -> str:
        """The class whose logit is the score."""
        return self.activations.classes[self.target]

    @property
    def against_name(self) -> str | None:
        """The class whose logit is subtracted."""
        return None if self.against is None else self.activations.classes[self.against]

    @property
    def wording(self) -> str:
        """The score in words: ``logit of cat`` or ``logit of cat − logit of dog``."""
        text = f"logit of {printable(self.target_name)}"
        other = self.against_name
        return text if other is None else f"{text} − logit of {printable(other)}"

    def of_logits(self, logits: Array) -> Array:
        """The score of each row of logits, (N,), in float64."""
        rows = logits.astype(np.float64)
        return np.asarray(
            rows[:, self.target] - (0.0 if self.against is None else rows[:, self.against])
        )

    def gradient(self, count: int, precision: Precision = "float64") -> Array:
        """∂score/∂logits for each of so many images, (count, K)."""
        gradient = np.zeros((count, len(self.activations.classes)), precision)
        gradient[:, self.target] = 1.0
        if self.against is not None:
            gradient[:, self.against] = -1.0
        return gradient

    def of_images(self, images: Array) -> Array:
        """The score of each of many images (N, H, W, C), by the engine: (N,)."""
        return self.of_logits(forward(self.program, images))


def choose_score(
    activations: Activations,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    compared: bool = False,
) -> Score:
    """Put a scored.

    Args:
        activations: The picture in its network.
        target: The class in question; none: the network's answer.
        against: The class to compare it with; none: no other, or, if ``compared``, the likeliest
            other one.
        compared: Whether the score must be a difference of two logits.

    Raises:
        ArgumentError: If a class is unknown, or compared with itself.
    """
    logits = activations.program.forward(activations.pixels[None])[0]
    ranked = [int(k) for k in np.argsort(-logits, kind="stable")]
    chosen = ranked[0] if target is None else activations.class_index(target)
    other = None if against is None else activations.class_index(against)
    if other == chosen:
        raise ArgumentError(
            f"{printable(activations.classes[chosen])!r:.80} cannot be compared with itself; give "
            "another class as target or against"
        )
    if compared and other is None:
        other = next(k for k in ranked if k != chosen)
    return Score(activations, chosen, other)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
