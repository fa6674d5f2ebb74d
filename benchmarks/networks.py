"""The networks of the workloads, in the package's own layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import MEAN, STD
from benchmarks.outlines import LITE0
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
    ReLU6,
    Residual,
    Sequential,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def network(name: str, channels: int, classes: int) -> Sequential:
    """The network of a workload, normalisation first."""
    normalise = Normalise([MEAN] * channels, [STD] * channels, name="normalise")
    return Sequential([normalise, *NETWORKS[name](classes).layers])


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
    return residual(3, classes)


def residual(depth: int, classes: int) -> Sequential:
    """Three groups of ``depth`` residual blocks, with 16, 32 and 64 channels.

    Where the number of channels doubles, the shortcut is a convolution 1×1 (option B there).
    """
    blocks: list[Layer | Residual] = [*_conv_norm_relu(16)]
    channels = 16
    for filters in (16, 32, 64):
        for block in range(depth):
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


def lite0(classes: int) -> Sequential:
    """EfficientNet-Lite0 with the same zeros on both sides, and without dropout.

    So others have it in one layer, and learn the same.
    """
    layers: list[Layer | Residual] = _conv_norm_relu6(32, stride=2)
    before = 32
    for stage in LITE0:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            wide = before * stage.widening
            block = _conv_norm_relu6(wide, 1) if stage.widening > 1 else []
            block += _conv_norm_relu6(wide, stage.size, stride=stride, groups=wide)
            block += _conv_norm_relu6(stage.maps, 1)[:-1]
            same = stride == 1 and before == stage.maps
            layers += [Residual(block)] if same else block
            before = stage.maps
    return Sequential([*layers, *_conv_norm_relu6(1280, 1), GlobalAveragePool(), Dense(classes)])


def _conv_norm_relu6(
    filters: int, size: int = 3, stride: int = 1, groups: int = 1
) -> list[Layer | Residual]:
    return [
        Conv2D(filters, size, stride=stride, padding=size // 2, groups=groups, bias=False),
        BatchNorm(epsilon=1e-3),
        ReLU6(),
    ]


NETWORKS: dict[str, Callable[[int], Sequential]] = {
    "lenet5": get_architecture("lenet5"),
    "lecture28": get_architecture("lecture"),
    "lecture64": get_architecture("lecture"),
    "vggsmall": vggsmall,
    "resnet20": resnet20,
    "photo128": photo,
    "efficientnet-lite0": lite0,
}
