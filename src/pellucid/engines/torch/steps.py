"""One step at work in PyTorch: forward, backward, alone or by several processes together."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from pellucid.engines.torch.device import exact_arithmetic
from pellucid.engines.torch.distributed import Together, lost
from pellucid.engines.torch.layout import value_array
from pellucid.engines.torch.module import GraphModule
from pellucid.engines.torch.operations import MAPPINGS, batch_norm_together
from pellucid.engines.torch.sync_batch_norm import group_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from pellucid.engines.step import Step
    from pellucid.engines.torch.distributed import TorchRanks
    from pellucid.engines.torch.settings import Settings
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array


class StepTaker:
    """Computes a step's outputs and gradients; the update is left to the optimizer.

    Args:
        step: The step.
        weights: All weights of the network by full name.
        device: Where they are.
        settings: How it is computed.
        ranks: The processes that learn together; none: this one alone.
    """

    def __init__(
        self,
        step: Step,
        weights: Mapping[str, Tensor],
        device: torch.device,
        settings: Settings,
        ranks: TorchRanks | None,
    ) -> None:
        self._step, self._device, self._settings, self._ranks = step, device, settings, ranks
        self._trained = [weights[name] for name in step.trained]
        mappings = MAPPINGS
        if ranks is not None and settings.sync_batch_norm:
            mappings = {
                **MAPPINGS,
                "batch_norm": partial(batch_norm_together, group=group_name(ranks.statistics)),
            }
        module = GraphModule(step, weights, mappings)
        if settings.compile:  # before others are joined: what they exchange is not traced
            module.compile()
        trains = any(True for _ in module.parameters())
        self._together = Together(ranks, step, module, device) if ranks and trains else None
        self._module = module if self._together is None else self._together.module

    def take(
        self, inputs: Mapping[str, Tensor], taken: int
    ) -> tuple[dict[str, Array], Sequence[Tensor]]:
        """The outputs of the step's graph; and the gradients of the weights that it trains.

        Where several processes learn together, gradients are those of the whole batch, and a loss
        is what this rank's examples contribute to the whole batch's.

        Args:
            inputs: By name, axes ordered as PyTorch wants them.
            taken: How many steps were taken before.
        """
        graph, together = self._step.graph, self._together
        first, factors = (0, {}) if together is None else together.shares(inputs)
        world = 1 if together is None else together.world  # by which PyTorch divides the sum
        with lost(self._ranks), exact_arithmetic(self._device):
            with self._settings.autocast(self._device):
                values = self._module(dict(inputs), taken, first)
            origins = {}
            for value, weight in self._step.minimised.items():
                scale = weight * factors.get(value, 1.0) * world
                origins[values[value]] = torch.full_like(values[value], scale)
            gradients = (
                differentiate(origins, self._trained, self._device)
                if together is None
                else _averaged(origins, self._trained)
            )
        for value, factor in factors.items():
            values[value] = values[value].detach() * factor
        return output_arrays(graph, values), gradients


def differentiate(
    origins: Mapping[Tensor, Tensor], tensors: Sequence[Tensor], device: torch.device
) -> Sequence[Tensor]:
    """∂score/∂tensor for each; zero where the score does not depend on it."""
    origins = {value: at for value, at in origins.items() if value.requires_grad}
    if not origins or not tensors:
        return [torch.zeros_like(tensor) for tensor in tensors]
    with exact_arithmetic(device):
        return torch.autograd.grad(
            list(origins),
            tensors,
            list(origins.values()),
            allow_unused=True,
            materialize_grads=True,
        )


def _averaged(origins: Mapping[Tensor, Tensor], weights: Sequence[Tensor]) -> Sequence[Tensor]:
    """The mean over ranks of ∂score/∂weight, which PyTorch takes while it goes backward."""
    torch.autograd.backward(list(origins), list(origins.values()))
    return [torch.zeros_like(each) if each.grad is None else each.grad for each in weights]


def output_arrays(graph: Graph, values: Mapping[str, Tensor]) -> dict[str, Array]:
    """A graph's outputs as NumPy arrays, by name."""
    return {name: value_array(values[value].detach()) for name, value in graph.outputs.items()}
