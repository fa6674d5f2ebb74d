"""The kernels that a convolution has learned, and which of the gallery's each is most like."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.nearest import Nearest, by_chance, nearest
from pellucid.explain.records import numbers, record
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.graph import Network
    from pellucid.ops.operation import Array


@short_repr
@dataclass(frozen=True, eq=False)
class Kernels(Record):
    """The kernels of one convolution.

    Attributes:
        layer: The convolution.
        kernels: (height, width, channels of a group, number of kernels), as learned.
        bias: One number a kernel; none where the layer has no biases.
    """

    record_kind: ClassVar[str] = "kernels"
    layer: str
    kernels: Array
    bias: Array | None

    def nearest(self) -> tuple[Nearest, ...]:
        """The gallery's kernel that is nearest to each; see :func:`pellucid.explain.nearest`."""
        return nearest(self.kernels)

    def by_chance(self) -> float | None:
        """Up to which similarity it may well be chance; none where no gallery kernel fits."""
        height, width, channels, _ = self.kernels.shape
        return by_chance(height, width, channels) if min(height, width) >= 3 else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; ``kernels`` is (number, channels, height, width)."""
        return record(
            "kernels",
            layer=self.layer,
            size=list(self.kernels.shape[:2]),
            channels=int(self.kernels.shape[2]),
            number=int(self.kernels.shape[3]),
            kernels=numbers(self.kernels.transpose(3, 2, 0, 1)),
            bias=None if self.bias is None else numbers(self.bias),
            nearest=[asdict(each) for each in self.nearest()],
            by_chance=self.by_chance(),
        )


def learned_kernels(network: Network, layer: str | None = None) -> Kernels:
    """The kernels of a convolution, by default the first.

    Raises:
        ArgumentError: If there is no such layer, it is no convolution, or the network has none.
    """
    convolutions = [
        node.name for node in network.graph.nodes if node.operation.family == "convolution"
    ]
    if not convolutions:
        raise ArgumentError("the network has no convolution, and so no kernels to be seen")
    node = network.graph[convolutions[0] if layer is None else layer]
    if node.name not in convolutions:
        raise ArgumentError(
            f"layer {printable(node.name)} ({node.operation.kind}) has no kernels; convolutions "
            f"are {', '.join(map(printable, convolutions))[:200]}"
        )
    kernel = np.asarray(network.weights[f"{node.name}.kernel"])
    bias = network.weights.get(f"{node.name}.bias")
    return Kernels(node.name, kernel, None if bias is None else np.asarray(bias))
