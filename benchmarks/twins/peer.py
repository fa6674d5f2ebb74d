"""PyTorch's side of a task: modules, autograd and PyTorch's own optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.twins import Array, Feeds, Task
    from benchmarks.twins.twin import Twin

    Weights = Mapping[str, Array]


class Peer:
    """A twin that learns.

    Args:
        task: Which.
        rule: How it learns, a name of :data:`benchmarks.twins.RATES`.
        feeds: A batch, as the package's side has it.
        mode: ``pytorch``, ``pytorch-channels-last`` or ``pytorch-compiled``.
        weights: What it starts with; none: weights of its own.
        small: Whether it is for a test.
        double: Whether it computes in float64.
    """

    def __init__(
        self, task: Task, rule: str, feeds: Feeds, *, mode: str = "pytorch",
        weights: Weights | None = None, small: bool = False, double: bool = False,
    ) -> None:  # fmt: skip
        torch.manual_seed(0)
        twin: Twin = task.twin_of(small=small)
        if double:
            twin = twin.double()
        if weights is not None:
            twin.copy_weights(weights)
        if mode != "pytorch":
            twin.layout = torch.channels_last
            twin = twin.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.twin = twin.train()
        self.losses = torch.compile(twin.losses) if mode == "pytorch-compiled" else twin.losses
        self.feeds = {
            step: {name: torch.from_numpy(array) for name, array in arrays.items()}
            for step, arrays in feeds.items()
        }
        self.optimizers = {
            step: _optimizer(rule, task.rates[rule], twin.trains(step)) for step in feeds
        }

    def step(self) -> dict[str, float]:
        """All steps of a batch, one after the other; the losses of each."""
        found: dict[str, float] = {}
        for name, feeds in self.feeds.items():
            found.update(self._backward(name, feeds))
            self.optimizers[name].step()
        return found

    def gradients(self) -> dict[str, Array]:
        """∂loss/∂weight of each step from the same weights, by step and weight."""
        found: dict[str, Array] = {}
        for name, feeds in self.feeds.items():
            self._backward(name, feeds)
            own = self.twin.gradients().items()
            found.update({f"{name}: {key}": np.asarray(value, np.float64) for key, value in own})
        return found

    def _backward(self, name: str, feeds: dict[str, Any]) -> dict[str, float]:
        self.twin.zero_grad()
        losses = self.losses(name, feeds)
        total = torch.stack(list(losses.values())).sum()
        total.backward(inputs=self.twin.trains(name))  # type: ignore[no-untyped-call]
        return {f"{name}: {key}": float(loss.detach()) for key, loss in losses.items()}


def _optimizer(rule: str, rate: float, parameters: list[Any]) -> torch.optim.Optimizer:
    if rule == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=0.9)
    return torch.optim.Adam(parameters, rate, betas=(0.5, 0.999))
