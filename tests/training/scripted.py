"""A program that follows a script, so that what others make of it can be checked by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data import Dataset
from pellucid.engines import Program, StepResult
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training import Epoch, Progress, Recipe, TrainingResult, make_recipe
from pellucid.training.schedules import Constant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pellucid.engines import Gradients, Step
    from pellucid.graph import Graph, Weights
    from pellucid.ops.operation import Array

GRAPH = Sequential([Flatten(), Dense(3)]).graph((2, 2, 1))


def dataset(count: int, seed: int = 0) -> Dataset:
    """Random 2×2 pictures of 3 classes, each another."""
    random = np.random.default_rng([seed, count])
    images = random.integers(0, 256, (count, 2, 2, 1), np.uint8)
    return Dataset(images, random.integers(0, 3, count), ("a", "b", "c"), name="made")


@dataclass(eq=False)
class Scripted(Program):
    """Answers each step with the next of ``losses``, then again the last; keeps what it was given.

    Its weights are the number of steps it took since those that were set; NaN, once it took
    ``break_after`` in all.
    """

    losses: Sequence[float]
    correct: int = 0
    logits: Array = field(default_factory=lambda: np.zeros(3))
    break_after: int | None = None
    graph: Graph = GRAPH
    taken: list[tuple[Array, Array, float]] = field(default_factory=list)
    steps: Mapping[str, Step] = field(default_factory=dict)
    count: int = 0

    def train_step(
        self, images: Array, labels: Array, learning_rate: float, name: str = "train"
    ) -> StepResult:
        self.taken.append((images, labels, learning_rate))
        self.count += 1
        loss = self.losses[min(len(self.taken), len(self.losses)) - 1]
        wrong = np.arange(len(labels)) >= self.correct
        return StepResult(loss, np.eye(3)[(labels + wrong) % 3])

    def forward(self, images: Array) -> Array:
        return np.broadcast_to(self.logits, (len(images), 3)).astype(np.float32)

    def weights(self) -> Weights:
        broken = self.break_after is not None and len(self.taken) >= self.break_after
        value = np.nan if broken else float(self.count)
        return {
            "dense1.kernel": np.full((4, 3), value, np.float32),
            "dense1.bias": np.zeros(3, np.float32),
        }

    def state(self, name: str = "train") -> dict[str, Array]:
        return {"step": np.array(self.count)}

    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        raise NotImplementedError

    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        raise NotImplementedError

    def step(
        self, feeds: Mapping[str, Array], rate: float, name: str = "train"
    ) -> dict[str, Array]:
        raise NotImplementedError

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        self.count = int(weights["dense1.kernel"][0, 0])

    def set_state(self, state: Mapping[str, Array], name: str = "train") -> None:
        assert self.count == int(state["step"])


def epoch(number: int, accuracy: float | None = None, loss: float | None = None) -> Epoch:
    """A row of history with the validation's outcome."""
    return Epoch(
        epoch=number,
        loss=1.0 / number,
        accuracy=0.5,
        validation_loss=loss,
        validation_accuracy=accuracy,
        learning_rate=0.1,
        images_per_second=1234.5,
        seconds=0.25,
    )


@dataclass
class Notes:
    """A watcher that writes down its notifications, in order."""

    heard: list[Progress | tuple[int, int]] = field(default_factory=list)

    def after_step(self, progress: Progress) -> None:
        self.heard.append(progress)

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        self.heard.append((len(trained.history), trained.best_epoch))

    @property
    def steps(self) -> list[Progress]:
        return [note for note in self.heard if isinstance(note, Progress)]


def recipe(epochs: int = 1, batch_size: int = 4, learning_rate: float = 0.5) -> Recipe:
    optimizer = make_recipe().optimizer
    return Recipe(optimizer, learning_rate, Constant(), epochs=epochs, batch_size=batch_size)
