"""Sorting numbers by falling size, of equals the first: byte by byte, from the lowest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value

DIGITS, BITS = 4, 8
"""A float32 is sorted by its four bytes."""

COUNTS = 1 << BITS
"""Numbers of 32 bits that sorting needs room for, besides two arrays of 64 bits a number."""


def sort_falling(
    f: Function,
    count: int,
    number: Callable[[Index], Value],
    room: tuple[Value, Value],
    counts: Value,
) -> Value:
    """Append the sorting of floats; NaN comes last, and 0 and −0 are equal.

    Each float becomes a whole number that falls where the float rises, with its place below.

    Args:
        f: The function.
        count: How many floats, below 2³².
        number: Appends the load of the float of a place.
        room: Two arrays of as many 64-bit numbers.
        counts: Room for :data:`COUNTS` numbers of 32 bits.

    Returns:
        The array of sorted numbers, whose lower 32 bits are places.
    """
    here, there = room

    def fill(i: Index, _: list[Value]) -> list[Value]:
        key = f.value(f"zext i32 {_falling(f, number(i))} to i64")
        high = f.value(f"shl i64 {key}, 32")
        f.do(f"store i64 {f.value(f'or i64 {high}, {i}')}, ptr {f.at(here, i, 'i64')}, align 4")
        return []

    f.loop(0, count, 1, fill)
    for digit in range(DIGITS):
        _by_digit(f, count, 32 + BITS * digit, (here, there), counts)
        here, there = there, here
    return here


def place_of(f: Function, sorted_: Value, k: Index) -> Value:
    """The place of what came k-th, 0 first."""
    whole = f.value(f"load i64, ptr {f.at(sorted_, k, 'i64')}, align 4")
    return f.value(f"and i64 {whole}, {(1 << 32) - 1}")


def _falling(f: Function, number: Value) -> Value:
    """A whole number, without sign, that is the larger the smaller a float is."""
    bits = f.value(f"bitcast float {number} to i32")
    no_number = f.value(f"fcmp uno float {number}, {number}")
    minus_zero = f.value(f"icmp eq i32 {bits}, {-(2**31)}")
    bits = f.value(f"select i1 {minus_zero}, i32 0, i32 {bits}")
    negative = f.value(f"icmp slt i32 {bits}, 0")
    turned = f.value(f"xor i32 {bits}, {2**31 - 1}")
    key = f.value(f"select i1 {negative}, i32 {bits}, i32 {turned}")
    return f.value(f"select i1 {no_number}, i32 -1, i32 {key}")


def _by_digit(
    f: Function, count: int, shift: int, room: tuple[Value, Value], counts: Value
) -> None:
    """Append the stable sorting by one digit, from one array into the other."""
    here, there = room

    def slot(i: Index) -> tuple[Value, Value]:
        whole = f.value(f"load i64, ptr {f.at(here, i, 'i64')}, align 4")
        digit = f.value(f"and i64 {f.value(f'lshr i64 {whole}, {shift}')}, {COUNTS - 1}")
        return whole, f.at(counts, digit, "i32")

    def clear(k: Index, _: list[Value]) -> list[Value]:
        f.do(f"store i32 0, ptr {f.at(counts, k, 'i32')}, align 4")
        return []

    def add(i: Index, _: list[Value]) -> list[Value]:
        _raise(f, slot(i)[1])
        return []

    def start(k: Index, total: list[Value]) -> list[Value]:
        at = f.at(counts, k, "i32")
        own = f.value(f"load i32, ptr {at}, align 4")
        f.do(f"store i32 {total[0]}, ptr {at}, align 4")
        return [f.value(f"add i32 {total[0]}, {own}")]

    def move(i: Index, _: list[Value]) -> list[Value]:
        whole, at = slot(i)
        to = f.value(f"zext i32 {_raise(f, at)} to i64")
        f.do(f"store i64 {whole}, ptr {f.at(there, to, 'i64')}, align 4")
        return []

    f.loop(0, COUNTS, 1, clear)
    f.loop(0, count, 1, add)
    f.loop(0, COUNTS, 1, start, [("i32", "0")])
    f.loop(0, count, 1, move)


def _raise(f: Function, at: Value) -> Value:
    """Count one more; what was there before."""
    before = f.value(f"load i32, ptr {at}, align 4")
    f.do(f"store i32 {f.value(f'add i32 {before}, 1')}, ptr {at}, align 4")
    return before
