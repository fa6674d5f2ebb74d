"""What the deeper architectures are built of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.layers import BatchNorm, Conv2D, MaxPool, ReLU

if TYPE_CHECKING:
    from pellucid.layers import Layer


def convolution(filters: int, stride: int = 1, size: int = 3) -> list[Layer]:
    """A convolution and its batch norm: (H, W, C) → (⌈H/stride⌉, ⌈W/stride⌉, filters).

    The convolution has no bias, since the batch norm would take it away and adds its own.
    """
    kernel = Conv2D(filters, size, stride=stride, padding=size // 2, bias=False)
    return [kernel, BatchNorm()]


def convolution_relu(filters: int, stride: int = 1, size: int = 3) -> list[Layer]:
    """The same with a ReLU behind it."""
    return [*convolution(filters, stride, size), ReLU()]


def convolution_pool_relu(filters: int) -> list[Layer]:
    """A convolution 3×3, the maximum of each 2×2, batch norm, ReLU.

    (H, W, C) → (⌊H/2⌋, ⌊W/2⌋, filters).

    With the pooling first, the norm takes mean and deviation over the winners alone.
    """
    return [Conv2D(filters, 3, padding=1, bias=False), MaxPool(2), BatchNorm(), ReLU()]
