"""What flows along an edge of a graph: the shape and kind of a value, without its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pellucid.errors import ArgumentError, ShapeError

DType = Literal["float32", "uint8", "int8", "int32", "bfloat16"]
"""How numbers are stored. Engines compute float32 values in their own precision."""

NARROW: tuple[DType, ...] = ("uint8", "int8", "bfloat16")
"""What only operations take that are made for it."""

BYTES: dict[DType, int] = {"float32": 4, "uint8": 1, "int8": 1, "int32": 4, "bfloat16": 2}
"""Of a number."""

Per = Literal["example", "batch"]
"""Whether there is a value for each example (its array has a batch axis) or one for all."""


@dataclass(frozen=True)
class Type:
    """A value's shape, how its numbers are stored, and how many of it a batch has.

    Attributes:
        shape: Of one example, without the batch axis: ``(H, W, C)``, ``(F,)``, or ``()``.
        dtype: Of the numbers. Pictures are ``float32`` values in 0 .. 255, also where bytes are
            fed.
        per: ``"example"``: arrays are (N, *shape); ``"batch"``: arrays are of ``shape`` itself, as
            a loss is.

    Raises:
        ShapeError: If an axis is not a whole number of at least 1.
        ArgumentError: If the other two are unknown.
    """

    shape: tuple[int, ...]
    dtype: DType = "float32"
    per: Per = "example"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(self.shape))
        if not all(type(n) is int and n >= 1 for n in self.shape):
            raise ShapeError(f"a shape's axes must be whole numbers from 1 up, got {self.shape}")
        for name, known in (("dtype", get_args(DType)), ("per", get_args(Per))):
            if getattr(self, name) not in known:
                raise ArgumentError(
                    f"a type's {name} must be one of {', '.join(known)}, "
                    f"got {getattr(self, name)!r:.80}"
                )

    def __str__(self) -> str:
        size = "×".join(map(str, self.shape)) or "a number"
        kind = "" if self.dtype == "float32" else f" {self.dtype}"
        return f"{size}{kind}{' a batch' if self.per == 'batch' else ''}"
