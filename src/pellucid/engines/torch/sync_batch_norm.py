"""Batch norm by the statistics of a batch that several processes share.

PyTorch's ``SyncBatchNorm`` takes tensors on GPUs alone; this one asks for nothing but sums over
processes, and so runs wherever these can be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

if TYPE_CHECKING:
    from torch import Tensor


class SyncBatchNorm(torch.autograd.Function):
    """x̂ = (x − μ)/√(σ² + ε) with μ and σ² of all ranks' values; gamma and beta are not part of it.

    With N values of a channel on all ranks, ∂L/∂x = (g − Σg/N − x̂ Σ(g x̂)/N)/√(σ² + ε), where g is
    ∂L/∂x̂ and the sums are over all ranks (Ioffe and Szegedy, *Batch normalization*, ICML 2015,
    section 3). L is the sum of what the ranks minimise.

    Statistics of ranks are joined by Chan et al. (*Updating formulae and a pairwise algorithm for
    computing sample variances*, 1979), not by sums of squares, of which differences would be lost.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, epsilon: float, group: Any) -> tuple[Tensor, Tensor, Tensor]:
        """x̂, shaped as x, (N, C, …); each channel's mean and unbiased variance, (C,); float32."""
        axes = [axis for axis in range(x.ndim) if axis != 1]
        wide = x.float()
        own, mean = torch.var_mean(wide, axes, correction=0)
        count = x.numel() // x.shape[1]
        mine = torch.stack([mean, own, torch.full_like(mean, count)])
        found = [torch.empty_like(mine) for _ in range(distributed.get_world_size(group))]
        distributed.all_gather(found, mine, group)
        means, variances, counts = torch.stack(found, dim=1).double()
        whole = counts.sum(0)
        joined = (means * counts).sum(0) / whole
        spread = ((variances + (means - joined) ** 2) * counts).sum(0) / whole
        inverse = torch.rsqrt(spread + epsilon).float()
        channels = (1, -1, *(1,) * (x.ndim - 2))
        x_hat = (wide - joined.float().view(channels)) * inverse.view(channels)
        ctx.save_for_backward(x_hat, inverse)
        ctx.count, ctx.group, ctx.axes, ctx.dtype = float(whole[0]), group, axes, x.dtype
        unbiased = spread * (whole / (whole - 1).clamp(min=1))
        statistics = joined.float(), unbiased.float()
        ctx.mark_non_differentiable(*statistics)
        return x_hat, *statistics

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, None, None]:
        """∂L/∂x; the statistics that were given have no gradient."""
        gradient = gradients[0].float()
        x_hat, inverse = ctx.saved_tensors
        sums = torch.stack([gradient.sum(ctx.axes), (gradient * x_hat).sum(ctx.axes)])
        distributed.all_reduce(sums, group=ctx.group)
        channels = (1, -1, *(1,) * (gradient.ndim - 2))
        mean, slope = (each.view(channels) / ctx.count for each in sums)
        at_x = (gradient - mean - x_hat * slope) * inverse.view(channels)
        return at_x.to(ctx.dtype), None, None


def normalised_together(
    x: Tensor, epsilon: float, group: distributed.ProcessGroup
) -> tuple[Tensor, Tensor, Tensor]:
    """See :meth:`SyncBatchNorm.forward`; ``group`` has the processes whose values are joined."""
    found: tuple[Tensor, Tensor, Tensor] = SyncBatchNorm.apply(x, epsilon, group)  # type: ignore[no-untyped-call]
    return found
