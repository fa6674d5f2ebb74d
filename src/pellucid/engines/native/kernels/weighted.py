"""What all stages with weights can do: be read, be written, learn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from pellucid.engines.native.kernels.parameters import write_update

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.lower.plan import Plan
    from pellucid.engines.native.lower.stages import Stage


class Weighted(ABC):
    """A stage with weights in a plan.

    Attributes:
        plan: The plan.
        stage: The stage.
        name: Of the node that the weights belong to.
        parameter: Where the weights lie, and all that goes with them.
    """

    plan: Plan
    stage: Stage
    name: str
    parameter: Parameter

    @abstractmethod
    def read(self, memory: NDArray[np.float32], offset: int) -> dict[str, NDArray[np.float32]]:
        """The weights, or what belongs to them, of a packed array at an offset."""

    @abstractmethod
    def write(
        self, memory: NDArray[np.float32], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""

    def read_statistics(self, memory: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """What is followed, not trained: nothing, except in batch norm."""
        return {}

    def write_statistics(  # noqa: B027 - nothing is to be done where there are none
        self, memory: NDArray[np.float32], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""

    @abstractmethod
    def write_forward(self) -> None:
        """Append the forward stages."""

    @abstractmethod
    def write_backward(self) -> None:
        """Append what goes back image by image."""

    def write_kernel_gradient(self) -> None:  # noqa: B027 - it may be part of the backward pass
        """Append what sums the weights' gradient once all images have gone back."""

    def write_update(self) -> None:
        """Append the optimizer's step."""
        write_update(self.plan, self.parameter)

    def write_flip(self) -> None:  # noqa: B027 - few keep another copy of their weights
        """Append the stages that copy the weights, flipped, for the next step's backward pass."""
