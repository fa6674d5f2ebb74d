"""Writing LLVM's assembly language: one function, its values, loops and vectors.

Text is written rather than objects built: it is quick to make, and what a reader sees is what LLVM
gets. Values are in single-assignment form from the start (a loop's running values are its ``phi``
nodes), so that LLVM's code generator alone makes good code of it, without any optimisation pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from pellucid.engines.native.emit.text import definition, hexadecimal

Value = str
"""The name of a value (``%v17``) or a constant (``0``) in the text."""

Index = int | Value
"""A 64-bit whole number: known now, or a value of the program."""

Body = Callable[[Index, list[Value]], list[Value]]

Products = Literal["vnni", "pairs", "plain"]
"""How products of whole numbers are added to sums of 32 bits: four of 8 bits at once, two of 16
bits, or two of 16 bits with plain vectors. All are exact, and so give the same sums."""

MEMORY = "%memory"
"""The arena. Offsets that are known while code is written are not part of it: a function finds the
addresses that it works on in a table, and so serves all stages that differ in them alone."""


@dataclass(frozen=True)
class Vectors:
    """Vectors of float32 as wide as the processor's registers, and how many of those there are.

    ``products`` is how the processor adds products of whole numbers, see :data:`Products`,
    ``bfloat16`` whether it has products of these, ``folds`` whether it multiplies from memory.
    """

    lanes: int
    registers: int = 16
    products: Products = "plain"
    bfloat16: bool = False
    folds: bool = True

    @property
    def sums(self) -> int:
        """Sums that a tile may hold in registers; the rest of them is for operands."""
        return self.registers * 3 // 4

    @property
    def float(self) -> str:
        """The type of a vector of floats."""
        return f"<{self.lanes} x float>"

    @property
    def int(self) -> str:
        """The type of a vector of 32-bit whole numbers, and of comparisons' masks once widened."""
        return f"<{self.lanes} x i32>"

    @property
    def byte(self) -> str:
        """The type of a vector of bytes."""
        return f"<{self.lanes} x i8>"

    @property
    def mask(self) -> str:
        """The type of a comparison of vectors."""
        return f"<{self.lanes} x i1>"


class Function:
    """One function under construction.

    Args:
        name: Its name.
        parameters: (type, name) of each; a parameter ``x`` is the value ``%x``.
        vectors: The width of its vectors.
        split: What its units are: ``images``, or the ``rows`` or ``blocks`` of filters of an image.
        rows: How many of these a unit has, where units are rows.

    Attributes:
        places: The offsets into the arena that it works on, in bytes, in the order in which it
            expects their addresses in its table.
    """

    def __init__(
        self,
        name: str,
        parameters: Sequence[tuple[str, str]],
        vectors: Vectors,
        split: str = "images",
        rows: int = 1,
    ) -> None:
        self.name = name
        self.vectors = vectors
        self.split = split
        self.rows = rows
        self.places: dict[int, Value] = {}
        self._parameters = parameters
        self._lines: list[str] = []
        self._values = 0
        self._labels = 0
        self._block = "entry"

    def extent(self, what: str, whole: int = 1) -> tuple[Index, Index]:
        """From where to where its loop over images, rows or blocks goes.

        That is its share where this is what its work is split into, else the whole: of images one,
        since only the work of a single image is split into anything else.
        """
        if what != self.split:
            return 0, whole
        if self.rows == 1 or what != "rows":
            return "%first", "%last"
        return self.multiply("%first", self.rows), self.smaller(
            self.multiply("%last", self.rows), whole
        )

    @contextmanager
    def narrowed(self, lanes: int) -> Iterator[None]:
        """Write code with vectors of fewer lanes for a while."""
        own, self.vectors = self.vectors, replace(self.vectors, lanes=lanes)
        try:
            yield
        finally:
            self.vectors = own

    # ------------------------------------------------------------------------------- instructions

    def value(self, instruction: str) -> Value:
        """Append an instruction that has a value; its name."""
        name = self._name()
        self._lines.append(f"  {name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Append an instruction that has none."""
        self._lines.append(f"  {instruction}")

    def add(self, a: Index, b: Index) -> Index:
        """A + b, computed now if both are known."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self.value(f"add nsw i64 {a}, {b}")

    def multiply(self, a: Index, b: Index) -> Index:
        """A · b, computed now if both are known."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 1 or b == 1:
            return b if a == 1 else a
        return self.value(f"mul nsw i64 {a}, {b}")

    def divide(self, a: Index, b: int) -> Index:
        """⌊a / b⌋ for a ≥ 0."""
        return a // b if isinstance(a, int) else self.value(f"udiv i64 {a}, {b}")

    def smaller(self, a: Index, b: Index) -> Index:
        """The smaller of two."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        less = self.value(f"icmp slt i64 {a}, {b}")
        return self.value(f"select i1 {less}, i64 {a}, i64 {b}")

    def larger(self, a: Index, b: Index) -> Index:
        """The larger of two."""
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        more = self.value(f"icmp sgt i64 {a}, {b}")
        return self.value(f"select i1 {more}, i64 {a}, i64 {b}")

    def within(self, a: Index, most: int) -> Index:
        """A, but at least 0 and at most so much."""
        if isinstance(a, int):
            return max(0, min(a, most))
        less = self.value(f"icmp slt i64 {a}, 0")
        return self.smaller(self.value(f"select i1 {less}, i64 0, i64 {a}"), most)

    # ------------------------------------------------------------------------------------- memory

    def at(self, pointer: Value, offset: Index, unit: str = "float") -> Value:
        """A pointer moved by a number of units."""
        if pointer == MEMORY:
            assert isinstance(offset, int)
            return self.places.setdefault(offset, f"%place{len(self.places)}")
        if offset == 0:
            return pointer
        return self.value(f"getelementptr inbounds {unit}, ptr {pointer}, i64 {offset}")

    def distance(self, first: int, second: int) -> Value:
        """Floats from one place in the arena to another.

        For distances that depend on how many images there is room for: code that finds them in its
        table serves batches of any size.
        """
        starts = [
            self.value(f"ptrtoint ptr {self.at(MEMORY, offset)} to i64")
            for offset in (first, second)
        ]
        octets = self.value(f"sub i64 {starts[1]}, {starts[0]}")
        return self.value(f"ashr exact i64 {octets}, 2")

    def load(self, pointer: Value, offset: Index = 0) -> Value:
        """The float there."""
        return self.value(f"load float, ptr {self.at(pointer, offset)}, align 4")

    def load_vector(self, pointer: Value, offset: Index = 0) -> Value:
        """The vector of floats that begins there."""
        return self.value(f"load {self.vectors.float}, ptr {self.at(pointer, offset)}, align 4")

    def store_vector(self, vector: Value, pointer: Value, offset: Index = 0) -> None:
        """Write a vector of floats there."""
        self.do(f"store {self.vectors.float} {vector}, ptr {self.at(pointer, offset)}, align 4")

    def load_bytes(self, pointer: Value, offset: Index = 0) -> Value:
        """As many bytes as a vector has lanes, each widened to a 32-bit whole number."""
        place = self.at(pointer, offset, "i8")
        narrow = self.value(f"load {self.vectors.byte}, ptr {place}, align 1")
        return self.value(f"zext {self.vectors.byte} {narrow} to {self.vectors.int}")

    def store_bytes(self, vector: Value, pointer: Value, offset: Index = 0) -> None:
        """Write a vector of whole numbers 0..255 as bytes."""
        narrow = self.value(f"trunc {self.vectors.int} {vector} to {self.vectors.byte}")
        place = self.at(pointer, offset, "i8")
        self.do(f"store {self.vectors.byte} {narrow}, ptr {place}, align 1")

    # ------------------------------------------------------------------------------------ vectors

    @property
    def zero(self) -> Value:
        """A vector of zeros."""
        return "zeroinitializer"

    @contextmanager
    def halved(self) -> Iterator[None]:
        """What is appended within works on vectors of half as many lanes."""
        whole = self.vectors
        self.vectors = replace(whole, lanes=whole.lanes // 2)
        try:
            yield
        finally:
            self.vectors = whole

    def opaque(self, x: Value) -> Value:
        """X itself, of which LLVM does not know what it is made of, and makes no copy of a part."""
        v = self.vectors.float
        return self.value(f"call {v} @llvm.arithmetic.fence.v{self.vectors.lanes}f32({v} {x})")

    def first_half(self, vector: Value) -> Value:
        """The first half of a vector's lanes."""
        kind, lanes = self.vectors.float, range(self.vectors.lanes // 2)
        mask = f"<{len(lanes)} x i32> <{', '.join(f'i32 {lane}' for lane in lanes)}>"
        return self.value(f"shufflevector {kind} {vector}, {kind} poison, {mask}")

    def filled_up(self, half: Value) -> Value:
        """A vector with a half one's lanes first, and zeros in the others."""
        count = self.vectors.lanes
        mask = f"{self.vectors.int} <{', '.join(f'i32 {lane}' for lane in range(count))}>"
        kind = f"<{count // 2} x float>"
        return self.value(f"shufflevector {kind} {half}, {kind} {self.zero}, {mask}")

    def broadcast(self, scalar: Value) -> Value:
        """A vector with the same float in every lane."""
        kind = self.vectors.float
        first = self.value(f"insertelement {kind} poison, float {scalar}, i32 0")
        return self.value(
            f"shufflevector {kind} {first}, {kind} poison, {self.vectors.int} zeroinitializer"
        )

    def constant(self, number: float) -> Value:
        """A vector with the same known float in every lane."""
        return f"splat (float {hexadecimal(number)})"

    def constants(self, numbers: Sequence[float]) -> Value:
        """A vector of known floats, one for each lane."""
        return f"<{', '.join(f'float {hexadecimal(number)}' for number in numbers)}>"

    def whole(self, number: int) -> Value:
        """A vector with the same known 32-bit whole number in every lane."""
        return f"splat (i32 {number})"

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """A · b + c, in one rounding where the processor can."""
        v = self.vectors.float
        return self.value(
            f"call {v} @llvm.fmuladd.v{self.vectors.lanes}f32({v} {a}, {v} {b}, {v} {c})"
        )

    def vector(self, operation: str, a: Value, b: Value) -> Value:
        """``fadd``, ``fsub``, ``fmul`` or ``fdiv`` lane by lane."""
        return self.value(f"{operation} {self.vectors.float} {a}, {b}")

    def compare(self, condition: str, a: Value, b: Value) -> Value:
        """A mask: where a and b fulfil a floating-point condition (``ogt``, ``uno`` …)."""
        return self.value(f"fcmp {condition} {self.vectors.float} {a}, {b}")

    def equal(self, a: Value, b: Value) -> Value:
        """A mask: where whole numbers are equal."""
        return self.value(f"icmp eq {self.vectors.int} {a}, {b}")

    def both(self, a: Value, b: Value) -> Value:
        """The lanes in both masks."""
        return self.value(f"and {self.vectors.mask} {a}, {b}")

    def either(self, a: Value, b: Value) -> Value:
        """The lanes in one of two masks, or both."""
        return self.value(f"or {self.vectors.mask} {a}, {b}")

    def choose(self, mask: Value, a: Value, b: Value) -> Value:
        """Floats of a where the mask is set, of b elsewhere."""
        v = self.vectors.float
        return self.value(f"select {self.vectors.mask} {mask}, {v} {a}, {v} {b}")

    def choose_whole(self, mask: Value, a: Value, b: Value) -> Value:
        """Whole numbers of a where the mask is set, of b elsewhere."""
        v = self.vectors.int
        return self.value(f"select {self.vectors.mask} {mask}, {v} {a}, {v} {b}")

    def square_root(self, x: Value) -> Value:
        """√x lane by lane."""
        v = self.vectors.float
        return self.value(f"call {v} @llvm.sqrt.v{self.vectors.lanes}f32({v} {x})")

    def integer(self, operation: str, a: Value, b: Value) -> Value:
        """``add``, ``sub``, ``and``, ``xor``, ``shl``, ``ashr`` … of 32-bit whole numbers."""
        return self.value(f"{operation} {self.vectors.int} {a}, {b}")

    def bits(self, x: Value) -> Value:
        """A vector of floats as the 32-bit whole numbers that they are stored as."""
        return self.value(f"bitcast {self.vectors.float} {x} to {self.vectors.int}")

    def of_bits(self, bits: Value) -> Value:
        """The reverse of :meth:`bits`."""
        return self.value(f"bitcast {self.vectors.int} {bits} to {self.vectors.float}")

    def rectify(self, x: Value) -> Value:
        """max(0, x); NaN stays NaN, because 0 > NaN is false."""
        return self.choose(self.compare("ogt", self.zero, x), self.zero, x)

    # ------------------------------------------------------------------------------------ control

    def loop(
        self,
        start: Index,
        stop: Index,
        step: int,
        body: Body,
        running: Sequence[tuple[str, Value]] = (),
    ) -> list[Value]:
        """``for i in range(start, stop, step)``.

        Args:
            start: First i.
            stop: Where to end, not included.
            step: At least 1.
            body: Called once, now: appends the body's code for an i and the running values, and
                gives their new values.
            running: (type, first value) of what is carried from turn to turn.

        Returns:
            The running values after the loop.
        """
        first = [value for _, value in running]
        if isinstance(start, int) and isinstance(stop, int):
            if stop <= start:
                return first
            if stop - start <= step:
                return body(start, first)
        return self._loop(start, stop, step, body, running)

    def _loop(
        self,
        start: Index,
        stop: Index,
        step: int,
        body: Body,
        running: Sequence[tuple[str, Value]],
    ) -> list[Value]:
        self._labels += 1
        label = self._labels
        before, enter = self._block, f"loop{label}"
        check, after = f"check{label}", f"after{label}"
        self.do(f"br label %{check}")

        # Tested at the top, because a program's value may ask for no turn at all.
        self._begin(check)
        i = self._name()
        values = [self._name() for _ in running]
        place = len(self._lines)
        more = self.value(f"icmp slt i64 {i}, {stop}")
        self.do(f"br i1 {more}, label %{enter}, label %{after}")
        self._begin(enter)
        results = body(i, values)
        following = self.value(f"add nsw i64 {i}, {step}")
        self.do(f"br label %{check}")
        phis = [f"  {i} = phi i64 [ {start}, %{before} ], [ {following}, %{self._block} ]"]
        for (kind, first), value, result in zip(running, values, results, strict=True):
            phis.append(
                f"  {value} = phi {kind} [ {first}, %{before} ], [ {result}, %{self._block} ]"
            )
        self._lines[place:place] = phis
        self._begin(after)
        return values

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        """Run the body's code only where a one-bit condition holds."""
        self._labels += 1
        inside, after = f"then{self._labels}", f"done{self._labels}"
        self.do(f"br i1 {condition}, label %{inside}, label %{after}")
        self._begin(inside)
        body()
        self.do(f"br label %{after}")
        self._begin(after)

    @property
    def signature(self) -> str:
        """Its parameters, as they are declared."""
        return ", ".join(f"{kind} %{name}" for kind, name in self._parameters)

    def text(self) -> str:
        """The whole function."""
        return definition(self.name, self.signature, self.body())

    def body(self) -> str:
        """What it does: its addresses from the table, then its instructions."""
        addresses = [
            f"  {place}.slot = getelementptr inbounds ptr, ptr {MEMORY}, i64 {number}\n"
            f"  {place} = load ptr, ptr {place}.slot"
            for number, place in enumerate(self.places.values())
        ]
        return "\n".join([*addresses, *self._lines])

    def _begin(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _name(self) -> Value:
        self._values += 1
        return f"%v{self._values}"
