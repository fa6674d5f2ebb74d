"""What is measured: six networks, each with its input and batch size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.architectures import get_architecture
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    Layer,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Workload:
    """A network to train and run.

    Attributes:
        name: As in the tables.
        input_shape: (height, width, channels).
        batch: Pictures a training step, and a forward pass.
        classes: How many.
        layers: The network behind the normalisation of pixels.
    """

    name: str
    input_shape: tuple[int, int, int]
    batch: int
    classes: int
    layers: Callable[[int], Sequential]

    def network(self) -> Sequential:
        """The network, normalisation first."""
        channels = self.input_shape[2]
        normalise = Normalise([127.5] * channels, [64.0] * channels, name="normalise")
        return Sequential([normalise, *self.layers(self.classes).layers])


def _conv_norm_relu(filters: int, stride: int = 1) -> list[Layer]:
    return [
        Conv2D(filters, 3, stride=stride, padding=1, bias=False),
        BatchNorm(),
        ReLU(),
    ]


def vggsmall(classes: int) -> Sequential:
    """(Convolution 3×3, batch norm, ReLU) twice and max pooling, with 32, 64 and 128 channels."""
    layers: list[Layer] = []
    for filters in (32, 64, 128):
        layers += [*_conv_norm_relu(filters), *_conv_norm_relu(filters), MaxPool(2)]
    return Sequential([*layers, Flatten(), Dense(classes)])


def resnet20(classes: int) -> Sequential:
    """The 20-layer residual network for CIFAR-10 (He et al. 2015, section 4.2)."""
    blocks: list[Layer | Residual] = [*_conv_norm_relu(16)]
    channels = 16
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if filters > 16 and block == 0 else 1
            body = [
                *_conv_norm_relu(filters, stride),
                Conv2D(filters, 3, padding=1, bias=False),
                BatchNorm(),
            ]
            shortcut = (
                [Conv2D(filters, 1, stride=stride, bias=False), BatchNorm()]
                if filters != channels
                else []
            )
            blocks += [Residual(body, shortcut), ReLU()]
            channels = filters
    return Sequential([*blocks, GlobalAveragePool(), Dense(classes)])


def photo(classes: int) -> Sequential:
    """Convolution 3×3, batch norm, ReLU, max pooling, with 32, 64, 128 and 256 channels."""
    layers: list[Layer] = []
    for filters in (32, 64, 128, 256):
        layers += [*_conv_norm_relu(filters), MaxPool(2)]
    return Sequential([*layers, GlobalAveragePool(), Dense(classes)])


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("lenet5", (28, 28, 1), 128, 10, get_architecture("lenet5")),
        Workload("lecture28", (28, 28, 1), 128, 10, get_architecture("lecture")),
        Workload("lecture64", (64, 64, 3), 32, 2, get_architecture("lecture")),
        Workload("vggsmall", (32, 32, 3), 128, 10, vggsmall),
        Workload("resnet20", (32, 32, 3), 128, 10, resnet20),
        Workload("photo128", (128, 128, 3), 32, 10, photo),
    )
}
