"""EfficientNet-Lite beside the papers' tables, and its small relative beside PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pellucid.architectures import ARCHITECTURES
from pellucid.architectures.efficientnet_lite import rounded_maps
from pellucid.engines import get_engine
from pellucid.graph import summarise
from pellucid.layers import Sequential
from tests.engines.networks import network

PUBLISHED = {
    "efficientnet-lite0": (224, 4.65e6, 407e6),
    "efficientnet-lite1": (240, 5.42e6, 631e6),
    "efficientnet-lite2": (260, 6.09e6, 899e6),
}
"""Side, parameters and multiply-adds, as the variants' authors give them."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_as_large_as_published(name: str) -> None:
    side, parameters, multiply_adds = PUBLISHED[name]
    graph = ARCHITECTURES[name](1000).graph((side, side, 3))
    summary = summarise(graph)
    assert round(summary.parameters, -4) == parameters
    # theirs is 3 to 4 % higher; what it counts besides is not said
    assert 0.95 * multiply_adds < summary.multiply_adds < multiply_adds
    assert {row.output_shape for row in summary.rows if row.layer in ("stem", "head")} == {
        (-(-side // 2), -(-side // 2), 32),
        (-(-side // 32), -(-side // 32), 1280),
    }
    kinds = {row.kind for row in summary.rows}
    assert not kinds & {"multiply", "sigmoid", "silu", "hard_swish", "relu"}
    norms = {node.operation for node in graph.nodes if node.operation.kind == "batch_norm"}
    assert {vars(norm)["epsilon"] for norm in norms} == {1e-3}
    assert {vars(norm)["momentum"] for norm in norms} == {0.01}


def test_stages_of_lite0_as_in_the_papers_table() -> None:
    """Blocks by their maps and the side of what they give; a sum in every block but the first."""
    graph = ARCHITECTURES["efficientnet-lite0"](1000).graph((224, 224, 3))
    blocks = [n for n in graph.nodes if n.name.startswith("block") and n.name.endswith("project")]
    shapes = [graph.shapes[node.name] for node in blocks]
    assert [(side, maps) for side, _, maps in shapes] == [
        (112, 16), *[(56, 24)] * 2, *[(28, 40)] * 2, *[(14, 80)] * 3, *[(14, 112)] * 3,
        *[(7, 192)] * 4, (7, 320),
    ]  # fmt: skip
    sums = [node.name for node in graph.nodes if node.operation.kind == "add"]
    assert sums == [f"block{n}-add" for n in (3, 5, 7, 8, 10, 11, 13, 14, 15)]


def test_maps_are_multiples_of_8() -> None:
    """Never below nine tenths of what was asked for; the values are those of the authors' code."""
    assert [rounded_maps(1.1 * maps) for maps in (16, 24, 40, 80, 112, 192, 320)] == [
        16, 24, 48, 88, 120, 208, 352,
    ]  # fmt: skip
    assert [rounded_maps(maps) for maps in (1, 12, 11.9, 76, 19)] == [8, 16, 16, 80, 24]


class SamePadding(nn.Module):
    """A convolution as TensorFlow pads it, the odd pixel below and to the right."""

    def __init__(self, before: int, after: int, size: int, stride: int, groups: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, groups=groups, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads = []
        for length, size, stride in zip(
            reversed(x.shape[2:]), self.conv.kernel_size, self.conv.stride, strict=True
        ):
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads += [total // 2, total - total // 2]
        return torch.as_tensor(self.conv(nn.functional.pad(x, pads)))


class TorchBlock(nn.Module):
    def __init__(self, before: int, after: int, size: int, stride: int, widening: int) -> None:
        super().__init__()
        wide = before * widening
        layers = torch_convolution(before, wide, 1) if widening > 1 else []
        layers += torch_convolution(wide, wide, size, stride, wide)
        self.body = nn.Sequential(*layers, *torch_convolution(wide, after, 1)[:-1])
        self.adds = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.as_tensor(self.body(x))
        return x + y if self.adds else y


def torch_convolution(
    before: int, after: int, size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    convolution = SamePadding(before, after, size, stride, groups)
    return [convolution, nn.BatchNorm2d(after, eps=1e-3), nn.ReLU6()]


def torch_lite0(classes: int) -> nn.Sequential:
    """Written from the paper's table, block by block."""
    stages = [
        (16, 3, 1, 1, 1), (24, 3, 2, 6, 2), (40, 5, 2, 6, 2), (80, 3, 2, 6, 3),
        (112, 5, 1, 6, 3), (192, 5, 2, 6, 4), (320, 3, 1, 6, 1),
    ]  # fmt: skip
    layers, before = torch_convolution(3, 32, 3, 2), 32
    for after, size, stride, widening, blocks in stages:
        for each in range(blocks):
            layers.append(TorchBlock(before, after, size, stride if each == 0 else 1, widening))
            before = after
    head = torch_convolution(before, 1280, 1)
    return nn.Sequential(
        *layers, *head, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes)
    )


@pytest.mark.parametrize("shape", [(32, 32, 3), (45, 38, 3)])
def test_the_same_in_pytorch(shape: tuple[int, int, int]) -> None:
    ours = network(Sequential([ARCHITECTURES["efficientnet-lite0"](7)]).graph(shape), seed=3)
    module = torch_lite0(7).double().eval()
    parts = ("kernel", "bias", "gamma", "beta", "mean", "variance")
    values = [
        torch.from_numpy(np.ascontiguousarray(_turned(ours.weights[f"{node.name}.{part}"])))
        for node in ours.graph.nodes
        for part in parts
        if f"{node.name}.{part}" in ours.weights
    ]
    wanted = [key for key in module.state_dict() if "num_batches" not in key]
    # both list a layer's weights together; PyTorch's batch norm has the same order of its four
    module.load_state_dict(dict(zip(wanted, values, strict=True)), strict=False)
    images = np.random.default_rng(2).normal(size=(2, *shape))
    program = get_engine("reference").load(ours, precision="float64")
    with torch.no_grad():
        expected = module(torch.from_numpy(images.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(program.forward(images), expected, rtol=1e-9, atol=1e-9)


def _turned(value: np.ndarray) -> np.ndarray:
    """HWIO to OIHW, (in, out) to (out, in)."""
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
