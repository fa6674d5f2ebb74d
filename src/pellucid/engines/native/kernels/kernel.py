"""What a kernel is: one family of code, which computes a region or says why it does not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pellucid.engines.native.memory.layout import Border

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


class Declined(Exception):  # noqa: N818 - not an error: another engine computes the graph
    """Native code cannot compute a step; the message says why."""


class Kernel(ABC):
    """A region in a plan, and what appends its stages.

    Args:
        plan: The plan.
        region: A region that it does not decline.
    """

    family: ClassVar[str]
    """What reports call it."""

    operations: ClassVar[tuple[type[Operation], ...]] = ()
    """The anchors that it takes."""

    reads_numbers: ClassVar[bool] = False
    """Whether it reads numbers one by one, so that channels need not fill whole vectors."""

    reads_input_backward: ClassVar[bool] = True
    """Whether its backward pass reads what came in."""

    gradient_over_input: ClassVar[bool] = False
    """Whether the gradient at its input lies over that input."""

    by_image: ClassVar[bool] = True
    """Whether its forward stages go image by image, each thread by itself."""

    makes_source: ClassVar[bool] = False
    """Whether it computes what it reads as well, so that nothing else does."""

    def __init__(self, plan: Plan, region: Region) -> None:
        self.plan, self.region, self.name = plan, region, region.name

    @property
    def in_any_order(self) -> bool:
        """Whether the weights' gradient needs nothing that the backward stages make."""
        return False

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        """Why it does not compute a region; empty where it does."""
        kind = region.operation.kind
        if not isinstance(region.operation, cls.operations):
            return f"computes {', '.join(each.kind for each in cls.operations)}, not {kind}"
        if region.epilogue:
            return f"a kernel for {kind} takes no {region.epilogue[-1].operation.kind} along"
        return ""

    @classmethod
    def border(cls, region: Region, size: tuple[int, int]) -> Border:
        """The zeros that it wants around a value of (height, width) that it reads."""
        return Border()

    @classmethod
    def gradient_border(
        cls, region: Region, source: tuple[int, int, int], outputs: tuple[int, int]
    ) -> Border:
        """The zeros that it wants around the gradient at its outputs, made of a source."""
        return Border()

    @abstractmethod
    def forward(self) -> None:
        """Append the forward stages."""

    @abstractmethod
    def backward(self) -> None:
        """Append what goes back image by image."""

    def weight_gradient(self) -> None:  # noqa: B027 - few have weights
        """Append what sums the weights' gradient once all images have gone back."""


class Weighted(Kernel):
    """A kernel with weights.

    Attributes:
        parameter: Where the weights lie, and all that goes with them.
    """

    parameter: Parameter

    flips_forward: ClassVar[bool] = False
    """Whether its forward stages read the copies that :meth:`flip` makes."""

    @abstractmethod
    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The weights, or what belongs to them, of a packed array at an offset."""

    @abstractmethod
    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""

    def read_statistics(self, memory: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """What is followed, not trained: nothing, except in batch norm."""
        return {}

    def write_statistics(
        self, memory: NDArray[np.uint8], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""

    def flip(self) -> None:
        """Append the stages that copy the weights, flipped, whenever they have changed."""
