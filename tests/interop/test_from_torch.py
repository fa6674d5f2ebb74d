"""Modules of PyTorch as models: the same answers, and layers that are the module's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import pellucid
from pellucid.engines import get_engine
from pellucid.errors import PellucidError
from pellucid.interop.torch.module import import_module
from pellucid.ops import LocalResponseNorm
from tests.interop.onnx_files import apart

if TYPE_CHECKING:
    from pellucid.interop.onnx.importing import Imported


def conv(inputs: int, outputs: int, size: int = 3, **more: Any) -> nn.Sequential:
    made = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False, **more)
    return nn.Sequential(made, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Excited(nn.Module):
    """Squeeze-and-excitation, as MobileNetV3 has it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1, self.fc2 = nn.Conv2d(channels, 3, 1), nn.Conv2d(3, channels, 1)
        self.scale = nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        gate = self.scale(self.fc2(torch.relu(self.fc1(self.pool(x)))))
        gated: Tensor = gate * x
        return gated


class Mobile(nn.Module):
    """Residual, depthwise, and gated, with the activations of MobileNets and EfficientNets."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8, stride=2)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.norm, self.swish = nn.BatchNorm2d(8), nn.Hardswish()
        self.gate = Excited(8)
        self.shortcut = nn.Conv2d(8, 12, 1)
        self.body = nn.Sequential(nn.Conv2d(8, 12, 1), nn.BatchNorm2d(12))
        self.last, self.six = nn.SiLU(), nn.ReLU6()
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(12, 5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.gate(self.swish(self.norm(self.depthwise(self.stem(x)))))
        x = self.six(self.body(x) + self.shortcut(x))
        logits: Tensor = self.head(self.last(x).mean([2, 3]))
        return logits


class Branches(nn.Module):
    """An inception block, a dense block with its transition, and a flattening."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3)
        self.one, self.three = conv(6, 2, 1), nn.Sequential(conv(6, 3, 1), conv(3, 4))
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.projected = conv(6, 2, 1)
        self.grow = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1))
        self.mean = nn.AvgPool2d(2, stride=2, ceil_mode=True, count_include_pad=False)
        self.slope = nn.PReLU(12)
        self.fc = nn.Linear(12 * 4 * 3, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = torch.cat([self.one(x), self.three(x), self.projected(self.pool(x))], 1)
        x = torch.cat([x, self.grow(x)], 1)
        x = self.slope(self.mean(x))
        logits: Tensor = self.fc(x.reshape(x.size(0), -1))
        return logits


class Mixed(nn.Module):
    """A fire module and units of both ShuffleNets, with a classifier that is a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(3, 4, 1)
        self.expand1, self.expand3 = nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.grouped = nn.Conv2d(12, 12, 1, groups=3)
        self.branch = nn.Sequential(conv(6, 6, 1), nn.Conv2d(6, 6, 3, padding=1, groups=6))
        self.last = nn.Conv2d(12, 5, 1)

    def shuffled(self, x: Tensor, groups: int) -> Tensor:
        n, c, h, w = x.size()
        return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.squeeze(x))
        x = torch.cat([torch.relu(self.expand1(x)), torch.relu(self.expand3(x))], 1)
        x = self.shuffled(self.grouped(self.pool(x)), 3)
        one, two = x.chunk(2, dim=1)
        x = self.shuffled(torch.cat((one, self.branch(two)), dim=1), 2)
        x = nn.functional.adaptive_avg_pool2d(torch.relu(self.last(x)), (1, 1))
        return torch.flatten(x, 1)


class Classic(nn.Module):
    """What AlexNet and GoogLeNet do besides: local response norms, and channels scaled apart."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 6, 3), nn.LocalResponseNorm(5, alpha=2e-3, k=2.0)
        self.one, self.other = nn.Conv2d(6, 4, 1), nn.Conv2d(6, 4, 1)
        self.highest, self.fc = nn.AdaptiveMaxPool2d(1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        parts = [x[:, k].unsqueeze(1) * scale - 0.1 for k, scale in enumerate((0.5, 0.6, 0.7))]
        x = self.norm(torch.relu(self.stem(torch.cat(parts, 1))))
        x = (self.one(x) - self.other(x)).clamp(-40.0, 60.0)
        x = torch.cat([self.highest(x).flatten(1), (-x).clamp(min=0.5).sum((2, 3))], 1)
        logits: Tensor = self.fc(x)
        return logits


def drawn(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module with statistics and scales that are not those it starts with."""
    torch.manual_seed(seed)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.running_mean, part.bias):
                assert tensor is not None
                nn.init.normal_(tensor, std=0.3)
            for tensor in (part.running_var, part.weight):
                assert tensor is not None
                nn.init.uniform_(tensor, 0.5, 1.5)
    return module


def imported(module: nn.Module) -> Imported:
    """The module as a model, after its answers were compared."""
    example = torch.zeros(2, 3, 9, 8).to(memory_format=torch.channels_last)
    found = import_module(module, example)
    images = np.random.default_rng(1).integers(0, 256, (3, 9, 8, 3), np.uint8)
    pixels = torch.from_numpy(images.transpose(0, 3, 1, 2)).float()
    assert all(part.training for part in module.modules())  # it is left as it was
    with torch.no_grad():
        expected = module.eval()(pixels).numpy()
    answers = get_engine("reference").load(found.model.network).forward(images)
    assert apart(answers, expected) < 1e-5
    return found


def test_residual_depthwise_and_gated() -> None:
    graph = imported(drawn(Mobile())).model.network.graph
    names = [node.name for node in graph.nodes]
    assert names[:6] == ["stem_0", "stem_1", "stem_2", "depthwise", "norm", "swish"]
    kinds = [node.operation.kind for node in graph.nodes]
    assert kinds.count("batch_norm") == 3  # none is part of a convolution
    assert {"silu", "hard_swish", "relu6", "multiply", "add"} <= set(kinds)
    assert "gate_fc1" in names


def test_inception_and_dense() -> None:
    graph = imported(drawn(Branches())).model.network.graph
    assert [node.operation.kind for node in graph.nodes].count("concatenate") == 2
    assert graph["fc"].operation.kind == "dense"


def test_fire_and_shuffle() -> None:
    graph = imported(drawn(Mixed())).model.network.graph
    kinds = [node.operation.kind for node in graph.nodes]
    assert kinds.count("channel_shuffle") == 2
    assert kinds.count("channel_slice") == 2


def test_local_response_norm_and_channels_apart() -> None:
    graph = imported(drawn(Classic())).model.network.graph
    norm = graph["norm"].operation
    assert isinstance(norm, LocalResponseNorm)
    assert norm == LocalResponseNorm(size=5, alpha=norm.alpha, beta=0.75, k=2.0)
    assert norm.alpha == pytest.approx(2e-3 / 5)  # PyTorch's is that of the mean
    kinds = [node.operation.kind for node in graph.nodes]
    assert {"clip", "global_max_pool", "channel_slice"} <= set(kinds)
    assert "multiply" not in kinds


def test_as_a_classifier() -> None:
    layer = nn.ReLU()  # of which two calls are two layers
    module = nn.Sequential(nn.Conv2d(1, 2, 3), layer, nn.Conv2d(2, 2, 1), layer, nn.Flatten())
    module.append(nn.Linear(2 * 16, 2))
    found = pellucid.from_torch(
        module, torch.zeros(1, 1, 6, 6), classes=["cat", "dog"], mean=(0.5,), std=(0.25,), white=1
    )
    pixels = np.random.default_rng(2).integers(0, 256, (6, 6), np.uint8)
    with torch.no_grad():
        logits = module((torch.from_numpy(pixels)[None, None].float() / 255 - 0.5) / 0.25)[0]
    assert found.predict(pixels) == ("cat", "dog")[int(logits.argmax())]
    assert np.allclose(found.predict_proba(pixels), logits.softmax(0).numpy(), atol=1e-5)
    names = [node.name for node in found.model_.network.graph.nodes]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("module", "example", "said"),
    [
        (nn.Linear(6, 4), (2, 6), r"\(N, C, H, W\)"),
        (nn.Conv2d(3, 4, 9), (1, 3, 4, 4), "does not take the example.*[Kk]ernel size"),
        (nn.Sequential(nn.AdaptiveMaxPool2d(2)), (1, 3, 5, 4), "cannot export.*adaptive_max_pool"),
        (nn.Sequential(nn.Conv2d(3, 4, 1), nn.GELU()), (1, 3, 4, 4), r"'1 \(GELU\)"),
        (nn.AvgPool2d(2, divisor_override=3), (1, 3, 2, 2), "differ by"),  # which is not exported
        ("resnet50", (1, 3, 4, 4), "Module"),
    ],
)
def test_what_cannot_be_taken(
    module: Any, example: tuple[int, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PellucidError, match=said) as caught:
        import_module(module, torch.zeros(example))
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert capfd.readouterr() == ("", "")  # PyTorch logs pages of where it was
