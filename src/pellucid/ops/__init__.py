"""What a network is made of: one file per operation, its mathematics and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ops.add import Add
from pellucid.ops.average_pool import AveragePool
from pellucid.ops.batch_norm import BatchNorm
from pellucid.ops.concatenate import Concatenate
from pellucid.ops.conv2d import Conv2D
from pellucid.ops.cross_entropy import CrossEntropy
from pellucid.ops.dense import Dense
from pellucid.ops.dropout import Dropout
from pellucid.ops.flatten import Flatten
from pellucid.ops.global_average_pool import GlobalAveragePool
from pellucid.ops.leaky_relu import LeakyReLU
from pellucid.ops.local_response_norm import LocalResponseNorm
from pellucid.ops.max_pool import MaxPool
from pellucid.ops.mean_squared_error import MeanSquaredError
from pellucid.ops.normalise import Normalise
from pellucid.ops.prelu import PReLU
from pellucid.ops.relu import ReLU
from pellucid.ops.relu6 import ReLU6
from pellucid.ops.sigmoid import Sigmoid
from pellucid.ops.softmax import Softmax
from pellucid.ops.subsample import Subsample
from pellucid.ops.tanh import Tanh

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Operation

__all__ = [
    "LOSSES",
    "OPERATIONS",
    "Add",
    "AveragePool",
    "BatchNorm",
    "Concatenate",
    "Conv2D",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool",
    "LeakyReLU",
    "LocalResponseNorm",
    "MaxPool",
    "MeanSquaredError",
    "Normalise",
    "PReLU",
    "ReLU",
    "ReLU6",
    "Sigmoid",
    "Softmax",
    "Subsample",
    "Tanh",
]

OPERATIONS: dict[str, type[Operation]] = {
    operation.kind: operation
    for operation in (
        Add,
        AveragePool,
        BatchNorm,
        Concatenate,
        Conv2D,
        Dense,
        Dropout,
        Flatten,
        GlobalAveragePool,
        LeakyReLU,
        LocalResponseNorm,
        MaxPool,
        Normalise,
        PReLU,
        ReLU,
        ReLU6,
        Sigmoid,
        Softmax,
        Subsample,
        Tanh,
    )
}
"""Every operation by its kind: the fixed table that model files are read with."""

LOSSES: dict[str, type[Loss]] = {loss.kind: loss for loss in (CrossEntropy, MeanSquaredError)}
"""Every loss by its kind."""
