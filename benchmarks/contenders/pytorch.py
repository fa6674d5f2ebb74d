"""PyTorch as its users write it: modules, autograd, its own SGD; in both layouts, and compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import torch
from torch import nn
from torch.nn import functional

from benchmarks.contenders import LEARNING_RATE, MEAN, STD, Contender
from benchmarks.outlines import LITE0

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload


class Block(nn.Module):
    """ResNet's basic block."""

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_conv_norm(before, channels, stride), nn.ReLU(), *_conv_norm(channels, channels)
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or before != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Body plus shortcut."""
        return functional.relu(self.body(x) + self.shortcut(x))


def _conv_norm(before: int, channels: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(channels),
    ]


class Inverted(nn.Sequential):
    """MobileNetV2's block where input and output are alike."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Body plus input."""
        body = x
        for layer in self:
            body = layer(body)
        return x + body


def _conv_norm_relu6(
    before: int, channels: int, size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(before, channels, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels, eps=1e-3),
        nn.ReLU6(),
    ]


def _lite0(channels: int, classes: int) -> nn.Module:
    layers = _conv_norm_relu6(channels, 32, 3, 2)
    before = 32
    for stage in LITE0:
        for number in range(stage.blocks):
            stride, wide = stage.stride if number == 0 else 1, before * stage.widening
            block = _conv_norm_relu6(before, wide, 1) if stage.widening > 1 else []
            block += _conv_norm_relu6(wide, wide, stage.size, stride, wide)
            block += _conv_norm_relu6(wide, stage.maps, 1)[:-1]
            same = stride == 1 and before == stage.maps
            layers += [Inverted(*block)] if same else block
            before = stage.maps
    layers += _conv_norm_relu6(before, 1280, 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, classes))


def build(name: str, channels: int, classes: int) -> nn.Module:
    """The workload's network, without the normalisation of pixels."""
    if name == "lenet5":
        return nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, classes),
        )  # fmt: skip
    if name in ("lecture28", "lecture64"):
        features = 64 * (7 if name == "lecture28" else 16) ** 2
        return nn.Sequential(
            nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(features, 128), nn.ReLU(), nn.Linear(128, classes),
        )  # fmt: skip
    if name == "efficientnet-lite0":
        return _lite0(channels, classes)
    layers: list[nn.Module] = []
    before = channels
    if name == "vggsmall":
        for after in (32, 64, 128):
            layers += [*_conv_norm(before, after), nn.ReLU(), *_conv_norm(after, after), nn.ReLU()]
            layers.append(nn.MaxPool2d(2))
            before = after
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, classes))
    if name == "photo128":
        for after in (32, 64, 128, 256):
            layers += [*_conv_norm(before, after), nn.ReLU(), nn.MaxPool2d(2)]
            before = after
    elif name == "resnet20":
        layers += [*_conv_norm(channels, 16), nn.ReLU()]
        before = 16
        for after in (16, 32, 64):
            for block in range(3):
                layers.append(Block(before, after, 2 if after > 16 and block == 0 else 1))
                before = after
    else:
        raise ValueError(f"no workload {name!r}")
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


@torch.no_grad()
def copy_weights(model: nn.Module, weights: Weights) -> None:
    """Give the modules, in their order, the package's weights, which have the same order."""
    layers = [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.BatchNorm2d)]
    names = list(dict.fromkeys(name.partition(".")[0] for name in weights))
    channels = 0
    for layer, name in zip(layers, names, strict=True):
        own = {
            key.partition(".")[2]: torch.from_numpy(value)
            for key, value in weights.items()
            if key.startswith(f"{name}.")
        }
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.weight.copy_(own["gamma"])
            layer.bias.copy_(own["beta"])
            layer.running_mean.copy_(own["mean"])
            layer.running_var.copy_(own["variance"])
            continue
        if isinstance(layer, nn.Conv2d):
            layer.weight.copy_(own["kernel"].permute(3, 2, 0, 1))
            channels = layer.out_channels
        else:
            # Behind feature maps, positions × channels there are channels × positions here.
            maps = own["kernel"].reshape(-1, channels, layer.out_features)
            layer.weight.copy_(maps.permute(2, 1, 0).reshape(layer.out_features, -1))
            channels = layer.out_features
        if layer.bias is not None:
            layer.bias.copy_(own["bias"])


class PyTorch(Contender):
    """PyTorch in one memory layout."""

    layout: ClassVar[torch.memory_format]
    model: nn.Module
    optimizer: torch.optim.Optimizer

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Build the modules."""
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        torch.manual_seed(0)
        channels = workload.input_shape[2]
        model = build(workload.name, channels, workload.classes)
        if weights is not None:
            copy_weights(model, weights)
        self.model = model.to(memory_format=self.layout)  # type: ignore[call-overload]
        self.model.train(training)
        self.optimizer = torch.optim.SGD(self.model.parameters(), LEARNING_RATE, momentum=0.9)

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step."""
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.model(self._input(images)), torch.from_numpy(labels))
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        with torch.inference_mode():
            logits = self.model(self._input(images))
        return cast("NDArray[np.float32]", logits.numpy())

    def _input(self, images: Images) -> torch.Tensor:
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
        return pixels.to(torch.float32, memory_format=self.layout).sub_(MEAN).div_(STD)


class ChannelsFirst(PyTorch):
    """PyTorch's default layout, NCHW."""

    layout: ClassVar[torch.memory_format] = torch.contiguous_format


class ChannelsLast(PyTorch):
    """Channels innermost, NHWC."""

    layout: ClassVar[torch.memory_format] = torch.channels_last


class Compiled(ChannelsLast):
    """Channels innermost, and the modules compiled by TorchInductor."""

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Build the modules; they are compiled when they are first called."""
        super().prepare(workload, training=training, threads=threads, weights=weights)
        self.model = cast("nn.Module", torch.compile(self.model))
