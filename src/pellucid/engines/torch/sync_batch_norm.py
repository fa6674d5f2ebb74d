"""Batch norm by the statistics of a batch that several processes share.

PyTorch's ``SyncBatchNorm`` takes tensors on GPUs alone; this one asks for nothing but sums over
processes, and so runs wherever these can be made. It is two operations of PyTorch's library, which
``torch.compile`` leaves as they are: what is exchanged between processes is not traced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from torch import Tensor

_GROUPS: dict[str, distributed.ProcessGroup] = {}
"""By name, since operations of the library take numbers, texts and tensors alone."""


def group_name(group: distributed.ProcessGroup) -> str:
    """What a group of processes is called by :func:`normalised_together`."""
    _GROUPS[group.group_name] = group
    return group.group_name


def normalised_together(x: Tensor, epsilon: float, group: str) -> tuple[Tensor, Tensor, Tensor]:
    """x̂ = (x − μ)/√(σ² + ε) with μ and σ² of all ranks' values; gamma and beta are not part of it.

    With N values of a channel on all ranks, ∂L/∂x = (g − Σg/N − x̂ Σ(g x̂)/N)/√(σ² + ε), where g is
    ∂L/∂x̂ and the sums are over all ranks (Ioffe and Szegedy, *Batch normalization*, ICML 2015,
    section 3). L is the sum of what the ranks minimise.

    Statistics of ranks are joined by Chan et al. (*Updating formulae and a pairwise algorithm for
    computing sample variances*, 1979), not by sums of squares, of which differences would be lost.

    Args:
        x: This rank's values, (N, C, …).
        epsilon: ε.
        group: The processes whose values are joined, by the name that :func:`group_name` gave.

    Returns:
        x̂, shaped as x; each channel's mean and unbiased variance, (C,), which have no gradient;
        float32.
    """
    x_hat, mean, variance, *_ = torch.ops.pellucid.joined_norm(x, epsilon, group)
    return x_hat, mean.detach(), variance.detach()


def _forward(x: Tensor, epsilon: float, group: str) -> tuple[Tensor, ...]:
    """x̂, mean, variance, 1/√(σ² + ε) of each channel, and how many values a channel has, (1,)."""
    wide = x.float()
    own, mean = torch.var_mean(wide, _axes(x), correction=0)
    mine = torch.stack([mean, own, torch.full_like(mean, x.numel() // x.shape[1])])
    processes = _GROUPS[group]
    found = [torch.empty_like(mine) for _ in range(distributed.get_world_size(processes))]
    distributed.all_gather(found, mine, processes)
    means, variances, counts = torch.stack(found, dim=1).double()
    whole = counts.sum(0)
    joined = (means * counts).sum(0) / whole
    spread = ((variances + (means - joined) ** 2) * counts).sum(0) / whole
    inverse = torch.rsqrt(spread + epsilon).float()
    x_hat = (wide - _by_channel(joined.float(), x)) * _by_channel(inverse, x)
    unbiased = spread * (whole / (whole - 1).clamp(min=1))
    return x_hat, joined.float(), unbiased.float(), inverse, whole[:1].float()


def _forward_shapes(x: Tensor, epsilon: float, group: str) -> tuple[Tensor, ...]:  # noqa: ARG001
    channels = x.new_empty(x.shape[1], dtype=torch.float32)
    return (
        torch.empty_like(x, dtype=torch.float32), channels, torch.empty_like(channels),
        torch.empty_like(channels), x.new_empty(1, dtype=torch.float32),
    )  # fmt: skip


def _gradient(
    gradient: Tensor, x_hat: Tensor, inverse: Tensor, count: Tensor, group: str
) -> Tensor:
    """∂L/∂x from ∂L/∂x̂, float32."""
    sums = torch.stack([gradient.sum(_axes(x_hat)), (gradient * x_hat).sum(_axes(x_hat))])
    distributed.all_reduce(sums, group=_GROUPS[group])
    mean, slope = (_by_channel(each, x_hat) / count for each in sums)
    return (gradient - mean - x_hat * slope) * _by_channel(inverse, x_hat)


def _gradient_shape(gradient: Tensor, *_: Any) -> Tensor:
    return torch.empty_like(gradient)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, _, ctx.group = inputs
    x_hat, _, _, inverse, count = output
    ctx.dtype = x.dtype
    ctx.save_for_backward(x_hat, inverse, count)


def _backward(ctx: Any, gradient: Tensor, *_: Any) -> tuple[Tensor, None, None]:
    at_x = torch.ops.pellucid.joined_norm_gradient(
        gradient.float().contiguous(), *ctx.saved_tensors, ctx.group
    )
    return at_x.to(ctx.dtype), None, None


def _axes(x: Tensor) -> list[int]:
    return [axis for axis in range(x.ndim) if axis != 1]


def _by_channel(values: Tensor, x: Tensor) -> Tensor:
    return values.view(1, -1, *(1,) * (x.ndim - 2))


torch.library.custom_op(
    "pellucid::joined_norm", _forward, mutates_args=(),
    schema="(Tensor x, float epsilon, str group) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)  # fmt: skip
torch.library.register_fake("pellucid::joined_norm", _forward_shapes)
torch.library.register_autograd("pellucid::joined_norm", _backward, setup_context=_keep)
torch.library.custom_op(
    "pellucid::joined_norm_gradient", _gradient, mutates_args=(),
    schema="(Tensor gradient, Tensor x_hat, Tensor inverse, Tensor count, str group) -> Tensor",
)  # fmt: skip
torch.library.register_fake("pellucid::joined_norm_gradient", _gradient_shape)
