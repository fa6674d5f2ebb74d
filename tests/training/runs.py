"""Small trainings that are broken off, taken up again, and compared bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data import Dataset, Preprocessing
from pellucid.data.augment import Augmentation
from pellucid.engines import get_engine
from pellucid.files import Model, load_state
from pellucid.graph import Network, initial_weights
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Normalise,
    ReLU,
    Sequential,
)
from pellucid.training import make_recipe, train
from pellucid.training.provenance import provenance
from pellucid.training.run_folder import RunFolder
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.training import Progress, Recipe, TrainingResult, Watcher

CLASSES = ("a", "b", "c")
SIDE = 6


def layers(*, norm: bool = True) -> Sequential:
    """A small network with everything that chance and running statistics are part of."""
    norms = [BatchNorm()] if norm else []
    return Sequential(
        [
            Normalise([128.0], [64.0]), Conv2D(4, 3), *norms, ReLU(), MaxPool(2), Dropout(0.3),
            Flatten(), Dense(3),
        ]
    )  # fmt: skip


GRAPH = layers().graph((SIDE, SIDE, 1))

TIMES = ("images_per_second", "seconds", "waited")


class Died(BaseException):
    """What ends a training in a test as a kill would: nobody catches it."""


@dataclass
class Death:
    """A watcher that ends training after some steps."""

    steps: int

    def after_step(self, progress: Progress) -> None:
        self.steps -= 1
        if self.steps == 0:
            raise Died

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        pass


@dataclass(frozen=True)
class Job:
    """What is trained, and how."""

    engine: str = "reference"
    settings: dict[str, Any] = field(default_factory=dict)
    pictures: int = 22

    @property
    def recipe(self) -> Recipe:
        default = {"epochs": 3, "batch_size": 8, "seed": 7, "learning_rate": 0.05}
        return make_recipe(**{**default, **self.settings})

    def data(self, seed: int = 0) -> Dataset:
        random = np.random.default_rng([seed, self.pictures])
        images = random.integers(0, 256, (self.pictures, SIDE, SIDE, 1), np.uint8)
        return Dataset(images, random.integers(0, 3, self.pictures), CLASSES, name=f"made-{seed}")

    def model(self) -> Model:
        origin = provenance("made", self.recipe, self.data(), self.data(1), self.engine)
        network = Network(GRAPH, initial_weights(GRAPH, self.recipe.seed))
        return Model(network, CLASSES, Preprocessing(SIDE, SIDE, 1), origin)

    def loaded(self, program: Program) -> Program:
        """The program that learns."""
        return program

    def run(
        self,
        path: Path,
        *watchers: Watcher,
        overwrite: bool = False,
        resume: bool = False,
        minutes: float = 5.0,
    ) -> TrainingResult:
        """Train in a folder; whatever ends it, the folder is let go as by the end of a process."""
        recipe, model = self.recipe, self.model()
        learning = Learning(recipe.loss, recipe.optimizer, recipe.seed)
        program = self.loaded(
            get_engine(self.engine).load(model.network, step_of(model.network, learning))
        )
        folder = RunFolder(path, model, overwrite=overwrite, resume=resume, minutes=minutes)
        try:
            return train(
                program, self.data(), recipe, validation=self.data(1),
                watchers=[folder, *watchers], start=folder.start,
            )  # fmt: skip
        finally:
            folder.close()


def outcome(path: Path) -> dict[str, Any]:
    """Everything that a finished run left, but for times: equal for equal runs."""
    arrays, values = load_state(path / "last.safetensors")
    history: Any = values.pop("history")
    rows = (path / "history.csv").read_text().splitlines()
    return {
        "arrays": {name: (a.dtype.str, a.shape, a.tobytes()) for name, a in arrays.items()},
        "values": values,
        "history": [{k: v for k, v in row.items() if k not in TIMES} for row in history],
        "rows": len(rows),
        "model": (path / "model.safetensors").read_bytes(),
        "config": (path / "config.json").read_bytes(),
        "files": sorted(file.name for file in path.iterdir()),
    }


MIXED = Augmentation(shift=0.2, rotation=10.0, mixup=0.3)
JOBS = {
    "native, momentum": Job("native", {"augmentation": MIXED}),
    "native, AdamW, averaged": Job(
        "native", {"optimizer": "adamw", "learning_rate": 0.003, "weight_decay": 0.01, "ema": 0.99}
    ),
    "native, batches beyond the first room": Job("native", {"batch_size": 70}, pictures=150),
    "reference, averaged, clipped rate": Job(
        "reference", {"ema": 0.9, "schedule": "cosine", "label_smoothing": 0.1}
    ),
    "torch, Adam": Job("torch", {"optimizer": "adam", "learning_rate": 0.003}),
}
