"""Convolutions that PyTorch's CPU kernels get wrong in channels-last memory, and how to avoid them.

Seen with PyTorch 2.13 (oneDNN 3.12) on float32, and with one filter in float64 too:

- Kernels of 1×1 with a stride above 1 and few channels: the gradient of the weights is written past
  its end where several threads divide the batch unevenly. It crashes, or the numbers are wrong.
- A single filter, where the kernel that is used does without oneDNN (a batch of one picture, or
  float64): "slow_conv2d: grad_weight must be contiguous".
- A single channel in and a single column out, with a stride across above 1: columns that were never
  computed are written, whatever lay in memory before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def avoid_cpu_faults(
    x: Tensor, kernel: Tensor, stride: tuple[int, int]
) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """Input, kernel and stride of the same convolution, in a form that has no fault on a CPU.

    Args:
        x: (N, C, H, W), with its border where the kernel is 1×1.
        kernel: (filters, C / groups, kh, kw).
        stride: (down, across).

    Returns:
        What to give to ``conv2d`` instead; the same where no fault is known.
    """
    if x.device.type != "cpu":
        return x, kernel, stride
    down, across = stride
    if kernel.shape[2:] == (1, 1) and (down, across) != (1, 1):
        x, stride = x[:, :, ::down, ::across], (1, 1)  # what such a kernel never reads is left out
    if len(kernel) == 1 or (x.shape[1] == 1 and across > 1):
        # Not contiguous(): with one channel it may take channels-last strides for plain ones.
        x, kernel = (t.clone(memory_format=torch.contiguous_format) for t in (x, kernel))
    return x, kernel, stride
