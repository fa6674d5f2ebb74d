"""What is measured: seven networks, each with its input and batch size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.layers import Sequential


@dataclass(frozen=True)
class Workload:
    """A network to train and run.

    Attributes:
        name: As in the tables, and of its network in :mod:`benchmarks.networks`.
        input_shape: (height, width, channels).
        batch: Pictures a training step, and a forward pass.
        classes: How many.
        learned: Whether it learns in minutes, as it must where accuracies are compared.
    """

    name: str
    input_shape: tuple[int, int, int]
    batch: int
    classes: int
    learned: bool = True

    def network(self) -> Sequential:
        """The network, normalisation first; who has one of his own need not import the package."""
        from benchmarks.networks import network

        return network(self.name, self.input_shape[2], self.classes)

    @cached_property
    def graph(self) -> Graph:
        """The same as a graph."""
        return self.network().graph(self.input_shape)

    @property
    def forward_flops(self) -> int:
        """Multiplications and additions of convolutions and dense layers, one picture forward."""
        return sum(self._flops.values())

    @property
    def training_flops(self) -> int:
        """The same of a training step, for each picture of it.

        The backward pass costs as much again for the gradient of the kernels, and once more for
        that of the inputs, which the first layer does not need: its input is the picture.
        """
        first = next(iter(self._flops.values()))
        return 3 * self.forward_flops - first

    @cached_property
    def _flops(self) -> dict[str, int]:
        from pellucid.ops import Conv2D, Dense

        return {
            node.name: 2 * node.operation.multiply_adds(*self.graph.inputs_of(node))
            for node in self.graph.nodes
            if isinstance(node.operation, Conv2D | Dense)
        }


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("lenet5", (28, 28, 1), 128, 10),
        Workload("lecture28", (28, 28, 1), 128, 10),
        Workload("lecture64", (64, 64, 3), 32, 2),
        Workload("vggsmall", (32, 32, 3), 128, 10),
        Workload("resnet20", (32, 32, 3), 128, 10),
        Workload("photo128", (128, 128, 3), 32, 10),
        Workload("efficientnet-lite0", (224, 224, 3), 32, 1000, learned=False),
    )
}
