"""What a training minimises: the loss of a network's answer, and those of its side outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines import Step
from pellucid.engines.step import TARGETS, with_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Network
    from pellucid.training.recipe import Recipe


def training_step(network: Network, recipe: Recipe) -> Step:
    """The step that a recipe takes with a network.

    All losses are the recipe's, where the network brings no other, and compare the same targets;
    that of a side output counts with its weight (Szegedy et al. 2014, *Going deeper with
    convolutions*, section 5: 0.3 each). Where layers read what is wanted, under the name of
    :data:`pellucid.engines.step.TARGETS`, losses compare that input.

    Args:
        network: Its training graph is what learns.
        recipe: Loss, optimizer and seed.
    """
    graph, loss, optimizer, seed = (
        network.training_graph, recipe.loss, recipe.optimizer, recipe.seed
    )  # fmt: skip
    if not network.sides and TARGETS not in graph.inputs:
        return Step.of(graph, loss, optimizer, seed=seed)
    own = next(name for name in graph.outputs if name not in network.sides)
    whole = with_loss(graph, loss, of=own, against=TARGETS if TARGETS in graph.inputs else None)
    targets = whole.nodes[-1].inputs[1]
    weights = {_last_output(whole.outputs): 1.0}
    for side, weight in network.sides.items():
        own_loss = network.losses.get(side, loss)
        whole = with_loss(whole, own_loss, name=f"{side}-loss", of=side, against=targets)
        weights[_last_output(whole.outputs)] = weight
    return Step(whole, optimizer, weights, seed=seed)


def _last_output(outputs: Mapping[str, str]) -> str:
    return list(outputs)[-1]
