"""Arrays in, arrays out: how values and weights lie outside and inside this engine.

Outside, images are NHWC, sequences NTF and kernels HWIO. Inside, axes are ordered as PyTorch wants
them (NCHW, NFT, OIHW), while the numbers stay in memory as they were ("channels last"): PyTorch's
convolutions are fastest so, turning a batch of images costs nothing, and flattening yields NHWC's
order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from pellucid.engines.engine import check_precision
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from torch import Tensor

    from pellucid.engines.engine import Precision
    from pellucid.ops.operation import Array

DTYPES: dict[Precision, torch.dtype] = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Layout:
    """How arrays come in: to which device, in which precision; every tensor is a copy.

    Raises:
        ArgumentError: If the precision is unknown, or the device cannot compute in it.
    """

    device: torch.device
    precision: Precision
    channels_last: bool = True

    def __post_init__(self) -> None:
        check_precision(self.precision)
        if self.device.type == "mps" and self.precision == "float64":
            raise ArgumentError(
                "device 'mps' cannot compute in float64; load with precision='float32', or use "
                "device='cpu'"
            )

    def value(self, array: Array) -> Tensor:
        """A batch: (N, H, W, C) becomes (N, C, H, W), (N, T, F) (N, F, T); (N, F) stays."""
        # Pixels travel as bytes, a quarter of the way's load, and become floats on arrival.
        return self.turned(
            self._copy(array if array.dtype == np.uint8 else array.astype(self.precision))
        )

    def turned(self, tensor: Tensor) -> Tensor:
        """The same of a tensor that is on the device already, with its axes as outside."""
        tensor = tensor.to(DTYPES[self.precision])
        if tensor.ndim <= 2:
            return tensor
        turned = tensor.movedim(-1, 1)
        return turned if self.channels_last else turned.contiguous()

    def weight(self, array: Array) -> Tensor:
        """A weight: (kh, kw, in, out) becomes (out, in, kh, kw); the rest stays."""
        tensor = self._copy(array.astype(self.precision))
        if tensor.ndim != 4:
            return tensor
        return tensor.permute(3, 2, 0, 1).contiguous(
            memory_format=torch.channels_last if self.channels_last else torch.contiguous_format
        )

    def _copy(self, array: Array) -> Tensor:
        return torch.tensor(np.ascontiguousarray(array)).to(self.device, DTYPES[self.precision])


def channels_last(tensor: Tensor) -> Tensor:
    """A batch with its axes as outside: (N, C, H, W) as (N, H, W, C), (N, F, T) as (N, T, F)."""
    return tensor.movedim(1, -1) if tensor.ndim > 2 else tensor


def value_array(tensor: Tensor) -> Array:
    """A batch as a NumPy array, with its axes as outside; NumPy has no bfloat16."""
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return np.asarray(channels_last(tensor.detach().cpu()).numpy(), order="C")


def weight_array(tensor: Tensor) -> Array:
    """A copy of a weight as a NumPy array: (out, in, kh, kw) becomes (kh, kw, in, out)."""
    plain = tensor.detach().cpu()
    # A view would change with the next training step.
    return np.array((plain.permute(2, 3, 1, 0) if plain.ndim == 4 else plain).numpy(), order="C")
