"""The optimizers on PyTorch: ``torch.optim``'s own, one entry for each of OPTIMIZERS.

What they remember is read and written under the package's names, so that training can move from
one engine to another between two steps.
"""

# ruff: noqa: D103 - each is documented where the rule itself is, in pellucid.optimizers
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from pellucid.engines.torch.layout import Layout, weight_array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import Tensor

    from pellucid import optimizers
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer

Groups = list[dict[str, Any]]
"""Weights with settings of their own, as ``torch.optim`` takes them."""


def sgd(rule: optimizers.SGD, groups: Groups) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, momentum=rule.momentum, nesterov=rule.nesterov)


def adam(rule: optimizers.Adam, groups: Groups) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, betas=(rule.beta1, rule.beta2), eps=rule.epsilon)


def adamw(rule: optimizers.AdamW, groups: Groups) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, betas=(rule.beta1, rule.beta2), eps=rule.epsilon)


MAPPINGS: dict[str, Callable[[Any, Groups], torch.optim.Optimizer]] = {
    "sgd": sgd,
    "adam": adam,
    "adamw": adamw,
}

SLOTS = {"velocity": "momentum_buffer", "mean": "exp_avg", "square": "exp_avg_sq"}
"""What PyTorch calls the arrays that an optimizer remembers."""


class Updater:
    """An optimizer with the weights that it updates."""

    def __init__(
        self, rule: Optimizer, weights: Mapping[str, Tensor], decaying: Iterable[str]
    ) -> None:
        """Prepare the updates.

        Args:
            rule: The update rule.
            weights: The trainable weights by full name; updated in place.
            decaying: The names of those that weight decay pulls to zero.
        """
        self._rule = rule
        self._weights = weights
        names = set(decaying)
        kernels = [weight for name, weight in weights.items() if name in names]
        others = [weight for name, weight in weights.items() if name not in names]
        groups: Groups = [
            {"params": kernels, "weight_decay": rule.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self._optimizer = MAPPINGS[rule.kind](rule, groups)

    def update(self, gradients: Sequence[Tensor], learning_rate: float) -> None:
        """Take one step along the gradients, which come in the weights' order."""
        if self._rule.clip_norm is not None:
            gradients = clip_by_norm(gradients, self._rule.clip_norm)
        for weight, gradient in zip(self._weights.values(), gradients, strict=True):
            weight.grad = gradient
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def memory(self) -> dict[str, Array]:
        """Copies of what is remembered, ``conv1.kernel.velocity`` and so on.

        Zeros stand for what PyTorch does not keep: anything before the first step, and the
        velocity of an SGD without momentum, which no step depends on.
        """
        found = {}
        for name, weight in self._weights.items():
            kept = self._optimizer.state[weight]
            for slot in self._rule.slots:
                tensor = kept.get(SLOTS[slot])
                found[f"{name}.{slot}"] = weight_array(
                    torch.zeros_like(weight) if tensor is None else tensor
                )
        return found

    def remember(self, memory: Mapping[str, Array], step: int, layout: Layout) -> None:
        """Replace what is remembered, as it was after a number of steps."""
        for name, weight in self._weights.items():
            kept: dict[str, Any] = {
                SLOTS[slot]: layout.weight(memory[f"{name}.{slot}"]) for slot in self._rule.slots
            }
            # torch.optim counts steps in a tensor, always float32 and on the CPU.
            self._optimizer.state[weight] = {**kept, "step": torch.tensor(float(step))}


def clip_by_norm(gradients: Sequence[Tensor], clip_norm: float) -> list[Tensor]:
    """Gradients shortened together to the given length where they are longer, see ``Optimizer``.

    Not ``clip_grad_norm_``, which adds 1e-6 to the length that it divides by.
    """
    if not gradients:
        return []
    # In float64, where no square of a float32 overflows; Apple's GPUs have none.
    wide = None if gradients[0].device.type == "mps" else torch.float64
    norms = [torch.linalg.vector_norm(gradient, dtype=wide) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    factor = torch.where(norm > clip_norm, clip_norm / norm, 1.0)
    return [gradient * factor for gradient in gradients]
