"""Initialisers: their distributions within bounds that follow from the number of draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pellucid.ops import BatchNorm, Conv2D, Dense, PReLU, Subsample
from pellucid.ops.initializers import INITIALIZERS, initialise
from pellucid.ops.operation import Operation, Parameter

CONV = (Conv2D(64, (3, 5)), (9, 9, 32))
GROUPED = (Conv2D(64, (3, 5), groups=4), (9, 9, 128))
DENSE = (Dense(200), (300,))
CASES = [CONV, GROUPED, DENSE]
FANS = {id(CONV): (480, 960), id(GROUPED): (480, 240), id(DENSE): (300, 200)}
"""3·5·32 in and 3·5·64 out; of 4 groups 3·5·32 and 3·5·16; 300 and 200."""


def drawn(
    case: tuple[Operation, tuple[int, ...]], name: str, seed: int = 0
) -> tuple[np.ndarray, int, int]:
    operation, shape = case
    kernel = operation.parameters(shape)["kernel"]
    given = Parameter(kernel.shape, name, kernel.role, kernel.fan_in, kernel.fan_out)
    values = initialise(given, "conv1.kernel", seed, "float64")
    assert values.shape == kernel.shape
    return values.ravel(), *FANS[id(case)]


def check_moments(values: np.ndarray, std: float, kurtosis: float) -> None:
    """Mean 0 within 5·std/√n, and the standard deviation within five of its own errors.

    The sample variance has the relative error √((κ − 1)/n), the deviation half of it; κ is the
    fourth moment over the squared variance: 3 for a normal distribution, 9/5 for a uniform one.
    """
    n = values.size
    assert n > 20_000
    assert abs(values.mean()) <= 5 * std / math.sqrt(n)
    assert abs(values.std() / std - 1) <= 5 * math.sqrt((kurtosis - 1) / n) / 2


@pytest.mark.parametrize("case", CASES, ids=["conv", "groups", "dense"])
@pytest.mark.parametrize(("name", "gain"), [("he", 2.0), ("lecun", 1.0)])
def test_normal_initialisers(
    case: tuple[Operation, tuple[int, ...]], name: str, gain: float
) -> None:
    values, fan_in, _ = drawn(case, name)
    std = math.sqrt(gain / fan_in)
    check_moments(values, std, kurtosis=3.0)
    # Normal, not merely of that width: 4.55 % lie beyond two deviations, 0.27 % beyond three.
    n = values.size
    for deviations in (1, 2, 3):
        p = math.erfc(deviations / math.sqrt(2))
        beyond = int((np.abs(values) > deviations * std).sum())
        assert abs(beyond - n * p) <= 5 * math.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("case", CASES, ids=["conv", "groups", "dense"])
def test_glorot(case: tuple[Operation, tuple[int, ...]]) -> None:
    values, fan_in, fan_out = drawn(case, "glorot")
    limit = math.sqrt(6 / (fan_in + fan_out))
    check_moments(values, limit / math.sqrt(3), kurtosis=9 / 5)
    n = values.size
    # The largest of n uniform values comes within 20/n of the limit but for e⁻²⁰ of cases.
    assert limit * (1 - 40 / n) <= values.max() <= limit
    assert -limit <= values.min() <= -limit * (1 - 40 / n)
    for part in range(8):
        low = -limit + part * limit / 4
        inside = int(((values >= low) & (values < low + limit / 4)).sum())
        assert abs(inside - n / 8) <= 5 * math.sqrt(n / 8 * 7 / 8)


@pytest.mark.parametrize("name", ["he", "glorot", "lecun"])
def test_draws_are_float64_and_cast_afterwards(name: str) -> None:
    """One start for every precision, and another for every seed."""
    parameter = Parameter((3, 5), name, "kernel", 7, 4)
    wide = initialise(parameter, "conv1.kernel", 1, "float64")
    narrow = initialise(parameter, "conv1.kernel", 1)
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))
    other = initialise(parameter, "conv1.kernel", 2)
    assert (other != narrow).all()
    assert (initialise(parameter, "conv2.kernel", 1) != narrow).all()


@pytest.mark.parametrize(("initializer", "value"), [("zeros", 0.0), (0.25, 0.25), (-3, -3.0)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constants(initializer: str | float, value: float, dtype: str) -> None:
    made = initialise(Parameter((2, 3), initializer, "scale"), "norm1.gamma", 0, dtype)
    assert made.dtype == np.dtype(dtype)
    assert made.tolist() == [[value] * 3] * 2


def test_every_initialiser_is_checked() -> None:
    assert set(INITIALIZERS) == {"he", "glorot", "lecun", "zeros"}


@pytest.mark.parametrize(
    ("operation", "starts"),
    [
        (Conv2D(1, (2, 2)), {"kernel": "he", "bias": 0.0}),
        (Conv2D(1, (2, 2), initializer="lecun"), {"kernel": "lecun", "bias": 0.0}),
        (Dense(1), {"kernel": "he", "bias": 0.0}),
        (Dense(1, initializer="glorot"), {"kernel": "glorot", "bias": 0.0}),
        (Subsample(), {"coefficient": 0.25, "bias": 0.0}),
        (PReLU(), {"slope": 0.25}),
        (PReLU(0.0), {"slope": 0.0}),
        (BatchNorm(), {"gamma": 1.0, "beta": 0.0, "mean": 0.0, "variance": 1.0}),
    ],
    ids=str,
)
def test_how_layers_start(operation: Operation, starts: dict[str, str | float]) -> None:
    """Kernels as asked for, biases at 0, PReLU's slopes at the paper's 0.25."""
    shape = (4,) if operation.kind == "dense" else (4, 4, 3)
    found = operation.parameters(shape)
    assert {name: p.initializer for name, p in found.items()} == starts
