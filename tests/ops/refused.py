"""How a mistake is written down: what is called, which error comes, what it must say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid import ops
from pellucid.errors import ArgumentError, PellucidError, ShapeError, TooSmallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.ops.operation import Operation


@dataclass(frozen=True)
class Refused:
    """A mistake: what is called, which error comes, what its message must say."""

    about: str
    kind: str
    call: Callable[[], Any]
    error: type[PellucidError]
    says: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind}: {self.about}"


def shape(about: str, operation: Operation, *shapes: Any, says: tuple[str, ...]) -> Refused:
    """Shapes that an operation cannot take."""
    return Refused(about, operation.kind, lambda: operation.output_shape(*shapes), ShapeError, says)


def small(about: str, operation: Operation, image: Any, says: tuple[str, ...]) -> Refused:
    """An image that is too small."""
    return Refused(
        about, operation.kind, lambda: operation.output_shape(image), TooSmallError, says
    )


def setting(about: str, kind: str, says: tuple[str, ...], **settings: Any) -> Refused:
    """Settings that an operation cannot have."""
    made = ops.OPERATIONS[kind]
    return Refused(about, kind, lambda: made(**settings), ArgumentError, says)
