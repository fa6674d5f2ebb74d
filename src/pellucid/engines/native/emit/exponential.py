"""e^x on vectors, and the two squashing functions that are made of it.

The constants are those of S. L. Moshier's Cephes library (1984–1992): ``expf.c`` and ``tanhf.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Value

LARGEST = 89.0
"""From here on e^x is infinite in float32."""

SMALLEST = -104.0
"""Up to here it is zero."""

LOG2_E = 1.44269504088896341
LN_2 = 0.693359375, -2.12194440e-4
"""ln 2 in two parts; n times the first is exact for every n that occurs."""

ROUND = 1.5 * 2.0**23
"""Added to a number below 2²², it leaves the nearest whole number in the sum's last bits."""

EXPONENTIAL = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
    5.0000001201e-1,
)  # fmt: skip
"""(e^r − 1 − r) / r² for |r| ≤ ½ ln 2, from the highest power on."""

TANGENT = (
    -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
)  # fmt: skip
"""(tanh x − x) / x³ in powers of x², for |x| < 0.625."""

SIGN = -(2**31)
"""The bit of a float that is set when it is negative."""


def polynomial(f: Function, x: Value, coefficients: Sequence[float]) -> Value:
    """A polynomial by Horner's rule; coefficients from the highest power on."""
    total = f.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        total = f.fma(total, x, f.constant(coefficient))
    return total


def exponential(f: Function, x: Value) -> Value:
    """e^x = 2ⁿ · e^r, with n whole and |r| ≤ ½ ln 2; within 2 units in the last place.

    Infinity, zero and NaN come out where they should.
    """
    # Written so that NaN, which compares false, goes through.
    x = f.choose(f.compare("ogt", x, f.constant(LARGEST)), f.constant(LARGEST), x)
    x = f.choose(f.compare("olt", x, f.constant(SMALLEST)), f.constant(SMALLEST), x)

    rounded = f.fma(x, f.constant(LOG2_E), f.constant(ROUND))
    n = f.vector("fsub", rounded, f.constant(ROUND))
    r = f.fma(n, f.constant(-LN_2[0]), x)
    r = f.fma(n, f.constant(-LN_2[1]), r)
    tail = f.fma(polynomial(f, r, EXPONENTIAL), f.vector("fmul", r, r), r)
    power = f.vector("fadd", tail, f.constant(1.0))

    # 2ⁿ in two factors, each of which is a normal number even where the product is none.
    whole = f.integer("sub", f.bits(rounded), f.bits(f.constant(ROUND)))
    half = f.integer("ashr", whole, f.whole(1))
    for part in (half, f.integer("sub", whole, half)):
        biased = f.integer("add", part, f.whole(127))
        power = f.vector("fmul", power, f.of_bits(f.integer("shl", biased, f.whole(23))))
    return power


def sigmoid(f: Function, x: Value) -> Value:
    """1 / (1 + e^−x), without overflow: of e^−|x|, as the reference has it."""
    negative = f.of_bits(f.integer("or", f.bits(x), f.whole(SIGN)))
    small = exponential(f, negative)
    above = f.choose(f.compare("oge", x, f.zero), f.constant(1.0), small)
    return f.vector("fdiv", above, f.vector("fadd", small, f.constant(1.0)))


def tanh(f: Function, x: Value) -> Value:
    """Of |x| with the sign of x: a polynomial near zero, 1 − 2 / (e^2|x| + 1) further out."""
    sign = f.integer("and", f.bits(x), f.whole(SIGN))
    size = f.of_bits(f.integer("xor", f.bits(x), sign))

    square = f.vector("fmul", size, size)
    bend = f.vector("fmul", f.vector("fmul", polynomial(f, square, TANGENT), square), size)
    near = f.vector("fadd", size, bend)

    power = exponential(f, f.vector("fadd", size, size))
    below = f.vector("fadd", power, f.constant(1.0))
    far = f.vector("fsub", f.constant(1.0), f.vector("fdiv", f.constant(2.0), below))

    result = f.choose(f.compare("olt", size, f.constant(0.625)), near, far)
    return f.of_bits(f.integer("or", f.bits(result), sign))
