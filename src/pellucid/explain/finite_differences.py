"""The check of a gradient that needs no calculus: change the weight a little, and see.

    ∂loss/∂w ≈ (loss(w + h) − loss(w − h)) / 2h

in float64, on the reference engine. Where a ReLU or a pooling decides otherwise at w + h than at
w − h, the loss has a kink between them, and the quotient is that of two slopes: h is then made
smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.explain.losses import minimised
from pellucid.explain.records import number
from pellucid.ops import Propose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines import Program
    from pellucid.explain.activations import Activations, Position
    from pellucid.explain.losses import Losses, Minimised
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
        engine: Who computed all of it, and in what precision.
    """

    step: float
    above: float
    below: float
    gradient: float
    kink: bool
    engine: str = "reference, float64"

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
            "engine": self.engine,
        }


class FiniteDifferences:
    """Checks gradients of one loss for one picture, in float64.

    Args:
        activations: The picture in its network.
        targets: Wanted probabilities, (K,).
        losses: What is minimised.
    """

    def __init__(self, activations: Activations, targets: Array, losses: Losses) -> None:
        self._activations, self._targets, self._losses = activations, targets, losses

    def check(self, weight: str, at: Position) -> FiniteDifference:
        """Check one weight's gradient; ``weight`` is its full name."""
        part = self._part_behind(weight)
        stored = part.program.weights()
        here, gradient = float(stored[weight][at]), part.gradient(weight, at)
        found = None
        for share in STEPS:
            step = share * max(1.0, abs(here))
            sides = []
            for sign in (1.0, -1.0):
                changed = stored[weight].copy()
                changed[at] = here + sign * step
                part.program.set_weights({**stored, weight: changed})
                sides.append(part.loss_and_decisions())
            (above, decided), (below, otherwise) = sides
            kink = any(not np.array_equal(a, b) for a, b in zip(decided, otherwise, strict=True))
            found = FiniteDifference(step, above, below, gradient, kink, part.program.made_by())
            if not kink:
                break
        assert found is not None
        return found

    def _part_behind(self, weight: str) -> _Part:
        """What depends on a weight; nothing else is computed again.

        Proposals are held: their gradient is 0, however they move.
        """
        network, exact = self._activations.model.network, self._activations.exact
        graph = network.graph
        feeds: dict[str, Array] = {graph.input: self._activations.pixels[None]}
        changed = set[str]()
        for node in graph.nodes:
            uses = weight in graph.parameters_of(node).values() or changed & {*node.inputs}
            if uses and not isinstance(node.operation, Propose):
                changed.add(node.name)
        losses = {value: each for value, each in self._losses.items() if value in changed}
        graph = graph.select(*losses)
        changed &= {node.name for node in graph.nodes}
        cuts = {name for value in changed for name in graph[value].inputs} - changed
        if not cuts <= {graph.input}:
            before, graph = graph.split(*cuts)
            feeds = {**feeds, **exact.run(before, {name: feeds[name] for name in before.inputs})}
        part = network.part(graph)
        whole = minimised(graph, losses)
        return _Part(
            get_engine("reference").load(part, precision="float64"),
            whole,
            {**{name: feeds[name] for name in graph.inputs}, whole.targets: self._targets[None]},
        )


@dataclass(frozen=True)
class _Part:
    """The part of a network behind a weight, up to the loss, with what goes into it."""

    program: Program
    minimised: Minimised
    feeds: Mapping[str, Array]

    def gradient(self, weight: str, at: Position) -> float:
        """∂loss/∂weight at a position, as the weights are."""
        whole = self.minimised
        found = self.program.differentiate(whole.graph, self.feeds, whole.origin, weights=[weight])
        return float(found.weights[weight][at])

    def loss_and_decisions(self) -> tuple[float, list[Array]]:
        """The loss, and on which side of its kinks each layer was."""
        graph = self.minimised.graph
        values = self.program.run(graph.select(*graph.types), self.feeds)
        decisions: list[Array] = []
        for node in graph.nodes:
            if node.name in self.minimised.weights:
                continue
            decisions += node.operation.decisions([values[name] for name in node.inputs])
        return self.minimised.total(values), decisions
