"""The networks for photos: counted by hand, built again in PyTorch, compiled as a whole."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.architectures import ARCHITECTURES
from pellucid.engines import get_engine
from pellucid.engines.native.program import NativeProgram
from pellucid.errors import ShapeError
from pellucid.graph import Network, summarise
from pellucid.layers import Normalise, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.networks import network
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.graph import Graph

PHOTOS = ["vgg-small", "vgg-medium", "resnet20"]
AVERAGED = ["vgg-small", "resnet20"]
SIZES = [(28, 28, 1), (32, 32, 3), (8, 8, 3), (37, 50, 3)]


def graph_of(name: str, shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10) -> Graph:
    return ARCHITECTURES[name](classes).graph(shape)


def test_vgg_small_counted_by_hand() -> None:
    summary = summarise(graph_of("vgg-small"))
    maps = [3, 32, 64, 64, 128, 128, 256, 256]
    positions = [1024, 256, 256, 64, 64, 16, 16]
    pairs = list(pairwise(maps))
    assert [row.parameters for row in summary.rows if row.kind == "conv2d"] == [
        9 * before * after for before, after in pairs
    ]
    assert summary.parameters == 1_162_080 + 2 * sum(maps[1:]) + 256 * 10 + 10 == 1_166_506
    products = [9 * a * b * where for (a, b), where in zip(pairs, positions, strict=True)]
    scaled = [b * where for (_, b), where in zip(pairs, positions, strict=True)]
    assert summary.multiply_adds == sum(products) + sum(scaled) + 2560 == 43_444_736
    last = next(row for row in summary.rows if row.layer == "relu7")
    assert last.output_shape == (4, 4, 256)
    # 1 + 2·(1·1 + 2·2 + 4·2 + 8·2) of the kernels, and (1 + 2 + 4) of the poolings, at most 32.
    assert last.receptive_field == (32, 32)


def test_vgg_medium_counted_by_hand() -> None:
    summary = summarise(graph_of("vgg-medium"))
    maps = [3, 32, 64, 64, 128, 128, 256, 256]
    positions = [1024, 1024, 256, 256, 64, 64, 16]
    after_pooling = [1024, 256, 256, 64, 64, 16, 16]
    products = [9 * a * b * n for (a, b), n in zip(pairwise(maps), positions, strict=True)]
    scaled = [b * n for b, n in zip(maps[1:], after_pooling, strict=True)]
    # As many weights as the small one: the layers are the same, only the resolutions differ.
    assert summary.parameters == summarise(graph_of("vgg-small")).parameters
    assert summary.multiply_adds == sum(products) + sum(scaled) + 2560
    assert [row.output_shape for row in summary.rows if row.kind == "flatten"] == [(256,)]


@pytest.mark.parametrize(
    ("shape", "units"), [((8, 8, 3), 256), ((28, 28, 1), 256), ((33, 64, 3), 2 * 256)]
)
def test_vgg_medium_takes_other_sizes(shape: tuple[int, int, int], units: int) -> None:
    rows = summarise(graph_of("vgg-medium", shape)).rows
    assert next(row.output_shape for row in rows if row.kind == "flatten") == (units,)


def test_resnet20_counted_by_hand() -> None:
    summary = summarise(graph_of("resnet20"))
    kernels = (
        9 * 3 * 16
        + 6 * 9 * 16 * 16
        + (9 * 16 * 32 + 5 * 9 * 32 * 32 + 16 * 32)
        + (9 * 32 * 64 + 5 * 9 * 64 * 64 + 32 * 64)
    )
    norms = 2 * (7 * 16 + 7 * 32 + 7 * 64)
    assert summary.parameters == kernels + norms + 64 * 10 + 10 == 272_474
    # The paper's 20 layers: those with weights on the main way, shortcuts left out.
    kinds = [row.kind for row in summary.rows]
    assert kinds.count("conv2d") - 2 + kinds.count("dense") == 20
    assert kinds.count("add") == 9
    shapes = [row.output_shape for row in summary.rows if row.kind == "add"]
    assert shapes == [(32, 32, 16)] * 3 + [(16, 16, 32)] * 3 + [(8, 8, 64)] * 3


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("name", AVERAGED)
def test_pictures_of_any_size(name: str, shape: tuple[int, int, int]) -> None:
    """As many weights for each of them: what there is, is averaged over all positions."""
    graph = graph_of(name, shape, classes=3)
    assert graph.output_shape == (3,)
    first = 9 * (shape[2] - 3) * (32 if name == "vgg-small" else 16)
    assert summarise(graph).parameters - first == summarise(graph_of(name, classes=3)).parameters


def test_too_small_for_vgg() -> None:
    with pytest.raises(ShapeError, match="pool3"):
        graph_of("vgg-small", (32, 7, 3))


@pytest.mark.parametrize("name", PHOTOS)
def test_compiled_as_a_whole(name: str) -> None:
    layers = Sequential([Normalise([120.0] * 3, [60.0] * 3), ARCHITECTURES[name](2)])
    learning = Learning(CrossEntropy(), SGD(momentum=0.9, nesterov=True))
    program = get_engine("native").load(
        network(layers.graph((16, 16, 3))), step_of(layers.graph((16, 16, 3)), learning)
    )
    assert isinstance(program, NativeProgram)


# ------------------------------------------------------------------ the same, written for PyTorch


def torch_convolution(before: int, after: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    kernel = nn.Conv2d(before, after, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(kernel, nn.BatchNorm2d(after))


class TorchBlock(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = torch_convolution(before, after, stride)
        self.second = torch_convolution(after, after)
        self.shortcut = (
            torch_convolution(before, after, stride, size=1) if stride > 1 else nn.Identity()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.shortcut(x))


def torch_resnet20() -> nn.Sequential:
    blocks: list[nn.Module] = [torch_convolution(3, 16), nn.ReLU()]
    for before, after, stride in [(16, 16, 1), (16, 32, 2), (32, 64, 2)]:
        blocks += [TorchBlock(before, after, stride), TorchBlock(after, after, 1)]
        blocks += [TorchBlock(after, after, 1)]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def torch_vgg_small() -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 3
    for after in [32, "pool", 64, 64, "pool", 128, 128, "pool", 256, 256]:
        if isinstance(after, int):
            layers += [torch_convolution(before, after), nn.ReLU()]
            before = after
        else:
            layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10))


def torch_vgg_medium() -> nn.Sequential:
    layers: list[nn.Module] = [torch_convolution(3, 32), nn.ReLU()]
    for before, after in [(32, 64), (64, 128), (128, 256)]:
        kernel = nn.Conv2d(before, after, 3, padding=1, bias=False)
        layers += [kernel, nn.MaxPool2d(2), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [torch_convolution(after, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(256, 10))


TORCH = {
    "vgg-small": torch_vgg_small,
    "vgg-medium": torch_vgg_medium,
    "resnet20": torch_resnet20,
}


def give_weights(module: nn.Module, source: Network) -> None:
    """Copy weights layer by layer; both list them in the order in which they compute."""
    names = ("kernel", "bias", "gamma", "beta", "mean", "variance")
    values = [
        torch.from_numpy(np.ascontiguousarray(_turned(value)))
        for node in source.graph.nodes
        for part in names
        for value in [source.weights.get(f"{node.name}.{part}")]
        if value is not None
    ]
    wanted = {key: value for key, value in module.state_dict().items() if "num_batches" not in key}
    module.load_state_dict(dict(zip(wanted, values, strict=True)), strict=False)


def _turned(value: np.ndarray) -> np.ndarray:
    """HWIO to OIHW, (in, out) to (out, in)."""
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T


@pytest.mark.parametrize("shape", [(32, 32, 3), (21, 26, 3)])
@pytest.mark.parametrize("name", PHOTOS)
def test_the_same_in_pytorch(name: str, shape: tuple[int, int, int]) -> None:
    ours = network(graph_of(name, shape), seed=1)
    module = TORCH[name]().double().eval()
    give_weights(module, ours)
    images = np.random.default_rng(2).normal(size=(2, *shape))
    program = get_engine("reference").load(ours, precision="float64")
    with torch.no_grad():
        expected = module(torch.from_numpy(images.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(program.forward(images), expected, rtol=1e-9, atol=1e-9)
