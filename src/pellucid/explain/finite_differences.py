"""The check of a gradient that needs no calculus: change the weight a little, and see.

    ∂loss/∂w ≈ (loss(w + h) − loss(w − h)) / 2h

in float64, on the reference engine. Where a ReLU or a pooling decides otherwise at w + h than at
w − h, the loss has a kink between them, and the quotient is that of two slopes: h is then made
smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.explain.records import number

if TYPE_CHECKING:
    from pellucid.engines import Backward, Program
    from pellucid.explain.activations import Activations, Position
    from pellucid.graph import Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array

STEPS = (1e-5, 1e-6, 1e-7)
"""The h that are tried, largest first, as shares of the weight's size (of 1, if that is larger)."""


@dataclass(frozen=True)
class FiniteDifference:
    """A gradient's check.

    Attributes:
        step: h.
        above: The loss at w + h.
        below: The loss at w − h.
        gradient: The gradient that backpropagation gives, in float64 too.
        kink: Whether some ReLU or pooling still decides differently on the two sides of w, so that
            the check says little.
    """

    step: float
    above: float
    below: float
    gradient: float
    kink: bool

    @property
    def quotient(self) -> float:
        """(above − below) / 2h."""
        return (self.above - self.below) / (2.0 * self.step)

    @property
    def difference(self) -> float:
        """The quotient minus the gradient."""
        return self.quotient - self.gradient

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "step": self.step,
            "above": number(self.above),
            "below": number(self.below),
            "quotient": number(self.quotient),
            "gradient": number(self.gradient),
            "difference": number(self.difference),
            "kink": self.kink,
        }


class FiniteDifferences:
    """Checks gradients of one loss for one picture, in float64.

    Args:
        activations: The picture in its network.
        targets: Wanted probabilities, (K,).
        loss: The loss.
    """

    def __init__(self, activations: Activations, targets: Array, loss: Loss) -> None:
        self._subject, self._targets, self._loss = activations, targets, loss
        self._graph = activations.model.network.graph

    def check(self, weight: str, at: Position) -> FiniteDifference:
        """Check one weight's gradient; ``weight`` is its full name."""
        here = float(self._weights[weight][at])
        gradient = float(self._exact.weights[weight][at])
        found = None
        for share in STEPS:
            step = share * max(1.0, abs(here))
            (above, decided), (below, otherwise) = (
                self._moved(weight, at, here + sign * step) for sign in (1.0, -1.0)
            )
            kink = any(not np.array_equal(a, b) for a, b in zip(decided, otherwise, strict=True))
            found = FiniteDifference(step, above, below, gradient, kink)
            if not kink:
                break
        assert found is not None
        return found

    @cached_property
    def _weights(self) -> Weights:
        weights = self._subject.model.network.weights
        return {name: np.asarray(w, np.float64) for name, w in weights.items()}

    @cached_property
    def _program(self) -> Program:
        return get_engine("reference").load(self._subject.model.network, precision="float64")

    @cached_property
    def _exact(self) -> Backward:
        targets = self._targets[None]
        return self._program.gradients(self._subject.pixels[None], targets, self._loss)

    @cached_property
    def _values(self) -> dict[str, Array]:
        return self._program.values(self._subject.pixels[None])

    def _moved(self, weight: str, at: Position, value: float) -> tuple[float, list[Array]]:
        """The loss with one weight changed, and what each kinked layer behind it decided.

        Only what depends on the weight is computed again.
        """
        values: dict[str, Array] = {}
        decisions: list[Array] = []
        for node in self._graph.nodes:
            changed = weight.rpartition(".")[0] == node.name
            if not changed and not any(name in values for name in node.inputs):
                continue
            own = {
                name.parameter: self._weights[str(name)]
                for name in self._graph.parameters
                if name.node == node.name
            }
            if changed:
                parameter = weight.rpartition(".")[2]
                own[parameter] = own[parameter].copy()
                own[parameter][at] = value
            inputs = [values.get(name, self._values[name]) for name in node.inputs]
            values[node.name], saved = node.operation.forward(inputs, own)
            decisions += node.operation.decisions(inputs, saved)
        logits = values.get(self._graph.output, self._values[self._graph.output])
        loss, _ = self._loss.value_and_gradient(logits, self._targets[None])
        return loss, decisions
