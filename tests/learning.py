"""How networks learn in tests: a loss and an update rule, made a step of any network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines import Step
from pellucid.graph import Network

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.optimizers import Optimizer


@dataclass(frozen=True)
class Learning:
    """What a step needs besides its network."""

    loss: Loss
    optimizer: Optimizer
    seed: int = 0


def step_of(network: Network | Graph, learning: Learning | None) -> Step | None:
    """A step by which a network learns; none if it does not."""
    if learning is None:
        return None
    graph = network.graph if isinstance(network, Network) else network
    return Step.of(graph, learning.loss, learning.optimizer, seed=learning.seed)
