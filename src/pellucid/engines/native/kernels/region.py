"""A region of the graph: an anchor and what is fused behind it, computed in one go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pellucid import ops

if TYPE_CHECKING:
    from pellucid.engines.native.kernels.kernel import Kernel
    from pellucid.graph import Node
    from pellucid.ops.operation import Operation, Parameter, Shape


@dataclass(frozen=True)
class Region:
    """Operations computed together.

    Attributes:
        anchor: The node that gives it its name and weights.
        sources: The values it reads, by the name of the node that made them: what the anchor takes,
            and what an addition in its epilogue takes besides; none of the first, which takes
            pixels.
        inputs: The shapes that the anchor takes.
        target: The value it makes, by the name of its last node.
        shape: The shape of that value as it lies in memory: that of the feature maps where they
            are flattened by name alone.
        kernel: What computes it.
        epilogue: The nodes fused behind the anchor: functions of each value alone, a pooling, or
            an addition.
        backward: Whether the program has a backward pass.
        maker: The region whose value it reads, where nothing else ever reads that.
    """

    anchor: Node
    sources: tuple[str, ...]
    inputs: tuple[Shape, ...]
    target: str
    shape: Shape
    kernel: type[Kernel]
    epilogue: tuple[Node, ...] = ()
    backward: bool = False
    maker: Region | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The anchor's name."""
        return self.anchor.name

    @property
    def operation(self) -> Operation:
        """The anchor's operation."""
        return self.anchor.operation

    @property
    def source_input(self) -> str:
        """The input that the first region of its branch takes."""
        return self.anchor.inputs[0]

    @property
    def own_sources(self) -> tuple[str, ...]:
        """Those of its sources that the anchor takes."""
        return self.sources[: len(self.inputs)]

    @property
    def addend(self) -> str | None:
        """What is added to the anchor's value, by an addition in its epilogue."""
        return next(iter(self.sources[len(self.inputs) :]), None)

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The weights that the anchor needs, by their own names."""
        return self.operation.parameters(*self.inputs)

    def full_name(self, own: str) -> str:
        """The name of one of its weights in the store."""
        return f"{self.anchor.store}.{own}"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes in it, in order."""
        return (self.anchor.name, *(node.name for node in self.epilogue))

    @property
    def pool(self) -> ops.MaxPool | None:
        """The pooling in its epilogue."""
        found = (node.operation for node in self.epilogue)
        return next((each for each in found if isinstance(each, ops.MaxPool)), None)

    @property
    def function(self) -> Operation | None:
        """The function of each value alone in its epilogue."""
        found = (node.operation for node in self.epilogue)
        others = ops.MaxPool, ops.Add, ops.Quantise, ops.Bfloat16
        return next((each for each in found if not isinstance(each, others)), None)

    @property
    def whole(self) -> ops.Quantise | ops.Bfloat16 | None:
        """What makes its value whole numbers or bfloat16, if anything does: its last node."""
        last = self.epilogue[-1].operation if self.epilogue else self.operation
        return last if isinstance(last, ops.Quantise | ops.Bfloat16) else None

    def followed_by(self, node: Node, shape: Shape, others: tuple[str, ...] = ()) -> Region:
        """The region with one more node in its epilogue.

        Args:
            node: The node.
            shape: The shape of its value as it lies in memory.
            others: What it reads besides the region's value, by the targets that hold that.
        """
        sources, epilogue = (*self.sources, *others), (*self.epilogue, node)
        return replace(self, sources=sources, target=node.name, shape=shape, epilogue=epilogue)
