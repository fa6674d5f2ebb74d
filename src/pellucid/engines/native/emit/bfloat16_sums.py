"""Sums of products of bfloat16, and what rounds floats to them.

A word of 32 bits holds two neighbouring channels, and lies where a float does. Of each word the
upper number's product is added first, then the lower one's, each sum rounded to float32: so does
the instruction ``vdpbf16ps``, and so do two multiply-adds of the widened numbers, to the same bits,
fused or not, since a product of two bfloat16 has no more bits than a float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.outer_product import Arithmetic
from pellucid.ops.bfloat16 import SMALLEST

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value, Vectors

WIDENED = 4
"""Registers that widened numbers take besides."""

UPPER = -0x10000
"""The bits of a word in which its upper number stands, as a float has them."""


def bfloat16_declarations(vectors: Vectors) -> list[str]:
    """The instructions that sums are made with, as LLVM must know them."""
    if not vectors.bfloat16:
        return []
    pairs, narrow, v = "<32 x bfloat>", "<16 x bfloat>", vectors.float
    return [
        f"declare {v} @llvm.x86.avx512bf16.dpbf16ps.512({v}, {pairs}, {pairs})",
        f"declare {narrow} @llvm.x86.avx512bf16.cvtneps2bf16.512({v})",
    ]


class Bfloat16Pairs(Arithmetic):
    """Two numbers in each word."""

    def sums(self, vectors: Vectors) -> int:
        """Without the instruction fewer, since widened numbers take twice the registers."""
        return vectors.sums if vectors.bfloat16 else vectors.sums - WIDENED

    def multiply(self, f: Function, number: Value, vector: Value, total: Value) -> Value:
        v = f.vectors.float
        if f.vectors.bfloat16:
            pairs = "<32 x bfloat>"
            both = [f.value(f"bitcast {v} {each} to {pairs}") for each in (number, vector)]
            operands = f"{v} {total}, {pairs} {both[0]}, {pairs} {both[1]}"
            return f.value(f"call {v} @llvm.x86.avx512bf16.dpbf16ps.512({operands})")
        for part in (_upper, _lower):
            total = f.fma(part(f, number), part(f, vector), total)
        return total


class Bfloat16Channels:
    """A channel in each lane, widened where it is read."""

    scaled = False

    def load(self, f: Function, pointer: Value, offset: Index) -> Value:
        """Append what reads a vector of them as floats."""
        kind = f"<{f.vectors.lanes} x i16>"
        narrow = f.value(f"load {kind}, ptr {f.at(pointer, offset, 'i16')}, align 1")
        wide = f.value(f"zext {kind} {narrow} to {f.vectors.int}")
        return f.of_bits(f.integer("shl", wide, f.whole(16)))


def _upper(f: Function, words: Value) -> Value:
    return f.of_bits(f.integer("and", f.bits(words), f.whole(UPPER)))


def _lower(f: Function, words: Value) -> Value:
    return f.of_bits(f.integer("shl", f.bits(words), f.whole(16)))


def store_bfloat16(f: Function, x: Value, target: Value, offset: Index) -> None:
    """Append what rounds floats and writes them.

    Args:
        f: The function.
        x: The floats.
        target: Pointer to where they go.
        offset: How many numbers from there.
    """
    lanes, place = f.vectors.lanes, f.at(target, offset, "i16")
    if f.vectors.bfloat16:
        kind = f"<{lanes} x bfloat>"
        call = f"@llvm.x86.avx512bf16.cvtneps2bf16.512({f.vectors.float} {x})"
        narrow = f.value(f"call {kind} {call}")
    else:
        kind = f"<{lanes} x i16>"
        narrow = f.value(f"trunc {f.vectors.int} {_rounded(f, x)} to {kind}")
    f.do(f"store {kind} {narrow}, ptr {place}, align 1")


def _rounded(f: Function, x: Value) -> Value:
    """The nearest bfloat16, half to even, in the lower 16 bits of each lane."""
    bits = f.bits(x)
    upper = f.integer("lshr", bits, f.whole(16))
    odd = f.integer("and", upper, f.whole(1))
    half = f.integer("add", odd, f.whole(0x7FFF))
    nearest = f.integer("lshr", f.integer("add", bits, half), f.whole(16))
    size = f.of_bits(f.integer("and", bits, f.whole(0x7FFFFFFF)))
    zero = f.integer("and", upper, f.whole(0x8000))
    found = f.choose_whole(f.compare("olt", size, f.constant(SMALLEST)), zero, nearest)
    quiet = f.integer("or", upper, f.whole(0x40))
    return f.choose_whole(f.compare("uno", x, x), quiet, found)
