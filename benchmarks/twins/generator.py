"""DCGAN in PyTorch: a step of the discriminator, and one of the generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping


class Adversaries(Twin):
    """Both networks, for pictures whose sides are halved as often as the package does."""

    def __init__(self, *, size: tuple[int, int], channels: int, latent: int, width: int) -> None:
        super().__init__()
        (height, wide), halvings = size, 2
        height, wide = height // 4, wide // 4
        while not (height % 2 or wide % 2) and min(height, wide) >= 8:
            height, wide, halvings = height // 2, wide // 2, halvings + 1
        before, layers = latent, []
        for number in range(halvings):
            after = width * 2 ** (halvings - number)
            layers += [
                nn.ConvTranspose2d(before, after, (height, wide), bias=False)
                if number == 0
                else nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before = after
        layers += [nn.ConvTranspose2d(before, channels, 4, stride=2, padding=1), nn.Tanh()]
        self.generator = nn.Sequential(*layers)
        before, layers = channels, []
        for number in range(halvings):
            after = width * 2**number
            layers.append(nn.Conv2d(before, after, 4, stride=2, padding=1, bias=number == 0))
            if number:
                layers.append(nn.BatchNorm2d(after))
            layers.append(nn.LeakyReLU(0.2))
            before = after
        while min(height, wide) > 4:
            height, wide, after = (height + 1) // 2, (wide + 1) // 2, 2 * before
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.LeakyReLU(0.2),
            ]
            before = after
        layers.append(nn.Conv2d(before, 1, (height, wide)))
        self.discriminator = nn.Sequential(*layers)

    def layers(self) -> dict[str, nn.Module]:
        found: dict[str, nn.Module] = {}
        for name, network in (
            ("generator", self.generator),
            ("discriminator", self.discriminator),
        ):
            number = 0
            for module in network:
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                    number += 1
                    found[f"{name}{number}"] = module
                elif isinstance(module, nn.BatchNorm2d):
                    found[f"{name}{number}-norm"] = module
        return found

    def trains(self, step: str) -> list[nn.Parameter]:
        return list(getattr(self, step).parameters())

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        with torch.set_grad_enabled(step == "generator"):
            made = self.generator(self.maps(feeds["noise"]))
        found = {"loss-of-generated": self._loss(made, feeds["wanted-of-generated"])}
        if step == "discriminator":
            real = self.maps(feeds["real"]).sub_(127.5).div_(127.5)
            found["loss-of-real"] = self._loss(real, feeds["wanted-of-real"])
        return found

    def _loss(self, pictures: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        logits = self.discriminator(pictures).flatten(1)
        return functional.binary_cross_entropy_with_logits(logits, wanted.to(logits.dtype))
