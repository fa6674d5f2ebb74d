"""The list of kernels: the first that does not decline a region computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.kernels.average import Average
from pellucid.engines.native.kernels.banded import BandedDepthwise
from pellucid.engines.native.kernels.bfloat16 import Bfloat16Convolve, Bfloat16Depthwise
from pellucid.engines.native.kernels.bottleneck import Bottleneck
from pellucid.engines.native.kernels.by_reference import ByReference
from pellucid.engines.native.kernels.convolution import Convolve
from pellucid.engines.native.kernels.depthwise import Depthwise
from pellucid.engines.native.kernels.dropout import Dropout
from pellucid.engines.native.kernels.embedding import Embedding
from pellucid.engines.native.kernels.few_channels import FewChannels
from pellucid.engines.native.kernels.grid_sample import GridSample
from pellucid.engines.native.kernels.grouped import Grouped
from pellucid.engines.native.kernels.gru import GatedRecurrent
from pellucid.engines.native.kernels.join import Add, Concatenate
from pellucid.engines.native.kernels.layouts import ChannelShuffle, ChannelSlice, Crop, Pad
from pellucid.engines.native.kernels.local_response import LocalResponse
from pellucid.engines.native.kernels.lstm import LongShortTermMemory
from pellucid.engines.native.kernels.matrix_product import MatrixProduct
from pellucid.engines.native.kernels.multiply import Multiply
from pellucid.engines.native.kernels.norm import Norm
from pellucid.engines.native.kernels.perspective import PerspectiveDivide
from pellucid.engines.native.kernels.pixels import Pixels
from pellucid.engines.native.kernels.plane_grid import PlaneGrid
from pellucid.engines.native.kernels.pointwise import Activate
from pellucid.engines.native.kernels.pool import Pool
from pellucid.engines.native.kernels.prelu import Slopes
from pellucid.engines.native.kernels.propose import Propose
from pellucid.engines.native.kernels.rescale import Rescale
from pellucid.engines.native.kernels.reshape import Reshape
from pellucid.engines.native.kernels.resize import Resize
from pellucid.engines.native.kernels.roi_align import RoIAlign
from pellucid.engines.native.kernels.roi_pool import RoIPool
from pellucid.engines.native.kernels.softmax import Softmax
from pellucid.engines.native.kernels.subsample import Subsample
from pellucid.engines.native.kernels.to_narrow import ToNarrow
from pellucid.engines.native.kernels.transposed import Transposed
from pellucid.engines.native.kernels.whole import WholeConvolve
from pellucid.engines.native.kernels.whole_depthwise import WholeDepthwise
from pellucid.engines.native.kernels.winograd import Winograd

if TYPE_CHECKING:
    from pellucid.engines.native.kernels.kernel import Kernel
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target

KERNELS: tuple[type[Kernel], ...] = (
    Pixels,
    BandedDepthwise,
    Depthwise,
    Bottleneck,
    Winograd,
    FewChannels,
    Convolve,
    Grouped,
    Transposed,
    Norm,
    Activate,
    Pool,
    Add,
    Concatenate,
    Multiply,
    Pad,
    Crop,
    ChannelSlice,
    ChannelShuffle,
    Average,
    Reshape,
    Dropout,
    Slopes,
    Softmax,
    LocalResponse,
    Subsample,
    Rescale,
    Resize,
    PlaneGrid,
    PerspectiveDivide,
    GridSample,
    GatedRecurrent,
    LongShortTermMemory,
    MatrixProduct,
    Embedding,
    RoIAlign,
    RoIPool,
    Propose,
    ToNarrow,
    WholeDepthwise,
    WholeConvolve,
    Bfloat16Depthwise,
    Bfloat16Convolve,
    ByReference,
)
"""In the order in which they are asked; the last takes whatever the others leave."""


def choose(region: Region, target: Target) -> type[Kernel]:
    """The kernel that computes a region without an epilogue."""
    return next(kernel for kernel in KERNELS if not kernel.declines(region, target))


def declined(region: Region, target: Target) -> dict[str, str]:
    """Why kernels that take a region's anchor do not compute it, by their names."""
    earlier = KERNELS[: KERNELS.index(region.kernel)]
    reasons = {kernel.__name__: kernel.declines(region, target) for kernel in earlier}
    takes = {each.__name__ for each in earlier if isinstance(region.operation, each.operations)}
    return {name: reason for name, reason in reasons.items() if name in takes}
