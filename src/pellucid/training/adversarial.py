"""Adversarial training: a step of the discriminator and one of the generator for each batch.

Goodfellow et al. 2014, *Generative adversarial nets*: the discriminator D learns to tell real
pictures x from generated ones G(z), the generator G to make pictures that D takes for real. With
D(·) the sigmoid of the discriminator's logit, the steps descend

    discriminator: −log D(x) − log(1 − D(G(z)))
    generator:     −log D(G(z))

the latter being the non-saturating loss (section 3), whose gradient does not vanish while D is
still sure. Real pictures are wanted to be real with probability 0.9 alone (Salimans et al. 2016,
*Improved techniques for training GANs*, section 3.4), so that D does not become too sure.

Both norms use the statistics of their batch; the discriminator's batches of real and of generated
pictures are apart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.generator import (
    DISCRIMINATOR,
    GENERATOR,
    NOISE,
    OF_GENERATED,
    OF_REAL,
    REAL,
)
from pellucid.counter_random import NOISE as PURPOSE
from pellucid.counter_random import normal, random_words, stream_of
from pellucid.engines.step import Step, with_loss
from pellucid.errors import TrainingDivergedError
from pellucid.ops.sigmoid import sigmoid
from pellucid.training.batches import batch_places, batches_per_epoch, order
from pellucid.training.epochs import Epochs, diverging_quietly
from pellucid.training.result import Keeper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.architectures.generator import Adversaries
    from pellucid.engines import Program
    from pellucid.ops.operation import Array
    from pellucid.training.checkpoint import Checkpoint
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import TrainingResult, Watcher

WANTED_REAL, WANTED_GENERATED = "wanted-of-real", "wanted-of-generated"
"""Inputs of the steps: the wanted probabilities that pictures are real, (N, 1)."""

LOSS_OF_REAL, LOSS_OF_GENERATED = "loss-of-real", "loss-of-generated"

SAMPLES = "samples"
"""What the noise of pictures that users ask for is drawn for."""

REAL_PROBABILITY = 0.9
"""What the discriminator is to answer of real pictures."""


def adversarial_steps(networks: Adversaries, recipe: Recipe) -> dict[str, Step]:
    """The steps of both networks, by the networks' names.

    Args:
        networks: Both.
        recipe: Loss, optimizer and seed, which both steps have.
    """
    loss, optimizer = recipe.loss, recipe.optimizer
    both = with_loss(networks.whole, loss, name=LOSS_OF_REAL, targets=WANTED_REAL, of=OF_REAL)
    both = with_loss(both, loss, name=LOSS_OF_GENERATED, targets=WANTED_GENERATED, of=OF_GENERATED)
    judged = with_loss(
        networks.judged, loss, name=LOSS_OF_GENERATED, targets=WANTED_GENERATED, of=OF_GENERATED
    )
    return {
        DISCRIMINATOR: Step(
            both, optimizer, {LOSS_OF_REAL: 1.0, LOSS_OF_GENERATED: 1.0},
            trains=(f"{DISCRIMINATOR}*",), seed=recipe.seed,
        ),
        GENERATOR: Step(
            judged, optimizer, LOSS_OF_GENERATED, trains=(f"{GENERATOR}*",), seed=recipe.seed
        ),
    }  # fmt: skip


def noise(
    count: int, latent: int, *, seed: int, step: int = 0, stream: str, first: int = 0
) -> Array:
    """What pictures are made of: normal numbers, float32 (count, 1, 1, latent).

    The first pictures are the same whatever the count.

    Args:
        count: How many pictures.
        latent: Z.
        seed: 0 to 2³² − 1.
        step: Of the training.
        stream: What it is drawn for; each has numbers of its own.
        first: The number of the first picture; those before it are not drawn.
    """
    begin = first * latent
    paired = begin % 2  # normal numbers come in pairs
    shape = (paired + count * latent,)
    words = random_words(shape, seed, step, stream_of(stream), PURPOSE, first=begin - paired)
    return normal(words)[paired:].reshape(count, 1, 1, latent).astype(np.float32)


def train_adversarial(
    program: Program,
    images: NDArray[np.uint8],
    recipe: Recipe,
    *,
    watchers: Sequence[Watcher] = (),
    start: Checkpoint | None = None,
) -> TrainingResult:
    """Train a generator against a discriminator.

    Args:
        program: Loaded with :func:`adversarial_steps`; its weights change.
        images: The real pictures, uint8 (N, H, W, C).
        recipe: Learning rate, schedule, epochs, batch size and seed.
        watchers: As :func:`pellucid.training.train` takes them.
        start: Where to go on; at the beginning, if there is none.

    Returns:
        A row an epoch, whose loss is the generator's, and the last weights, or their moving
        average if the recipe has one: there is nothing to rank epochs by.

    Raises:
        TrainingDivergedError: If a loss is no longer finite.
        FileFormatError: If the start is not of such a training.
        ShapeError: If its weights are others.
    """
    return _Adversaries(program, images, recipe, watchers, start).run()


class _Adversaries(Epochs):
    """A training of both networks in progress."""

    def __init__(
        self,
        program: Program,
        images: NDArray[np.uint8],
        recipe: Recipe,
        watchers: Sequence[Watcher],
        start: Checkpoint | None,
    ) -> None:
        self._images = images
        (_, _, self._latent) = program.graph.input_shape
        steps = batches_per_epoch(len(images), recipe.batch_size)
        super().__init__(program, recipe, watchers, start, steps=steps, examples=len(images))

    def _learn_epoch(self) -> None:
        self._order = order(len(self._images), seed=self._recipe.seed, epoch=self._tally.epoch - 1)
        super()._learn_epoch()

    def _step(self) -> None:
        """A step of each network."""
        tally, recipe, rate = self._tally, self._recipe, self._rate()
        places = batch_places(len(self._images), recipe.batch_size, tally.batch)
        real = self._images[self._order[places]]
        count = len(real)
        ones = np.ones((count, 1), np.float32)
        with diverging_quietly():
            judged = self._program.step(
                {
                    REAL: real.astype(np.float32),
                    NOISE: self._noise(count, DISCRIMINATOR),
                    WANTED_REAL: np.float32(REAL_PROBABILITY) * ones,
                    WANTED_GENERATED: 0.0 * ones,
                },
                rate, DISCRIMINATOR,
            )  # fmt: skip
            made = self._program.step(
                {NOISE: self._noise(count, GENERATOR), WANTED_GENERATED: ones}, rate, GENERATOR
            )
        loss = float(made[LOSS_OF_GENERATED])
        other = float(judged[LOSS_OF_REAL]) + float(judged[LOSS_OF_GENERATED])
        if not (math.isfinite(loss) and math.isfinite(other)):
            raise TrainingDivergedError(
                f"training diverged: a loss is not finite at step {tally.batch + 1} of "
                f"{self._steps} in epoch {tally.epoch} (generator {loss:.4g}, discriminator "
                f"{other:.4g}); lower the learning rate, which is {recipe.learning_rate:g}"
            )
        found = {
            "discriminator_loss": other,
            "real": float(sigmoid(judged[OF_REAL].astype(np.float64)).mean()),
            "generated": float(sigmoid(judged[OF_GENERATED].astype(np.float64)).mean()),
        }
        tally.sums = {n: tally.sums.get(n, 0.0) + count * value for n, value in found.items()}
        self._count(count, loss, rate)
        self._report_step()

    def _noise(self, count: int, step: str) -> Array:
        tally = self._tally
        number = (tally.epoch - 1) * self._steps + tally.batch
        return noise(count, self._latent, seed=self._recipe.seed, step=number, stream=step)

    def _close_epoch(self) -> None:
        tally, raw = self._tally, self._program.weights()
        self._take_in(raw)
        shown = self._averaged(raw)
        means = {name: total / tally.images for name, total in tally.sums.items()}
        self._add_row(shown, training_measures=means)
        for watcher in self._watchers:
            self._program.set_weights(shown)
            watcher.after_epoch(self.trained, self._program)
            self._program.set_weights(raw)
            if isinstance(watcher, Keeper):
                watcher.keep(self._checkpoint())
