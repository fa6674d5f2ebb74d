"""Vectors of double precision, for the few sums that would lose too much in single.

A loss is a small difference of large numbers, and a norm a sum of very many squares. These vectors
have as many lanes as those of floats, and so take two registers each.

The constants are those of S. L. Moshier's Cephes library (1984–2000): ``exp.c`` and ``log.c``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value

SMALLEST = -700.0
"""The least number that is raised to a power: the result is zero in single precision by far."""

LOG2_E = 1.44269504088896341
LN_2_EXPONENTIAL = 6.93145751953125e-1, 1.42860682030941723212e-6
LN_2_LOGARITHM = 6.93359375e-1, -2.121944400546905827679e-4
"""ln 2 in two parts; n times the first is exact for every n that occurs."""

ROUND = 1.5 * 2.0**52
"""Added to a small number, it leaves the nearest whole number in the sum's last bits."""

ROUND_BITS = 0x4338000000000000
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD

POWER = 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1
POWER_BELOW = (
    3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.0,
)  # fmt: skip
"""e^r = 1 + 2·r·P(r²) / (Q(r²) − r·P(r²)) for |r| ≤ ½ ln 2, from the highest power on."""

LOGARITHM = (
    1.01875663804580931796e-4, 4.97494994976747001425e-1, 4.70579119878881725854e0,
    1.44989225341610930846e1, 1.79368678507819816313e1, 7.70838733755885391666e0,
)  # fmt: skip
LOGARITHM_BELOW = (
    1.0, 1.12873587189167450590e1, 4.52279145837532221105e1, 8.29875266912776603211e1,
    7.11544750618563894466e1, 2.31251620126765340583e1,
)  # fmt: skip
"""ln(1 + t) = t − t²/2 + t³·P(t)/Q(t) for √½ ≤ 1 + t < √2, from the highest power on."""

DOUBLE = 2
"""Floats in the room of a double."""


class Doubles:
    """Appends instructions on vectors of doubles to a function."""

    def __init__(self, f: Function) -> None:
        self.f, self.lanes = f, f.vectors.lanes
        self.kind, self.whole = f"<{self.lanes} x double>", f"<{self.lanes} x i64>"

    @property
    def zero(self) -> Value:
        """A vector of zeros."""
        return "zeroinitializer"

    def constant(self, number: float) -> Value:
        """A vector with the same known number in every lane."""
        return f"splat (double {exactly(number)})"

    def widen(self, x: Value) -> Value:
        """A vector of floats as doubles."""
        return self.f.value(f"fpext {self.f.vectors.float} {x} to {self.kind}")

    def narrow(self, x: Value) -> Value:
        """A vector of doubles as floats."""
        return self.f.value(f"fptrunc {self.kind} {x} to {self.f.vectors.float}")

    def apply(self, operation: str, a: Value, b: Value) -> Value:
        """``fadd``, ``fsub``, ``fmul`` or ``fdiv`` lane by lane."""
        return self.f.value(f"{operation} {self.kind} {a}, {b}")

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """A · b + c, in one rounding where the processor can."""
        k = self.kind
        return self.f.value(f"call {k} @llvm.fmuladd.v{self.lanes}f64({k} {a}, {k} {b}, {k} {c})")

    def keep(self, real: Value | None, x: Value) -> Value:
        """X, with zeros in the lanes that hold no channel."""
        return x if real is None else self.choose(real, x, self.zero)

    def choose(self, mask: Value, a: Value, b: Value) -> Value:
        """Numbers of a where the mask is set, of b elsewhere."""
        k = self.kind
        return self.f.value(f"select {self.f.vectors.mask} {mask}, {k} {a}, {k} {b}")

    def compare(self, condition: str, a: Value, b: Value) -> Value:
        """A mask: where a and b fulfil a floating-point condition."""
        return self.f.value(f"fcmp {condition} {self.kind} {a}, {b}")

    def total(self, x: Value) -> Value:
        """The sum of all lanes, in every lane; always in the same order."""
        distance = self.lanes // 2
        while distance:
            order = ", ".join(f"i32 {i ^ distance}" for i in range(self.lanes))
            moved = self.f.value(
                f"shufflevector {self.kind} {x}, {self.kind} poison, {self.f.vectors.int} <{order}>"
            )
            x = self.apply("fadd", x, moved)
            distance //= 2
        return x

    def first(self, x: Value) -> Value:
        """The first lane, as a number by itself."""
        return self.f.value(f"extractelement {self.kind} {x}, i32 0")

    def broadcast(self, number: Value) -> Value:
        """A vector with the same number in every lane."""
        one = self.f.value(f"insertelement {self.kind} poison, double {number}, i32 0")
        order = f"{self.f.vectors.int} zeroinitializer"
        return self.f.value(f"shufflevector {self.kind} {one}, {self.kind} poison, {order}")

    def load_vector(self, pointer: Value, offset: Index) -> Value:
        """The vector of doubles that begins a number of doubles from there."""
        place = self.f.at(pointer, offset, "double")
        return self.f.value(f"load {self.kind}, ptr {place}, align 8")

    def load(self, pointer: Value, offset: Index = 0) -> Value:
        """The double there."""
        return self.f.value(f"load double, ptr {self.f.at(pointer, offset, 'double')}, align 8")

    def store(self, number: Value, pointer: Value, offset: Index = 0) -> None:
        """Write a double there."""
        self.f.do(f"store double {number}, ptr {self.f.at(pointer, offset, 'double')}, align 8")

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """A polynomial by Horner's rule; coefficients from the highest power on."""
        result = self.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            result = self.fma(result, x, self.constant(coefficient))
        return result

    def exponential(self, x: Value) -> Value:
        """e^x for x ≤ 0, within 2 units in the last place, but never below e^−700; of NaN, NaN."""
        low = self.compare("olt", x, self.constant(SMALLEST))
        bounded = self.choose(low, self.constant(SMALLEST), x)
        rounded = self.fma(bounded, self.constant(LOG2_E), self.constant(ROUND))
        n = self.apply("fsub", rounded, self.constant(ROUND))
        r = self.fma(n, self.constant(-LN_2_EXPONENTIAL[0]), bounded)
        r = self.fma(n, self.constant(-LN_2_EXPONENTIAL[1]), r)

        square = self.apply("fmul", r, r)
        above = self.apply("fmul", r, self.polynomial(square, POWER))
        below = self.apply("fsub", self.polynomial(square, POWER_BELOW), above)
        quotient = self.apply("fdiv", above, below)
        power = self.fma(quotient, self.constant(2.0), self.constant(1.0))

        # The last bits of the sum are n; moved up, they are added to the exponent.
        exponent = self._integer("shl", self._bits(rounded), self._every(52))
        result = self._of_bits(self._integer("add", self._bits(power), exponent))
        return self.choose(self.compare("uno", x, x), x, result)

    def logarithm(self, x: Value) -> Value:
        """The natural logarithm of x ≥ 1; of infinity and NaN, themselves."""
        bits = self._bits(x)
        # Counted from √½, so that the fraction comes out between √½ and √2.
        shifted = self._integer("sub", bits, self._every(SQRT_HALF_BITS))
        exponent = self._integer("lshr", shifted, self._every(52))
        scaled = self._integer("shl", exponent, self._every(52))
        t = self.apply(
            "fsub", self._of_bits(self._integer("sub", bits, scaled)), self.constant(1.0)
        )
        rounded = self._of_bits(self._integer("add", exponent, self._every(ROUND_BITS)))
        e = self.apply("fsub", rounded, self.constant(ROUND))

        square = self.apply("fmul", t, t)
        quotient = self.apply(
            "fdiv", self.polynomial(t, LOGARITHM), self.polynomial(t, LOGARITHM_BELOW)
        )
        tail = self.apply("fmul", self.apply("fmul", square, t), quotient)
        tail = self.fma(e, self.constant(LN_2_LOGARITHM[1]), tail)
        tail = self.fma(square, self.constant(-0.5), tail)
        result = self.fma(e, self.constant(LN_2_LOGARITHM[0]), self.apply("fadd", t, tail))
        return self.choose(self.compare("olt", x, self.constant(float("inf"))), result, x)

    def logarithm_1p(self, x: Value) -> Value:
        """ln(1 + x) for x ≥ 0, to full relative precision near 0 too; of infinity and NaN, NaN.

        ln u + (x − (u − 1)) / u with u = 1 + x as it is rounded: the second term makes up for what
        the rounding took.
        """
        one = self.constant(1.0)
        u = self.apply("fadd", one, x)
        lost = self.apply("fsub", x, self.apply("fsub", u, one))
        return self.apply("fadd", self.logarithm(u), self.apply("fdiv", lost, u))

    def _bits(self, x: Value) -> Value:
        return self.f.value(f"bitcast {self.kind} {x} to {self.whole}")

    def _of_bits(self, bits: Value) -> Value:
        return self.f.value(f"bitcast {self.whole} {bits} to {self.kind}")

    def _integer(self, operation: str, a: Value, b: Value) -> Value:
        return self.f.value(f"{operation} {self.whole} {a}, {b}")

    def _every(self, number: int) -> Value:
        return f"splat (i64 {number})"


def exactly(number: float) -> str:
    """A double as LLVM writes it exactly."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
