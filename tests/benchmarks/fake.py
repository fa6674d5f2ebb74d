"""Contenders that play a part, to see what is made of them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from benchmarks.contenders import FILES, LEARNING_RATE, Contender
from benchmarks.contenders.own import Reference

if TYPE_CHECKING:
    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload
    from numpy.typing import NDArray

NOTES = "notes.jsonl"


class Fake(Contender):
    """Does nothing, and notes what it is asked for, in the folder for what contenders keep."""

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        threads_told = os.environ["OMP_NUM_THREADS"]
        self._note([workload.name, training, threads, threads_told, weights is None])

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        self._note(["train", list(images.shape), str(images.dtype), list(labels.shape)])
        return 0.0

    def forward(self, images: Images) -> NDArray[np.float32]:
        self._note(["forward", list(images.shape), str(images.dtype)])
        return np.zeros((len(images), 10), np.float32)

    def _note(self, what: object) -> None:
        with (Path(os.environ[FILES]) / NOTES).open("a") as file:
            file.write(json.dumps([os.getpid(), what]) + "\n")


class Other(Fake):
    """Another that does the same."""


class Broken(Fake):
    """Ends in the middle of the first run."""

    def forward(self, images: Images) -> NDArray[np.float32]:
        sys.exit(3)


class WrongGradient(Reference):
    """Learns a tenth too fast, which no logit of the first step shows."""

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        return self.program.train_step(images, labels, 1.1 * LEARNING_RATE).loss
