"""The positions beside a place, and how much each of them counts there, while code runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.text import hexadecimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value


@dataclass(frozen=True)
class Tap:
    """A position along an axis and the scalar float that its value is multiplied with."""

    position: Index
    factor: Value


@dataclass(frozen=True)
class Corner:
    """A position of an image: a pointer to its first channel, and its factor, a vector."""

    at: Value
    factor: Value


ONE = hexadecimal(1.0)


def as_float(f: Function, whole: Index) -> Value:
    """A whole number as a scalar float."""
    if isinstance(whole, int):
        return hexadecimal(float(whole))
    return f.value(f"sitofp i64 {whole} to float")


def scalar(f: Function, operation: str, a: Value, b: Value) -> Value:
    """``fadd``, ``fsub``, ``fmul`` of scalar floats."""
    return f.value(f"{operation} float {a}, {b}")


def corners(
    f: Function, start: Value, steps: tuple[int, int], rows: Sequence[Tap], columns: Sequence[Tap]
) -> list[Corner]:
    """Where rows and columns meet in an image.

    Args:
        f: The function.
        start: Pointer to the image's position (0, 0).
        steps: Floats to the next row, and to the next column.
        rows: The rows.
        columns: The columns.
    """
    found = []
    for row in rows:
        line = f.at(start, f.multiply(row.position, steps[0]))
        for column in columns:
            at = f.at(line, f.multiply(column.position, steps[1]))
            factor = f.broadcast(scalar(f, "fmul", row.factor, column.factor))
            found.append(Corner(at, factor))
    return found


def mixed(f: Function, of: Sequence[Corner], c: Index) -> Value:
    """The vector at channel c of the corners' sum, each times its factor."""
    first, *others = of
    total = f.vector("fmul", f.load_vector(first.at, c), first.factor)
    for corner in others:
        total = f.fma(f.load_vector(corner.at, c), corner.factor, total)
    return total


def spread(f: Function, gradient: Value, to: Sequence[Corner], pitch: int) -> None:
    """Append what adds a position's gradient to each corner, times its factor."""

    def vector(c: Index) -> None:
        dy = f.load_vector(gradient, c)
        for corner in to:
            total = f.fma(dy, corner.factor, f.load_vector(corner.at, c))
            f.store_vector(total, corner.at, c)

    each_vector(f, pitch, vector)
