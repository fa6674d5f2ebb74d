"""Who is measured, each in a process of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.workloads import Workload

    Images = NDArray[np.uint8]
    """Pictures (N, H, W, C)."""

    Weights = Mapping[str, NDArray[np.float32]]
    """The package's weights by name; kernels HWIO, dense layers over (H, W, C) in that order."""

LEARNING_RATE = 0.001

FILES = "PELLUCID_BENCHMARK_FILES"
"""The variable that names a folder for what a contender keeps from one start to the next."""

TRAINING = ("train", "cold-train")
"""Tasks in which a contender learns."""

COLD = ("cold-train", "cold-forward")
"""Tasks that end with the first result."""


class Contender(ABC):
    """A framework in one of its modes, with one workload loaded.

    Pictures come as bytes; turning them into what the framework wants is part of what is measured,
    as it is part of training.
    """

    @abstractmethod
    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Build the network; SGD with momentum 0.9 and cross-entropy where it trains.

        Args:
            workload: Which network, on what.
            training: Whether it will train.
            threads: How many it may use.
            weights: What it starts with; none: weights of its own.
        """

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step; its loss."""
        raise NotImplementedError

    @abstractmethod
    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""


@dataclass(frozen=True)
class Entry:
    """A contender in the list.

    Attributes:
        target: ``module:Class``, imported in its own process only.
        peer: Whether it is somebody else's, for ours to be compared with.
        trains: Whether it can.
        package: What must be installed.
        by_default: Whether it takes part where none is named.
        environment: Variables that its process is given.
        cold_only: Whether it differs from another only in how it starts.
    """

    target: str
    peer: bool = False
    trains: bool = True
    package: str = "pellucid"
    by_default: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    cold_only: bool = False

    @property
    def installed(self) -> bool:
        """Whether its package is there."""
        return find_spec(self.package) is not None

    def make(self) -> Contender:
        """The contender itself."""
        module, _, attribute = self.target.partition(":")
        made: Contender = getattr(import_module(module), attribute)()
        return made

    def can(self, task: str) -> bool:
        """Whether it can be measured on a task."""
        fits = task not in TRAINING or self.trains
        return self.installed and fits and (task in COLD or not self.cold_only)


CONTENDERS = {
    "native": Entry("benchmarks.contenders.own:Native"),
    "native-uncached": Entry(
        "benchmarks.contenders.own:Native", environment={"PELLUCID_CACHE": "off"}, cold_only=True
    ),
    "reference": Entry("benchmarks.contenders.own:Reference", by_default=False),
    "torch-engine": Entry(
        "benchmarks.contenders.own:TorchEngine", package="torch", by_default=False
    ),
    "pytorch": Entry(
        "benchmarks.contenders.pytorch:ChannelsFirst", peer=True, package="torch"
    ),
    "pytorch-channels-last": Entry(
        "benchmarks.contenders.pytorch:ChannelsLast", peer=True, package="torch"
    ),
    "onnxruntime": Entry(
        "benchmarks.contenders.onnx_runtime:FromBytes",
        peer=True, trains=False, package="onnxruntime",
    ),
    "onnxruntime-floats": Entry(
        "benchmarks.contenders.onnx_runtime:FromFloats",
        peer=True, trains=False, package="onnxruntime",
    ),
}  # fmt: skip
"""Every contender by name."""


def entry(name: str) -> Entry:
    """A contender by its name in the list; any other is ``module:Class`` or a twin's name."""
    return CONTENDERS.get(name, Entry(name))
