"""The microkernel under everything: a tile of sums, kept in registers over a whole reduction.

    acc[r][v] += a[r] · b[v]      for every step of the reduction

``a[r]`` is one number, spread over a vector; ``b[v]`` a vector. A tile of 6 rows and 2 vectors of
8 lanes fills 12 of AVX2's 16 registers; each step loads 2 vectors and 6 numbers for 12 fused
multiply-adds, and so keeps both multipliers busy. Convolution, its gradients and dense layers
differ only in what rows, vectors and steps mean.

Where filters fill only half of the last vector, that half alone is multiplied: wide vectors take
many processors twice the time of half ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Body, Function, Index, Value, Vectors

UNROLL = 4
"""Steps of the innermost loop that are written out where nothing better is known."""

MOST = 8
"""Steps that may be written out so that a loop comes out even."""


@dataclass(frozen=True)
class Steps:
    """One loop of a reduction: how often, and how far each turn moves in a and in b (in floats)."""

    count: Index
    a: int
    b: int


class Arithmetic:
    """How numbers are multiplied and added: as floats."""

    scaled = False
    """Whether a block's sums have factors, which lie behind its biases."""

    def sums(self, vectors: Vectors) -> int:
        """Sums that a tile may hold in registers beside what it multiplies."""
        return vectors.sums

    def number(self, f: Function, a: Value, offset: int) -> Value:
        """Append what spreads a number at an offset over a vector."""
        return f.broadcast(f.load(a, offset))

    def multiply(self, f: Function, number: Value, vector: Value, total: Value) -> Value:
        """Append number · vector + total."""
        return f.fma(number, vector, total)

    def result(self, f: Function, total: Value, factor: Value) -> Value:
        """Append the floats that sums come to."""
        return total


FLOATS = Arithmetic()


def outer_product(
    f: Function,
    a: Value,
    rows: Sequence[int],
    b: Value,
    columns: Sequence[int],
    steps: Sequence[Steps],
    first: Sequence[Value],
    arithmetic: Arithmetic = FLOATS,
    *,
    half: bool = False,
) -> list[Value]:
    """Append the code of one tile.

    Args:
        f: The function.
        a: Pointer to where the first step's numbers lie.
        rows: Offset of each row's number from there.
        b: Pointer to where the first step's vectors lie.
        columns: Offset of each vector from there.
        steps: The reduction's loops, outermost first.
        first: What the sums start with, ``rows × columns`` of them, row by row.
        arithmetic: How numbers are multiplied and added.
        half: Whether half of the last vector is enough; the other half of its sums becomes zero.

    Returns:
        The sums, in the same order.
    """
    running, every = list(first), len(columns)
    if half:
        running[every - 1 :: every] = map(f.first_half, running[every - 1 :: every])
    vectors = _Vectors(b, columns, half)
    sums = _reduce(f, a, rows, vectors, merged(steps), running, arithmetic)
    if half:
        sums[every - 1 :: every] = map(f.filled_up, sums[every - 1 :: every])
    return sums


@dataclass(frozen=True)
class _Vectors:
    """The vectors of a step: where they lie, and whether the last is half a one."""

    at: Value
    columns: Sequence[int]
    half: bool

    def moved(self, f: Function, steps: Index) -> _Vectors:
        """The vectors ``steps`` floats further on."""
        return replace(self, at=f.at(self.at, steps))

    def kinds(self, f: Function) -> list[str]:
        """The type of each."""
        kinds = [f.vectors.float] * len(self.columns)
        if self.half:
            with f.halved():
                kinds[-1] = f.vectors.float
        return kinds


def merged(steps: Sequence[Steps]) -> list[Steps]:
    """Join loops that are one longer loop in memory, and leave out those of a single turn."""
    result: list[Steps] = []
    for inner in steps:
        if inner.count == 1:
            continue
        outer = result[-1] if result else None
        if (
            outer is not None
            and isinstance(inner.count, int)
            and isinstance(outer.count, int)
            and outer.a == inner.count * inner.a
            and outer.b == inner.count * inner.b
        ):
            result[-1] = Steps(outer.count * inner.count, inner.a, inner.b)
        else:
            result.append(inner)
    return result or [Steps(1, 0, 0)]


def _reduce(
    f: Function,
    a: Value,
    rows: Sequence[int],
    b: _Vectors,
    steps: list[Steps],
    sums: list[Value],
    arithmetic: Arithmetic,
) -> list[Value]:
    step, inner = steps[0], steps[1:]
    kinds = b.kinds(f) * len(rows)
    if inner:

        def turn(i: Index, running: list[Value]) -> list[Value]:
            a_here = f.at(a, f.multiply(i, step.a))
            b_here = b.moved(f, f.multiply(i, step.b))
            return _reduce(f, a_here, rows, b_here, inner, running, arithmetic)

        return f.loop(0, step.count, 1, turn, list(zip(kinds, sums, strict=True)))

    def several(count: int) -> Body:
        def turns(i: Index, running: list[Value]) -> list[Value]:
            a_here = f.at(a, f.multiply(i, step.a))
            b_here = b.moved(f, f.multiply(i, step.b))
            for k in range(count):
                running = _step(
                    f, a_here, k * step.a, rows, b_here, k * step.b, running, arithmetic
                )
            return running

        return turns

    def run(start: Index, stop: Index, count: int, sums: list[Value]) -> list[Value]:
        return f.loop(start, stop, count, several(count), list(zip(kinds, sums, strict=True)))

    if isinstance(step.count, int):
        unroll = _fitting(step.count)
        if not f.vectors.folds or _overlap(rows, step, unroll):
            # What several steps read would be held for all of them, in too many registers.
            unroll = 1
        whole = step.count // unroll * unroll
        sums = run(0, whole, unroll, sums)
        return run(whole, step.count, step.count - whole, sums) if whole < step.count else sums
    whole_turns = f.multiply(f.divide(step.count, UNROLL), UNROLL)
    return run(whole_turns, step.count, 1, run(0, whole_turns, UNROLL, sums))


def _fitting(count: int) -> int:
    """How many steps to write out: all of a few, else the most that divide them evenly."""
    if count <= MOST:
        return count
    return max((n for n in range(UNROLL, MOST + 1) if count % n == 0), default=UNROLL)


def _overlap(rows: Sequence[int], step: Steps, unroll: int) -> bool:
    """Whether some of these steps read the same numbers, as taps over neighbouring pixels do."""
    return any(row + k * step.a in rows for row in rows for k in range(1, unroll))


def _step(
    f: Function,
    a: Value,
    a_offset: int,
    rows: Sequence[int],
    b: _Vectors,
    b_offset: int,
    sums: list[Value],
    arithmetic: Arithmetic,
) -> list[Value]:
    """One step: every row's number times every vector.

    Either are loaded when they are needed, whichever are more, since not all processors multiply
    with what lies in memory, and sums fill most of the registers.
    """
    if b.half:
        return _step_of_halves(f, a, a_offset, rows, b, b_offset, sums, arithmetic)
    new, across = list(sums), len(b.columns)

    def number(r: int) -> Value:
        return arithmetic.number(f, a, a_offset + rows[r])

    def vector(v: int) -> Value:
        return f.load_vector(b.at, b_offset + b.columns[v])

    if across > len(rows):
        held = [number(r) for r in range(len(rows))]
        for v in range(across):
            loaded = vector(v)
            for r, each in enumerate(held):
                place = r * across + v
                new[place] = arithmetic.multiply(f, each, loaded, new[place])
        return new
    held = [vector(v) for v in range(across)]
    for r in range(len(rows)):
        spread = number(r)
        for v, each in enumerate(held):
            place = r * across + v
            new[place] = arithmetic.multiply(f, spread, each, new[place])
    return new


def _step_of_halves(
    f: Function,
    a: Value,
    a_offset: int,
    rows: Sequence[int],
    b: _Vectors,
    b_offset: int,
    sums: list[Value],
    arithmetic: Arithmetic,
) -> list[Value]:
    """The same where half of the last vector is enough: half a register of numbers meets it."""
    vectors = [f.load_vector(b.at, b_offset + column) for column in b.columns[:-1]]
    with f.halved():
        last = f.load_vector(b.at, b_offset + b.columns[-1])
    totals, new = iter(sums), []
    for row in rows:
        part = ""
        if vectors:
            number = f.opaque(arithmetic.number(f, a, a_offset + row))
            part = f.first_half(number)
            new += [arithmetic.multiply(f, number, vector, next(totals)) for vector in vectors]
        with f.halved():
            part = part or arithmetic.number(f, a, a_offset + row)
            new.append(arithmetic.multiply(f, part, last, next(totals)))
    return new
