"""Pellucid's own engines."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tests.learning import Learning, step_of

from benchmarks.contenders import LEARNING_RATE, Contender
from pellucid.engines import Program, get_engine
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload


class OwnEngine(Contender):
    """A network in one of the package's engines."""

    engine: ClassVar[str]
    program: Program

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the network; the number of threads comes from the environment."""
        graph = workload.graph
        learning = Learning(CrossEntropy(), SGD(momentum=0.9)) if training else None
        network = Network(graph, weights or initial_weights(graph, seed=0))
        self.program = get_engine(self.engine).load(network, step_of(network, learning))

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step."""
        return self.program.train_step(images, labels, LEARNING_RATE).loss

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return self.program.forward(images)


class Native(OwnEngine):
    """The compiler."""

    engine: ClassVar[str] = "native"

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the network, and make sure that it was compiled."""
        super().prepare(workload, training=training, threads=threads, weights=weights)
        kind = type(self.program).__name__
        if kind != "NativeProgram":
            raise SystemExit(f"{workload.name}: the native engine declines, {kind} would run")


class Reference(OwnEngine):
    """The definition, in NumPy."""

    engine: ClassVar[str] = "reference"


class TorchEngine(OwnEngine):
    """The same graph on PyTorch."""

    engine: ClassVar[str] = "torch"

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the network and tell PyTorch its threads."""
        import torch

        torch.set_num_threads(threads)
        super().prepare(workload, training=training, threads=threads, weights=weights)
