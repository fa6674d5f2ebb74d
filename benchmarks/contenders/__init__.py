"""Who is measured, each in a process of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.workloads import Workload

LEARNING_RATE = 0.001


class Contender(ABC):
    """A framework in one of its modes, with one workload loaded.

    Pictures are (N, H, W, C) uint8; turning them into what the framework wants is part of what is
    measured, as it is part of training.
    """

    @abstractmethod
    def prepare(self, workload: Workload, *, training: bool, threads: int) -> None:
        """Build the network; SGD with momentum 0.9 and cross-entropy where it trains."""

    @abstractmethod
    def train_step(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        """One step; its loss."""

    @abstractmethod
    def forward(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The logits."""


CONTENDERS = {
    "native": "benchmarks.contenders.own:Native",
    "reference": "benchmarks.contenders.own:Reference",
    "torch-engine": "benchmarks.contenders.own:TorchEngine",
    "pytorch": "benchmarks.contenders.pytorch:ChannelsFirst",
    "pytorch-channels-last": "benchmarks.contenders.pytorch:ChannelsLast",
}
"""Every contender by name; imported in its own process only."""
