"""What a network is made of: one file per operation, its mathematics and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ops.add import Add
from pellucid.ops.affine_grid import AffineGrid
from pellucid.ops.anchor_loss import AnchorLoss
from pellucid.ops.average_pool import AveragePool
from pellucid.ops.batch_norm import BatchNorm
from pellucid.ops.bfloat16 import Bfloat16
from pellucid.ops.bfloat16_conv2d import Bfloat16Conv2D
from pellucid.ops.bfloat16_dense import Bfloat16Dense
from pellucid.ops.centre_loss import CentreLoss
from pellucid.ops.channel_shuffle import ChannelShuffle
from pellucid.ops.channel_slice import ChannelSlice
from pellucid.ops.clip import Clip
from pellucid.ops.concatenate import Concatenate
from pellucid.ops.conv2d import Conv2D
from pellucid.ops.conv_transpose2d import ConvTranspose2D
from pellucid.ops.crop import Crop
from pellucid.ops.cross_entropy import CrossEntropy
from pellucid.ops.ctc_loss import CTCLoss
from pellucid.ops.dense import Dense
from pellucid.ops.dropout import Dropout
from pellucid.ops.embedding import Embedding
from pellucid.ops.flatten import Flatten
from pellucid.ops.global_average_pool import GlobalAveragePool
from pellucid.ops.global_max_pool import GlobalMaxPool
from pellucid.ops.grid_sample import GridSample
from pellucid.ops.gru import GRU
from pellucid.ops.hard_sigmoid import HardSigmoid
from pellucid.ops.hard_swish import HardSwish
from pellucid.ops.huber import Huber
from pellucid.ops.leaky_relu import LeakyReLU
from pellucid.ops.local_response_norm import LocalResponseNorm
from pellucid.ops.lstm import LSTM
from pellucid.ops.matrix_product import MatrixProduct
from pellucid.ops.max_pool import MaxPool
from pellucid.ops.mean_squared_error import MeanSquaredError
from pellucid.ops.multiply import Multiply
from pellucid.ops.normalise import Normalise
from pellucid.ops.pad import Pad
from pellucid.ops.perspective_divide import PerspectiveDivide
from pellucid.ops.prelu import PReLU
from pellucid.ops.projective_grid import ProjectiveGrid
from pellucid.ops.propose import Propose
from pellucid.ops.quantise import Quantise
from pellucid.ops.quantised_conv2d import QuantisedConv2D
from pellucid.ops.quantised_dense import QuantisedDense
from pellucid.ops.region_loss import RegionLoss
from pellucid.ops.relu import ReLU
from pellucid.ops.relu6 import ReLU6
from pellucid.ops.reshape import Reshape
from pellucid.ops.resize import Resize
from pellucid.ops.roi_align import RoIAlign
from pellucid.ops.roi_pool import RoIPool
from pellucid.ops.sample_regions import SampleRegions
from pellucid.ops.sequence_cross_entropy import SequenceCrossEntropy
from pellucid.ops.sigmoid import Sigmoid
from pellucid.ops.sigmoid_cross_entropy import SigmoidCrossEntropy
from pellucid.ops.silu import SiLU
from pellucid.ops.softmax import Softmax
from pellucid.ops.squared_error import SquaredError
from pellucid.ops.subsample import Subsample
from pellucid.ops.tanh import Tanh

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Operation

__all__ = [
    "CHOICES",
    "GRU",
    "LOSSES",
    "LSTM",
    "OPERATIONS",
    "QUANTISED",
    "Add",
    "AffineGrid",
    "AnchorLoss",
    "AveragePool",
    "BatchNorm",
    "Bfloat16",
    "Bfloat16Conv2D",
    "Bfloat16Dense",
    "CTCLoss",
    "CentreLoss",
    "ChannelShuffle",
    "ChannelSlice",
    "Clip",
    "Concatenate",
    "Conv2D",
    "ConvTranspose2D",
    "Crop",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "GridSample",
    "HardSigmoid",
    "HardSwish",
    "Huber",
    "LeakyReLU",
    "LocalResponseNorm",
    "MatrixProduct",
    "MaxPool",
    "MeanSquaredError",
    "Multiply",
    "Normalise",
    "PReLU",
    "Pad",
    "PerspectiveDivide",
    "ProjectiveGrid",
    "Propose",
    "Quantise",
    "QuantisedConv2D",
    "QuantisedDense",
    "ReLU",
    "ReLU6",
    "RegionLoss",
    "Reshape",
    "Resize",
    "RoIAlign",
    "RoIPool",
    "SampleRegions",
    "SequenceCrossEntropy",
    "SiLU",
    "Sigmoid",
    "SigmoidCrossEntropy",
    "Softmax",
    "SquaredError",
    "Subsample",
    "Tanh",
]

OPERATIONS: dict[str, type[Operation]] = {
    operation.kind: operation
    for operation in (
        Add,
        AffineGrid,
        AveragePool,
        BatchNorm,
        ChannelShuffle,
        ChannelSlice,
        Clip,
        Concatenate,
        Conv2D,
        ConvTranspose2D,
        Crop,
        Dense,
        Dropout,
        Embedding,
        Flatten,
        GlobalAveragePool,
        GlobalMaxPool,
        GridSample,
        GRU,
        HardSigmoid,
        HardSwish,
        LeakyReLU,
        LocalResponseNorm,
        LSTM,
        MatrixProduct,
        MaxPool,
        Multiply,
        Normalise,
        Pad,
        PerspectiveDivide,
        PReLU,
        ProjectiveGrid,
        ReLU,
        ReLU6,
        Reshape,
        Resize,
        RoIAlign,
        RoIPool,
        Sigmoid,
        SiLU,
        Softmax,
        Subsample,
        Tanh,
    )
}
"""Every operation by its kind: the fixed table that model files are read with."""

CHOICES: dict[str, type[Operation]] = {each.kind: each for each in (Propose, SampleRegions)}
"""Operations that choose among values, which has no gradient, by their kinds: in files as well."""

QUANTISED: dict[str, type[Operation]] = {
    each.kind: each
    for each in (
        Bfloat16,
        Bfloat16Conv2D,
        Bfloat16Dense,
        Quantise,
        QuantisedConv2D,
        QuantisedDense,
    )
}
"""Operations that make or read whole numbers or bfloat16, without a gradient, by their kinds."""

LOSSES: dict[str, type[Loss]] = {
    loss.kind: loss
    for loss in (
        AnchorLoss,
        CentreLoss,
        CrossEntropy,
        CTCLoss,
        Huber,
        MeanSquaredError,
        RegionLoss,
        SequenceCrossEntropy,
        SigmoidCrossEntropy,
        SquaredError,
    )
}
"""Every loss by its kind."""
