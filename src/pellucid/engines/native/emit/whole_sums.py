"""Sums of products of whole numbers, and what makes them floats and whole numbers again.

A word of 32 bits holds neighbouring channels: four of 8 bits, or two of 16. Words lie where floats
do, and sums of 32 bits in the registers of vectors of floats, so that the same loops go over both
(:mod:`.outer_product`). Every product and every sum is exact, whichever instruction makes it:

- ``vnni``: four products of bytes without a sign and bytes with one, ``vpdpbusd``. Signed numbers
  get 128 more, and sums begin with 128 times the weights less.
- ``pairs``: two products of 16 bits, ``vpmaddwd``.
- ``plain``: the same of plain vectors, for processors of any kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.outer_product import Arithmetic
from pellucid.engines.native.memory.layout import UNITS

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value, Vectors
    from pellucid.engines.native.memory.layout import DType
    from pellucid.ops import Quantise

MAGIC = 12582912.0
"""1.5 · 2²³: what is added to a float near 0 rounds it to a whole number, half to even, whose low
bits are then the float's own."""

MOST_TAPS = 500
"""500 · 255 · 128 is less than 2²⁴."""

_PAIRS = {4: "sse2.pmadd.wd", 8: "avx2.pmadd.wd", 16: "avx512.pmaddw.d.512"}


def whole_dtype(vectors: Vectors, *, signed: bool) -> DType:
    """What whole numbers of 8 bits are kept as."""
    if vectors.products != "vnni":
        return "int16"
    return "int8" if signed else "uint8"


def numbers_in_word(vectors: Vectors) -> int:
    """Channels in a word of 32 bits."""
    return 4 if vectors.products == "vnni" else 2


def whole_declarations(vectors: Vectors) -> list[str]:
    """The instructions that sums are made with, as LLVM must know them."""
    v, pairs = vectors.int, f"<{2 * vectors.lanes} x i16>"
    if vectors.products == "vnni":
        return [f"declare {v} @llvm.x86.avx512.vpdpbusd.512({v}, {v}, {v})"]
    if vectors.products == "pairs":
        return [f"declare {v} @llvm.x86.{_PAIRS[vectors.lanes]}({pairs}, {pairs})"]
    return []


@dataclass(frozen=True)
class WholeNumbers(Arithmetic):
    """Whole numbers in words.

    Attributes:
        signed: Whether the numbers that weights are multiplied with have a sign.
    """

    signed: bool
    scaled = True

    def number(self, f: Function, a: Value, offset: int) -> Value:
        word = f.broadcast(f.load(a, offset))
        if not self.signed or f.vectors.products != "vnni":
            return word
        return f.of_bits(f.integer("xor", f.bits(word), f.whole(-0x7F7F7F80)))  # 0x80808080

    def multiply(self, f: Function, number: Value, vector: Value, total: Value) -> Value:
        v, lanes = f.vectors.int, f.vectors.lanes
        numbers, weights, sums = (f.bits(each) for each in (number, vector, total))
        if f.vectors.products == "vnni":
            call = f"@llvm.x86.avx512.vpdpbusd.512({v} {sums}, {v} {numbers}, {v} {weights})"
            return f.of_bits(f.value(f"call {v} {call}"))
        pairs, wide = f"<{2 * lanes} x i16>", f"<{2 * lanes} x i32>"
        halves = [f.value(f"bitcast {v} {each} to {pairs}") for each in (numbers, weights)]
        if f.vectors.products == "pairs":
            both = ", ".join(f"{pairs} {each}" for each in halves)
            made = f.value(f"call {v} @llvm.x86.{_PAIRS[lanes]}({both})")
        else:
            first, second = (f.value(f"sext {pairs} {each} to {wide}") for each in halves)
            products = f.value(f"mul {wide} {first}, {second}")
            each = [_every_other(f, products, wide, first) for first in (0, 1)]
            made = f.integer("add", *each)
        return f.of_bits(f.integer("add", sums, made))

    def result(self, f: Function, total: Value, factor: Value) -> Value:
        real = f.value(f"sitofp {f.vectors.int} {f.bits(total)} to {f.vectors.float}")
        return f.vector("fmul", real, factor)


@dataclass(frozen=True)
class WholeChannels:
    """Whole numbers, a channel in each lane, whose few products are summed as floats.

    Products of 8 bits and sums of up to :data:`MOST_TAPS` of them are whole numbers below 2²⁴,
    which floats hold exactly.

    Attributes:
        dtype: What the numbers are kept as.
    """

    scaled = True
    dtype: DType

    def load(self, f: Function, pointer: Value, offset: Index) -> Value:
        """Append what reads a vector of them as floats."""
        unit = UNITS[self.dtype]
        kind = f"<{f.vectors.lanes} x {unit}>"
        narrow = f.value(f"load {kind}, ptr {f.at(pointer, offset, unit)}, align 1")
        extend = "zext" if self.dtype == "uint8" else "sext"
        whole = f.value(f"{extend} {kind} {narrow} to {f.vectors.int}")
        return f.value(f"sitofp {f.vectors.int} {whole} to {f.vectors.float}")

    def result(self, f: Function, total: Value, bias: Value, factor: Value) -> Value:
        """Append the floats that sums come to, with their biases."""
        whole = f.value(f"fptosi {f.vectors.float} {total} to {f.vectors.int}")
        biased = f.integer("add", whole, f.bits(bias))
        real = f.value(f"sitofp {f.vectors.int} {biased} to {f.vectors.float}")
        return f.vector("fmul", real, factor)


def _every_other(f: Function, products: Value, wide: str, first: int) -> Value:
    order = ", ".join(f"i32 {2 * i + first}" for i in range(f.vectors.lanes))
    return f.value(f"shufflevector {wide} {products}, {wide} poison, {f.vectors.int} <{order}>")


def store_whole(
    f: Function, operation: Quantise, dtype: DType, x: Value, target: Value, offset: Index
) -> None:
    """Append what makes whole numbers of floats and writes them.

    Args:
        f: The function.
        operation: Their scale and bounds.
        dtype: What they are kept as.
        x: The floats.
        target: Pointer to where they go.
        offset: How many numbers from there.
    """
    steps = f.vector("fmul", x, f.constant(float(operation.inverse)))
    low, high = f.constant(operation.low), f.constant(operation.high)
    above = f.choose(f.compare("ogt", steps, low), steps, low)  # NaN becomes the smallest
    within = f.choose(f.compare("olt", above, high), above, high)
    bits = f.bits(f.vector("fadd", within, f.constant(MAGIC)))
    unit = "i16" if dtype == "int16" else "i8"
    kind = f"<{f.vectors.lanes} x {unit}>"
    narrow = f.value(f"trunc {f.vectors.int} {bits} to {kind}")
    f.do(f"store {kind} {narrow}, ptr {f.at(target, offset, unit)}, align 1")
