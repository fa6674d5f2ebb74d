"""ln x on vectors, and powers by way of it.

The constants are those of S. L. Moshier's Cephes library (1984–1992): ``logf.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.exponential import LN_2, exponential, polynomial

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Value

SQRT_HALF = 0.707106781186547524

LOGARITHM = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
"""(ln(1 + t) − t + t²/2) / t³ for √½ ≤ 1 + t < √2, from the highest power on."""


def logarithm(f: Function, x: Value) -> Value:
    """The natural logarithm of normal numbers above zero; of infinity and NaN, themselves.

    x = 2ᵉ · (1 + t) with t small, and ln x = e · ln 2 + ln(1 + t).
    """
    bits = f.bits(x)
    exponent = f.integer("sub", f.integer("lshr", bits, f.whole(23)), f.whole(126))
    digits = f.integer("and", bits, f.whole(0x007FFFFF))
    fraction = f.of_bits(f.integer("or", digits, f.whole(0x3F000000)))  # ½ to 1

    low = f.compare("olt", fraction, f.constant(SQRT_HALF))
    exponent = f.integer("sub", exponent, f.choose_whole(low, f.whole(1), f.whole(0)))
    doubled = f.choose(low, f.vector("fadd", fraction, fraction), fraction)
    t = f.vector("fsub", doubled, f.constant(1.0))
    kind = f.vectors
    e = f.value(f"sitofp {kind.int} {exponent} to {kind.float}")

    square = f.vector("fmul", t, t)
    cube = f.vector("fmul", square, t)
    tail = f.vector("fmul", polynomial(f, t, LOGARITHM), cube)
    tail = f.fma(e, f.constant(LN_2[1]), tail)
    tail = f.fma(square, f.constant(-0.5), tail)
    result = f.fma(e, f.constant(LN_2[0]), f.vector("fadd", t, tail))
    finite = f.compare("olt", x, f.constant(float("inf")))
    return f.choose(finite, result, x)


def power(f: Function, x: Value, exponent: float) -> Value:
    """A known power of normal x above zero: e^(exponent · ln x).

    The result's relative error is about 1e-7 · (1 + |exponent · ln x|).
    """
    if exponent == 0.0:
        return f.constant(1.0)
    return exponential(f, f.vector("fmul", logarithm(f, x), f.constant(exponent)))
