"""The networks of the workloads as lists of layers, for contenders that build their own of them.

Layers with weights come in the order of the package's weights: a block's body before its shortcut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Conv:
    """A convolution of square kernels, zeros around its maps; of each map alone where depthwise."""

    filters: int
    size: int = 3
    stride: int = 1
    padding: int = 1
    bias: bool = False
    depthwise: bool = False


@dataclass(frozen=True)
class Norm:
    """A batch norm."""

    epsilon: float = 1e-5


@dataclass(frozen=True)
class Relu:
    """ReLU; or ReLU6, which goes no higher."""

    six: bool = False


@dataclass(frozen=True)
class Pool:
    """Max pooling by 2×2."""


@dataclass(frozen=True)
class Mean:
    """The mean of each map."""


@dataclass(frozen=True)
class Flat:
    """All numbers in a row, channels the fastest."""


@dataclass(frozen=True)
class Dense:
    """A dense layer."""

    outputs: int


@dataclass(frozen=True)
class Block:
    """A residual block; its shortcut has a convolution where maps change."""

    body: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Stage:
    """Blocks of one kind of EfficientNet-Lite0 (Tan and Le 2019, table 1; Liu 2020).

    Attributes:
        blocks: How many.
        size: Of the depthwise kernel.
        stride: Of the first block.
        widening: By how much the first convolution widens; 1 leaves it out.
        maps: What each block gives.
    """

    blocks: int
    size: int
    stride: int
    widening: int
    maps: int


LITE0 = (
    Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320),
)  # fmt: skip

Layer = Conv | Norm | Relu | Pool | Mean | Flat | Dense | Block


def outline(name: str, classes: int) -> list[Layer]:
    """The workload's network, without the normalisation of pixels.

    Raises:
        ValueError: If there is no such workload.
    """
    if name == "lenet5":
        return [
            Conv(6, 5, padding=2, bias=True), Relu(), Pool(),
            Conv(16, 5, padding=0, bias=True), Relu(), Pool(), Flat(),
            Dense(120), Relu(), Dense(84), Relu(), Dense(classes),
        ]  # fmt: skip
    if name in ("lecture28", "lecture64"):
        return [
            Conv(32, bias=True), Relu(), Pool(), Conv(64, bias=True), Relu(), Pool(), Flat(),
            Dense(128), Relu(), Dense(classes),
        ]  # fmt: skip
    if name == "vggsmall":
        layers: list[Layer] = []
        for filters in (32, 64, 128):
            layers += [Conv(filters), Norm(), Relu(), Conv(filters), Norm(), Relu(), Pool()]
        return [*layers, Flat(), Dense(classes)]
    if name == "photo128":
        layers = []
        for filters in (32, 64, 128, 256):
            layers += [Conv(filters), Norm(), Relu(), Pool()]
        return [*layers, Mean(), Dense(classes)]
    if name == "resnet20":
        return [Conv(16), Norm(), Relu(), *_blocks(), Mean(), Dense(classes)]
    if name == "efficientnet-lite0":
        return [
            *_conv_norm_relu6(32, 3, 2),
            *_mobile(),
            *_conv_norm_relu6(1280, 1),
            Mean(),
            Dense(classes),
        ]
    raise ValueError(f"no workload {name!r}")


def _mobile() -> list[Layer]:
    found: list[Layer] = []
    before = 32
    for stage in LITE0:
        for number in range(stage.blocks):
            stride = stage.stride if number == 0 else 1
            wide = before * stage.widening
            block = _conv_norm_relu6(wide, 1) if stage.widening > 1 else []
            block += _conv_norm_relu6(wide, stage.size, stride, depthwise=True)
            block += _conv_norm_relu6(stage.maps, 1)[:-1]
            same = stride == 1 and before == stage.maps
            found += [Block(tuple(block))] if same else block
            before = stage.maps
    return found


def _conv_norm_relu6(
    filters: int, size: int, stride: int = 1, *, depthwise: bool = False
) -> list[Layer]:
    convolution = Conv(filters, size, stride, size // 2, depthwise=depthwise)
    return [convolution, Norm(1e-3), Relu(six=True)]


def _blocks() -> list[Layer]:
    found: list[Layer] = []
    before = 16
    for filters in (16, 32, 64):
        for number in range(3):
            stride = 2 if filters > 16 and number == 0 else 1
            body = (Conv(filters, stride=stride), Norm(), Relu(), Conv(filters), Norm())
            shortcut = (Conv(filters, 1, stride, 0), Norm()) if before != filters else ()
            found += [Block(body, shortcut), Relu()]
            before = filters
    return found


def weight_shapes(
    layers: Sequence[Layer], shape: tuple[int, int, int]
) -> list[dict[str, tuple[int, ...]]]:
    """The shapes of the weights of each layer that has any, by the package's names for them.

    Args:
        layers: Of the network.
        shape: Of its pictures, (height, width, channels).
    """
    found: list[dict[str, tuple[int, ...]]] = []
    for layer, (*_, channels) in _with_sizes(layers, shape):
        if isinstance(layer, Norm):
            found.append(dict.fromkeys(("gamma", "beta", "mean", "variance"), (channels,)))
        elif isinstance(layer, Conv):
            bias = {"bias": (layer.filters,)} if layer.bias else {}
            read = 1 if layer.depthwise else channels
            found.append({"kernel": (layer.size, layer.size, read, layer.filters), **bias})
        elif isinstance(layer, Dense):
            found.append({"kernel": (channels, layer.outputs), "bias": (layer.outputs,)})
    return found


def _with_sizes(
    layers: Sequence[Layer], shape: tuple[int, ...]
) -> Iterator[tuple[Layer, tuple[int, ...]]]:
    """Every layer, those of blocks too, with the shape of what reaches it."""
    for layer in layers:
        if isinstance(layer, Block):
            yield from _with_sizes(layer.body, shape)
            yield from _with_sizes(layer.shortcut, shape)
            for inside in layer.body:
                shape = _after(inside, shape)
        else:
            yield layer, shape
            shape = _after(layer, shape)


def _after(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(layer, Conv):
        height, width = (
            (side + 2 * layer.padding - layer.size) // layer.stride + 1 for side in shape[:2]
        )
        return height, width, layer.filters
    if isinstance(layer, Pool):
        return shape[0] // 2, shape[1] // 2, shape[2]
    if isinstance(layer, Dense):
        return (layer.outputs,)
    if isinstance(layer, Flat):
        return (math.prod(shape),)
    return shape if isinstance(layer, Norm | Relu) else (shape[-1],)
