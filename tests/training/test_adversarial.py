"""Adversarial training: the same steps as PyTorch's, from the same weights, noise and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.architectures.generator import DISCRIMINATOR, GENERATOR, adversaries
from pellucid.engines import get_engine
from pellucid.ops import BatchNorm, SigmoidCrossEntropy
from pellucid.optimizers import Adam
from pellucid.training import Recipe
from pellucid.training.adversarial import adversarial_steps, noise, train_adversarial
from pellucid.training.batches import batches
from pellucid.training.schedules import Constant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.training import Progress

RECIPE = Recipe(
    Adam(beta1=0.5), 2e-3, Constant(), SigmoidCrossEntropy(), epochs=2, batch_size=8, seed=5
)  # fmt: skip
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)
LATENT = 6


class Losses:
    """A watcher that notes the generator's mean loss so far."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def after_step(self, progress: Progress) -> None:
        self.found.append(progress.loss)

    def after_epoch(self, trained: Any, program: Any) -> None:
        pass


class Twin:
    """The same networks in PyTorch, channels first."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.w = {
            name: torch.tensor(array.astype(np.float64), requires_grad=True)
            for name, array in weights.items()
            if not name.endswith((".mean", ".variance"))
        }

    def optimizer(self, network: str) -> torch.optim.Optimizer:
        own = [weight for name, weight in self.w.items() if name.startswith(network)]
        return torch.optim.Adam(own, lr=RECIPE.learning_rate, betas=(0.5, 0.999), eps=1e-8)

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        scale, shift = self.w[f"{name}.gamma"], self.w[f"{name}.beta"]
        return functional.batch_norm(
            x, None, None, scale, shift, training=True, eps=BatchNorm().epsilon
        )

    def up(self, x: torch.Tensor, name: str, **how: int) -> torch.Tensor:
        kernel = self.w[f"{name}.kernel"].permute(2, 3, 0, 1).contiguous()
        return functional.conv_transpose2d(x, kernel, self.w.get(f"{name}.bias"), **how)

    def down(self, x: torch.Tensor, name: str, **how: int) -> torch.Tensor:
        kernel = self.w[f"{name}.kernel"].permute(3, 2, 0, 1).contiguous()
        return functional.conv2d(x, kernel, self.w.get(f"{name}.bias"), **how)

    def generate(self, z: np.ndarray) -> torch.Tensor:
        x = torch.tensor(z.astype(np.float64)).permute(0, 3, 1, 2)
        x = torch.relu(self.norm(self.up(x, "generator1"), "generator1-norm"))
        how = {"stride": 2, "padding": 1}
        x = torch.relu(self.norm(self.up(x, "generator2", **how), "generator2-norm"))
        return torch.tanh(self.up(x, "generator3", **how))

    def judge(self, x: torch.Tensor) -> torch.Tensor:
        how = {"stride": 2, "padding": 1}
        x = functional.leaky_relu(self.down(x, "discriminator1", **how), 0.2)
        x = self.norm(self.down(x, "discriminator2", **how), "discriminator2-norm")
        return self.down(functional.leaky_relu(x, 0.2), "discriminator3").flatten(1)


def torch_losses(weights: Mapping[str, Any]) -> tuple[list[float], dict[str, list[float]]]:
    """The generator's loss at each step, and what is measured of the discriminator."""
    twin, entropy = Twin(weights), functional.binary_cross_entropy_with_logits
    optimizers = {name: twin.optimizer(name) for name in (DISCRIMINATOR, GENERATOR)}
    losses: list[float] = []
    measured: dict[str, list[float]] = {"discriminator_loss": [], "real": [], "generated": []}
    step = 0
    for epoch in range(RECIPE.epochs):
        for chosen in batches(len(IMAGES), RECIPE.batch_size, seed=RECIPE.seed, epoch=epoch):
            n = len(chosen)
            pixels = torch.tensor(IMAGES[chosen].astype(np.float64)).permute(0, 3, 1, 2)
            z, other = (
                noise(n, LATENT, seed=RECIPE.seed, step=step, stream=each)
                for each in (DISCRIMINATOR, GENERATOR)
            )
            of_real = twin.judge(pixels / 127.5 - 1.0)
            of_generated = twin.judge(twin.generate(z).detach())
            loss = entropy(of_real, torch.full((n, 1), 0.9, dtype=torch.float64)) + entropy(
                of_generated, torch.zeros(n, 1, dtype=torch.float64)
            )
            optimizers[DISCRIMINATOR].zero_grad()
            torch.autograd.backward(loss)
            optimizers[DISCRIMINATOR].step()
            measured["discriminator_loss"].append(float(loss.detach()))
            measured["real"].append(float(torch.sigmoid(of_real.detach()).mean()))
            measured["generated"].append(float(torch.sigmoid(of_generated.detach()).mean()))
            loss = entropy(twin.judge(twin.generate(other)), torch.ones(n, 1, dtype=torch.float64))
            optimizers[GENERATOR].zero_grad()
            torch.autograd.backward(loss)
            optimizers[GENERATOR].step()
            losses.append(float(loss.detach()))
            step += 1
    return losses, measured


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_same_losses_as_in_pytorch(engine: str) -> None:
    networks = adversaries((8, 8, 1), latent=LATENT, width=4, seed=RECIPE.seed)
    expected, measured = torch_losses(networks.network.weights)
    program = get_engine(engine).load(networks.network, adversarial_steps(networks, RECIPE))
    noted = Losses()
    trained = train_adversarial(program, IMAGES, RECIPE, watchers=[noted])
    sizes = [
        len(each) for each in batches(len(IMAGES), RECIPE.batch_size, seed=RECIPE.seed, epoch=0)
    ]
    steps = len(sizes)
    for epoch, row in enumerate(trained.history):
        part = slice(epoch * steps, (epoch + 1) * steps)
        for n in range(1, steps + 1):
            mean = np.average(expected[part][:n], weights=sizes[:n])
            assert noted.found[part][n - 1] == pytest.approx(mean, rel=1e-3)
        assert row.loss == pytest.approx(np.average(expected[part], weights=sizes), rel=1e-3)
        for name, values in measured.items():
            mean = np.average(values[part], weights=sizes)
            assert row.training_measures[name] == pytest.approx(mean, rel=1e-3)
    assert trained.best_epoch == RECIPE.epochs
    assert abs(expected[-1] - expected[0]) > 0.01  # something was learned


def test_noise_is_that_of_its_place() -> None:
    found = noise(5, LATENT, seed=1, step=2, stream="a")
    assert found.shape == (5, 1, 1, LATENT)
    np.testing.assert_array_equal(noise(9, LATENT, seed=1, step=2, stream="a")[:5], found)
    for other in (
        noise(5, LATENT, seed=2, step=2, stream="a"),
        noise(5, LATENT, seed=1, step=3, stream="a"),
        noise(5, LATENT, seed=1, step=2, stream="b"),
    ):
        assert not np.isclose(other, found).any()
    many = noise(4000, LATENT, seed=1, stream="a")
    assert many.mean() == pytest.approx(0.0, abs=0.03)
    assert many.std() == pytest.approx(1.0, abs=0.03)
