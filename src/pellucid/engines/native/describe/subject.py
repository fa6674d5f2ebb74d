"""A stage that is to be described, and its description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.pooling import NONE

if TYPE_CHECKING:
    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.lower.stages import Stage
    from pellucid.engines.native.memory.layout import Layout

PASSES = ("", "back through", "kernel gradient")
"""Parts of a layer's work that multiply each of its weights; the others copy or mask."""

FLOAT = 4
"""Bytes of a float32."""

DOUBLE = 8
"""Bytes of a float64."""


@dataclass(frozen=True)
class Description:
    """What a stage does to a batch.

    Attributes:
        kernel: The family that its code belongs to.
        tile: (rows, vectors) of sums that stay in registers, for those that have a tile.
        layout: How what it writes lies, where that is values of images or their gradients.
        bytes_read: At least; what is read again counts once.
        bytes_written: At least.
        flops: Multiplications and additions of convolutions and dense layers, as textbooks count;
            0 for all else, which takes its time from memory.
        notes: Why it is not faster.
    """

    kernel: str
    tile: tuple[int, int] | None = None
    layout: Layout | None = None
    bytes_read: int = 0
    bytes_written: int = 0
    flops: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A stage in its program, the part of its work that is meant, and the images of a batch."""

    code: Code
    stage: Stage
    part: str
    images: int

    @property
    def training(self) -> bool:
        """Whether the program learns."""
        return self.code.plan.training

    def values(self, *names: str) -> int:
        """Bytes of a batch of these values."""
        return sum(self.size(self.code.plan.values[name].layout) for name in names)

    def gradients(self, *names: str) -> int:
        """Bytes of a batch of the gradients at these values, of those that there are."""
        found = self.code.plan.gradients
        return sum(self.size(found[name].layout) for name in names if name in found)

    def size(self, layout: Layout) -> int:
        """Bytes of a batch that lies so, without its border."""
        return FLOAT * self.images * layout.height * layout.width * layout.pitch

    @property
    def winners(self) -> int:
        """Bytes that say which position won in each window of a pooling."""
        pool = self.stage.node.operation if self.stage.pool is None else self.stage.pool
        if not isinstance(pool, ops.MaxPool):
            return 0
        numbers = self.values(self.stage.target) // FLOAT
        return numbers * (FLOAT if pool.size[0] * pool.size[1] >= NONE else 1)

    @property
    def flops(self) -> int:
        """Of one pass over a convolution or dense layer: forward, to its kernel or to its input."""
        node, graph = self.stage.node, self.code.plan.graph
        if self.part not in PASSES or not isinstance(node.operation, ops.Conv2D | ops.Dense):
            return 0
        return 2 * self.images * node.operation.multiply_adds(*graph.inputs_of(node))
