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
import time
from dataclasses import replace
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
from pellucid.training.checkpoint import (
    Checkpoint,
    Moment,
    Tally,
    check_start,
    optimizers_of,
    restore,
)
from pellucid.training.ema import MovingAverage
from pellucid.training.history import Epoch
from pellucid.training.recovery import Recovery
from pellucid.training.result import Keeper, Progress, TrainingResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.architectures.generator import Adversaries
    from pellucid.engines import Program
    from pellucid.ops.operation import Array
    from pellucid.training.recipe import Recipe
    from pellucid.training.result import Watcher

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


def noise(count: int, latent: int, *, seed: int, step: int = 0, stream: str) -> Array:
    """What pictures are made of: normal numbers, float32 (count, 1, 1, latent).

    The first pictures are the same whatever the count.

    Args:
        count: How many pictures.
        latent: Z.
        seed: 0 to 2³² − 1.
        step: Of the training.
        stream: What it is drawn for; each has numbers of its own.
    """
    words = random_words((count, 1, 1, latent), seed, step, stream_of(stream), PURPOSE)
    return normal(words).astype(np.float32)


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
    run = _Run(program, images, recipe, watchers, start)
    while len(run.trained.history) < recipe.epochs:
        run.learn_epoch()
        run.close_epoch()
    return run.trained


class _Run:
    """A training in progress."""

    def __init__(
        self,
        program: Program,
        images: NDArray[np.uint8],
        recipe: Recipe,
        watchers: Sequence[Watcher],
        start: Checkpoint | None,
    ) -> None:
        self._program, self._images, self._recipe = program, images, recipe
        self._watchers = watchers
        self._keepers = [watcher for watcher in watchers if isinstance(watcher, Keeper)]
        self._steps = batches_per_epoch(len(images), recipe.batch_size)
        (_, _, self._latent) = program.graph.input_shape
        self._began = 0.0
        if start is None:
            self.trained, self._tally = TrainingResult(), Tally()
            self._average = MovingAverage(recipe.ema, program.weights()) if recipe.ema else None
        else:
            check_start(start, recipe, self._steps, len(images))
            self.trained, self._tally = start.trained, replace(start.now.tally)
            restore(program, start.now)
            self._average = MovingAverage(recipe.ema, start.now.weights) if recipe.ema else None
            if self._average is not None and start.now.average is not None:
                self._average.restore(start.now.average, start.now.counters)

    def learn_epoch(self) -> None:
        """All steps of the epoch that are not done."""
        tally = self._tally
        self._began = time.perf_counter() - tally.seconds
        shuffled = order(len(self._images), seed=self._recipe.seed, epoch=tally.epoch - 1)
        while tally.batch < self._steps:
            for keeper in self._keepers:
                if keeper.due():
                    self._keep(keeper)
            places = batch_places(len(self._images), self._recipe.batch_size, tally.batch)
            self._learn(self._images[shuffled[places]])

    def _learn(self, real: NDArray[np.uint8]) -> None:
        """A step of each network."""
        tally, recipe, count = self._tally, self._recipe, len(real)
        rate = recipe.learning_rate * recipe.factor(tally.epoch, tally.batch, self._steps)
        ones = np.ones((count, 1), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
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
        self._take_in()
        tally.batch += 1
        tally.images += count
        tally.loss_sum += loss * count
        tally.rate = rate
        found = {
            "discriminator_loss": other,
            "real": float(sigmoid(judged[OF_REAL].astype(np.float64)).mean()),
            "generated": float(sigmoid(judged[OF_GENERATED].astype(np.float64)).mean()),
        }
        tally.sums = {n: tally.sums.get(n, 0.0) + count * value for n, value in found.items()}
        tally.seconds = max(time.perf_counter() - self._began, 1e-9)
        progress = self._progress()
        for watcher in self._watchers:
            watcher.after_step(progress)

    def _take_in(self, *, now: bool = False) -> None:
        """Count a step, and move the average as often as that is due; or move it now."""
        average = self._average
        if average is None:
            return
        if not now:
            average.count()
        if now or average.due:
            average.take_in(self._program.weights())

    def _noise(self, count: int, step: str) -> Array:
        tally = self._tally
        number = (tally.epoch - 1) * self._steps + tally.batch
        return noise(count, self._latent, seed=self._recipe.seed, step=number, stream=step)

    def _progress(self) -> Progress:
        tally = self._tally
        mean = tally.loss_sum / tally.images
        speed = tally.images / tally.seconds
        return Progress(tally.epoch, tally.images, len(self._images), mean, None, speed)

    def close_epoch(self) -> None:
        """Report what the epoch brought."""
        tally, progress = self._tally, self._progress()
        row = Epoch(
            epoch=tally.epoch,
            loss=progress.loss,
            accuracy=None,
            validation_loss=None,
            validation_accuracy=None,
            learning_rate=tally.rate,
            images_per_second=progress.images_per_second,
            seconds=time.perf_counter() - self._began,
            training_measures={name: total / tally.images for name, total in tally.sums.items()},
        )
        self._take_in(now=True)
        raw, average = self._program.weights(), self._average
        shown = raw if average is None else average.weights()
        self.trained.add(row, shown)
        self._tally = Tally(epoch=tally.epoch + 1)
        for watcher in self._watchers:
            self._program.set_weights(shown)
            watcher.after_epoch(self.trained, self._program)
            self._program.set_weights(raw)
            if isinstance(watcher, Keeper):
                watcher.keep(self._checkpoint())

    def _checkpoint(self) -> Checkpoint:
        program, average = self._program, self._average
        now = Moment(
            replace(self._tally),
            program.weights(),
            optimizers_of(program),
            None if average is None else average.weights(),
            () if average is None else average.counters(),
        )
        return Checkpoint(now, now, Recovery(), self.trained)

    def _keep(self, keeper: Keeper) -> None:
        checkpoint = self._checkpoint()
        keeper.keep(checkpoint)
        if keeper.stopping():
            keeper.stop(checkpoint)
