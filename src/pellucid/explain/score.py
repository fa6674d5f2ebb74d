"""What is asked of a network: why this score, for this picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, check_row
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from pellucid.engines import Precision, Program
    from pellucid.explain.activations import Activations
    from pellucid.graph import Graph, Network
    from pellucid.ops.operation import Array
    from pellucid.tasks import Task


@short_repr
@dataclass(frozen=True, eq=False)
class Score:
    """A picture in a network, and the score that is to be explained.

    Attributes:
        activations: The picture in its network.
        target: The class or label whose logit is the score, or the column whose number it is, by
            its place.
        against: The class or label whose logit is subtracted; none: the logit alone.
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
        """The class or label whose logit is the score, or the column whose number it is."""
        return self.activations.classes[self.target]

    @property
    def against_name(self) -> str | None:
        """The class or label whose logit is subtracted."""
        return None if self.against is None else self.activations.classes[self.against]

    @property
    def wording(self) -> str:
        """In words: ``logit of cat``, ``logit of cat − logit of dog``; of numbers ``angle``."""
        text = self._task.output_words(self.target)
        other = self.against
        return text if other is None else f"{text} − {self._task.output_words(other)}"

    @property
    def in_units(self) -> bool:
        """Whether the score is a number in its unit, and no logit."""
        return isinstance(self._task, Regression)

    @property
    def factor(self) -> float:
        """What the output is multiplied with: 1 for logits, of numbers their deviation."""
        return self._task.explained(self.target)[0]

    @property
    def constant(self) -> float:
        """What is added to that: 0 for logits, of numbers their mean in the training data."""
        return self._task.explained(self.target)[1]

    @property
    def _task(self) -> Task:
        return self.activations.model.task

    def of_logits(self, logits: Array) -> Array:
        """The score of each row of the network's outputs, (N,), in float64."""
        rows = logits.astype(np.float64)
        less = 0.0 if self.against is None else rows[:, self.against]
        return np.asarray(self.factor * rows[:, self.target] + self.constant - less)

    def gradient(self, count: int, precision: Precision = "float64") -> Array:
        """∂score/∂outputs for each of ``count`` images, (count, K)."""
        gradient = np.zeros((count, len(self.activations.classes)), precision)
        gradient[:, self.target] = self.factor
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
    """What is asked, by names or places.

    Args:
        activations: The picture in its network.
        target: The class, label or column in question; none: the likeliest, or the first column.
        against: The class or label to compare it with; none: no other, or, if ``compared``, of
            several classes of which one is right the likeliest other one.
        compared: Whether the score should be a difference of two logits, where classes rule each
            other out.

    Raises:
        ArgumentError: If a class is unknown, or compared with itself; or if numbers are compared.
    """
    task = activations.model.task
    check_row(task, "an explanation")
    if isinstance(task, Regression):
        if against is not None:
            raise ArgumentError(
                "numbers have nothing to be compared with (against), each has its own unit; "
                f"explain one of them: {listed(task.columns)}"
            )
        return Score(activations, 0 if target is None else activations.class_index(target))
    logits = activations.program.forward(activations.pixels[None])[0]
    ranked = [int(k) for k in np.argsort(-logits, kind="stable")]
    chosen = ranked[0] if target is None else activations.class_index(target)
    other = None if against is None else activations.class_index(against)
    if other == chosen:
        raise ArgumentError(
            f"{printable(activations.classes[chosen])!r:.80} cannot be compared with itself; give "
            "another class as target or against"
        )
    if compared and other is None and task.of_one_class:
        other = next((k for k in ranked if k != chosen), None)
    return Score(activations, chosen, other)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
