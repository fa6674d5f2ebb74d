"""One operation at work in PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pellucid.ops.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from pellucid.ops.operation import Mode

O = TypeVar("O", bound=Operation)  # noqa: E741


@dataclass(frozen=True)
class Call(Generic[O]):
    """One operation at work: its settings, its inputs, its own weights by name, and the mode."""

    operation: O
    inputs: Sequence[Tensor]
    weights: Mapping[str, Tensor]
    mode: Mode

    @property
    def x(self) -> Tensor:
        """The only input."""
        (x,) = self.inputs
        return x
