"""What compiled code learns: a step, taken apart into what the compiler asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.kernels.kernel import Declined
from pellucid.engines.native.lower.objective import LossNode, take_apart, without_losses
from pellucid.graph import check_reals
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.step import Step
    from pellucid.graph import Graph
    from pellucid.optimizers import Optimizer


@short_repr
@dataclass(frozen=True)
class Learning:
    """How a compiled network learns.

    Attributes:
        graph: The network, without its losses.
        losses: The losses of its values, by name.
        weights: What each loss that is minimised is multiplied with, by its name; others are only
            measured.
        optimizer: The update rule.
        seed: Of the random numbers drawn in training.
        trained: The weights that change, by full name.
        running: Nodes, norms that use their running statistics.
        follows: Nodes, norms whose running statistics follow the batch's.
    """

    graph: Graph
    losses: Mapping[str, LossNode]
    weights: Mapping[str, float]
    optimizer: Optimizer
    seed: int
    trained: frozenset[str]
    running: frozenset[str]
    follows: frozenset[str]

    @classmethod
    def of(cls, step: Step) -> Learning:
        """Take a step apart.

        Raises:
            Declined: If it is none that compiled code can take.
            ArgumentError: If its graph is quantised.
        """
        check_reals(step.graph, "training")
        network = without_losses(step.graph)
        if network is None:
            raise Declined("there are no layers, only losses")
        nodes = network.nodes
        return cls(
            network,
            take_apart(step.graph).losses,
            step.minimised,
            step.optimizer,
            step.seed,
            frozenset(step.trained),
            frozenset(each.name for each in nodes if not step.normalises_by_batch(each)),
            frozenset(each.name for each in nodes if step.updates_statistics(each)),
        )

    @property
    def compared(self) -> frozenset[str]:
        """The values of the network that losses read: what they compare, and computed targets."""
        read = {name for each in self.losses.values() for name in (each.value, each.targets)}
        return frozenset(read & self.graph.types.keys())
