"""Functions and random words that are written instruction by instruction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import counter_random as random
from pellucid.engines.native.emit.exponential import exponential, sigmoid, tanh
from pellucid.engines.native.emit.logarithm import logarithm, power
from pellucid.engines.native.emit.random import in_order, random_words, write_counter
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.engines.native.vectors import apply, apply_double, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Value

    Compiled = Callable[[Function, Value], Value]
    Exact = Callable[[NDArray[np.float64]], NDArray[np.float64]]

POINTS = 1 << 17


def off(actual: NDArray[np.float32], exact: NDArray[np.float64]) -> float:
    """The largest error, in units in the last place of the exact value."""
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return float((np.abs(actual.astype(np.float64) - exact) / unit).max())


CURVES: dict[str, tuple[Compiled, Exact, NDArray[np.float64], float]] = {
    "exponential": (exponential, np.exp, np.linspace(-87.3, 88.7, POINTS), 2.0),
    "exponential near zero": (exponential, np.exp, np.linspace(-1e-3, 1e-3, POINTS), 2.0),
    "sigmoid": (sigmoid, lambda x: 1 / (1 + np.exp(-x)), np.linspace(-87.0, 20.0, POINTS), 3.0),
    "tanh": (tanh, np.tanh, np.linspace(-12.0, 12.0, POINTS), 2.0),
    "tanh near zero": (tanh, np.tanh, np.geomspace(1e-30, 1.0, POINTS), 2.0),
    "logarithm": (logarithm, np.log, np.geomspace(1e-37, 3e38, POINTS), 2.0),
    "logarithm near one": (logarithm, np.log, np.linspace(0.6, 0.999, POINTS), 2.0),
    "logarithm above one": (logarithm, np.log, np.linspace(1.001, 1.8, POINTS), 2.0),
}
"""The function, what it should be, where it is tried, and how far off it may be."""


@pytest.mark.parametrize("name", CURVES)
def test_accuracy(name: str) -> None:
    compiled, exact, points, limit = CURVES[name]
    x = points.astype(np.float32)
    assert off(apply(compiled, x), exact(x.astype(np.float64))) <= limit


@pytest.mark.parametrize("exponent", [-0.75, -0.5, -2.0, 0.0, -100.0, 1.5])
def test_powers(exponent: float) -> None:
    x = np.geomspace(0.5, 8.0, POINTS).astype(np.float32)
    exact = x.astype(np.float64) ** exponent
    x, exact = x[exact > 1e-37], exact[exact > 1e-37]
    grown = 1 + np.abs(exponent * np.log(x.astype(np.float64)))
    actual = apply(lambda f, v: power(f, v, exponent), x)
    assert (np.abs(actual / exact - 1) / grown).max() <= 2e-7


DOUBLE_CURVES: dict[str, tuple[str, Exact, NDArray[np.float64]]] = {
    "exponential": ("exponential", np.exp, np.linspace(-699.0, 0.0, POINTS // 8)),
    "exponential near zero": ("exponential", np.exp, -np.geomspace(1e-20, 1.0, POINTS // 8)),
    "logarithm": ("logarithm", np.log, np.geomspace(1.0, 1e300, POINTS // 8)),
    "logarithm near one": ("logarithm", np.log1p, np.geomspace(1e-10, 1.0, POINTS // 8)),
}
"""The function, what it should be, and where it is tried; near one, how far from it."""


@pytest.mark.parametrize("name", DOUBLE_CURVES)
def test_accuracy_in_double_precision(name: str) -> None:
    function, exact, points = DOUBLE_CURVES[name]
    if exact is np.log1p:
        points = (1.0 + points) - 1.0  # as far as a double can be from one
    x = 1.0 + points if exact is np.log1p else points
    expected = exact(points)
    apart = np.abs(apply_double(function, x) - expected)
    assert (apart / np.spacing(np.abs(expected))).max() <= 2.0


def test_extremes_in_double_precision() -> None:
    x = np.array([0.0, -0.0, -701.0, -1e4, -1e300, -np.inf, np.nan])
    np.testing.assert_allclose(apply_double("exponential", x), np.exp(x), rtol=0, atol=1e-300)
    x = np.array([1.0, np.inf, np.nan, np.finfo(np.float64).max])
    np.testing.assert_allclose(apply_double("logarithm", x), np.log(x), rtol=1e-15)


EXTREMES = np.array(
    [np.inf, -np.inf, np.nan, 0.0, -0.0, 3.4e38, -3.4e38, 88.8, 104.1, -104.1, 1e4, -1e4],
    np.float32,
)


@pytest.mark.parametrize(
    ("compiled", "exact"),
    [(exponential, np.exp), (sigmoid, lambda x: 1 / (1 + np.exp(-x))), (tanh, np.tanh)],
    ids=["exponential", "sigmoid", "tanh"],
)
def test_extremes(compiled: Compiled, exact: Exact) -> None:
    with np.errstate(over="ignore"):
        expected = exact(EXTREMES.astype(np.float64)).astype(np.float32)
    actual = apply(compiled, EXTREMES)
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-44)
    np.testing.assert_array_equal(np.signbit(actual[3:5]), np.signbit(expected[3:5]))


def test_extreme_logarithms() -> None:
    x = np.array([np.inf, np.nan, 1.0, 1.2e-38], np.float32)
    expected = np.log(x.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(apply(logarithm, x), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("seed", "step", "layer"), [(0, 0, 0), (7, 3, 2), (2**32 - 1, 2**31, 5), (2**31, 1, 10**6)]
)
@pytest.mark.parametrize("block", [0, 5, 2**32 - 32])
def test_random_words(seed: int, step: int, layer: int, block: int) -> None:
    lanes = host_target().lanes
    memory = np.zeros(16 + 4 * lanes, np.float32)
    write_counter(memory, seed, step)

    def body(f: Function) -> None:
        for part, word in enumerate(in_order(f, random_words(f, block, "%pixels", layer))):
            f.store_vector(f.of_bits(word), "%pixels", 16 + part * lanes)

    run(body, memory)
    counters = np.arange(block, block + lanes, dtype=np.uint64)
    zeros, steps, layers = (np.full(lanes, number, np.uint64) for number in (0, step, layer))
    words = random.philox((counters, zeros, steps, layers), (seed, 0))
    expected = np.stack(words, axis=-1).reshape(-1).astype(np.uint32)
    np.testing.assert_array_equal(memory[16:].view(np.uint32), expected)


def test_words_of_a_value() -> None:
    """The counters, as the reference draws for the first elements of a value."""
    lanes = host_target().lanes
    memory = np.zeros(16 + 4 * lanes, np.float32)
    write_counter(memory, 11, 4)

    def body(f: Function) -> None:
        for part, word in enumerate(in_order(f, random_words(f, 0, "%pixels", 3))):
            f.store_vector(f.of_bits(word), "%pixels", 16 + part * lanes)

    run(body, memory)
    expected = random.random_words((4 * lanes,), 11, 4, 3)
    np.testing.assert_array_equal(memory[16:].view(np.uint32), expected)
