"""What every twin is: modules with the package's names, and losses of a batch, in PyTorch."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Weights = Mapping[str, NDArray[Any]]

MEAN, STD = 127.5, 64.0
"""What pixels are normalised with."""


class Twin(nn.Module):
    """A task's network.

    Attributes:
        layout: In which pictures and feature maps lie.
    """

    layout: torch.memory_format = torch.contiguous_format

    @abstractmethod
    def layers(self) -> dict[str, nn.Module]:
        """The module of each of the package's layers that has weights."""

    @abstractmethod
    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What is minimised, the sum of it: by the names of the outputs of the package's step.

        Args:
            step: Which step.
            feeds: What it is given, by the names of the package's inputs; pictures (N, H, W, C).
        """

    def trains(self, step: str) -> list[nn.Parameter]:
        """What a step changes."""
        return list(self.parameters())

    def channels_before(self) -> dict[str, int]:
        """The feature maps that are flattened before dense layers, by those layers' names."""
        return {}

    def picture(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, H, W, C) as floats, normalised: (N, C, H, W) in the network's layout."""
        return self.maps(pixels).sub_(MEAN).div_(STD)

    def maps(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, H, W, C) as floats (N, C, H, W) in the network's layout, a copy of them."""
        dtype = next(self.parameters()).dtype
        return pixels.permute(0, 3, 1, 2).to(dtype, memory_format=self.layout, copy=True)

    # ------------------------------------------------------------------------------------ weights

    @torch.no_grad()
    def copy_weights(self, weights: Weights) -> None:
        """Take over the package's weights."""
        for name, parameter in self._named():
            parameter.copy_(self._theirs(name, torch.from_numpy(weights[name])))

    def gradients(self) -> dict[str, NDArray[Any]]:
        """∂loss/∂weight by the package's names, in its layouts, of all that have one."""
        return {
            name: self._ours(name, parameter.grad).numpy().copy()
            for name, parameter in self._named()
            if parameter.grad is not None
        }

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Parameters and running statistics by the package's names."""
        for layer, module in self.layers().items():
            for theirs, ours in _names(module).items():
                value = getattr(module, theirs)
                if value is not None:
                    yield f"{layer}.{ours}", value

    def _theirs(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """A weight of the package as PyTorch's module has it."""
        module, channels = self._of(name)
        if isinstance(module, nn.Embedding):
            return value
        if isinstance(module, nn.Conv2d):
            return value.permute(3, 2, 0, 1) if value.ndim == 4 else value
        if isinstance(module, nn.ConvTranspose2d):
            return value.permute(2, 3, 0, 1) if value.ndim == 4 else value
        if channels and value.ndim == 2:  # positions × channels there, channels × positions here
            value = value.reshape(-1, channels, value.shape[1]).transpose(0, 1).flatten(0, 1)
        return value.T if value.ndim == 2 else value

    def _ours(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """The reverse of :meth:`_theirs`."""
        module, channels = self._of(name)
        if isinstance(module, nn.Embedding):
            return value
        if isinstance(module, nn.Conv2d):
            return value.permute(2, 3, 1, 0) if value.ndim == 4 else value
        if isinstance(module, nn.ConvTranspose2d):
            return value.permute(2, 3, 0, 1) if value.ndim == 4 else value
        value = value.T if value.ndim == 2 else value
        if channels and value.ndim == 2:
            value = value.reshape(channels, -1, value.shape[1]).transpose(0, 1).flatten(0, 1)
        return value

    def _of(self, name: str) -> tuple[nn.Module, int]:
        layer = name.rpartition(".")[0]
        return self.layers()[layer], self.channels_before().get(layer, 0)


def _names(module: nn.Module) -> dict[str, str]:
    if isinstance(module, nn.BatchNorm2d):
        return {
            "weight": "gamma", "bias": "beta",
            "running_mean": "mean", "running_var": "variance",
        }  # fmt: skip
    if isinstance(module, nn.GRU):
        return {
            "weight_ih_l0": "kernel", "bias_ih_l0": "bias",
            "weight_hh_l0": "recurrent_kernel", "bias_hh_l0": "recurrent_bias",
        }  # fmt: skip
    if isinstance(module, nn.Embedding):
        return {"weight": "table"}
    return {"weight": "kernel", "bias": "bias"}
