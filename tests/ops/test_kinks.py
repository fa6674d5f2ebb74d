"""Declared values at kinks, ties and NaN, where a derivative is a convention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid import ops
from tests.ops.cases.pointwise import REGISTERED

if TYPE_CHECKING:
    from pellucid.ops.operation import Operation

NAN = float("nan")
INF = float("inf")


SLOPES: list[tuple[Operation, float, float]] = [
    (ops.ReLU(), 0.0, 0.0),
    (ops.ReLU(), -0.0, 0.0),
    (ops.ReLU6(), 0.0, 0.0),
    (ops.ReLU6(), 6.0, 0.0),
    (ops.LeakyReLU(0.125), 0.0, 0.125),
    (ops.LeakyReLU(-2.0), -0.0, -2.0),
    (ops.PReLU(), 0.0, 0.25),
    (ops.Clip(-1.0, 2.0), -1.0, 0.0),
    (ops.Clip(-1.0, 2.0), 2.0, 0.0),
    (ops.HardSigmoid(), -3.0, 0.0),
    (ops.HardSigmoid(), 3.0, 0.0),
    (ops.HardSwish(), -3.0, 0.0),
    (ops.HardSwish(), 3.0, 1.0),
]
"""Operations, where they bend, and the slope declared there (PReLU's is 1/4)."""


def slope_at(operation: Operation, x: float) -> float:
    weights = {"slope": np.array([0.25])}
    _, saved = operation.forward([np.array([[x]])], weights)
    (dx,), _ = operation.backward(np.ones((1, 1)), saved, weights)
    return float(dx[0, 0])


@pytest.mark.parametrize(("operation", "x", "slope"), SLOPES, ids=str)
def test_slopes_at_kinks(operation: Operation, x: float, slope: float) -> None:
    assert slope_at(operation, x) == slope


@pytest.mark.parametrize("kind", ["relu", "relu6"])
def test_where_a_nan_went_in_the_slope_is_0(kind: str) -> None:
    """PyTorch's comparisons let the gradient through there; here NaN is not more than 0."""
    assert slope_at(ops.OPERATIONS[kind](), NAN) == 0.0
    x = torch.tensor([NAN], requires_grad=True)
    activation = {"relu": functional.relu, "relu6": functional.relu6}[kind]
    (gradient,) = torch.autograd.grad(activation(x), x, torch.ones(1))
    assert gradient.item() == 1.0


@pytest.mark.parametrize(
    "operation",
    [*REGISTERED, ops.PReLU()],
    ids=str,
)
def test_nan_stays_nan_in_activations(operation: Operation) -> None:
    weights = {"slope": np.array([0.25])}
    y, _ = operation.forward([np.array([[NAN], [1.0]])], weights)
    assert np.isnan(y).tolist() == [[True], [False]]
    assert np.isnan(operation.terms([np.array([NAN])], weights, (0,)).total)


@pytest.mark.parametrize(
    ("operation", "low", "high"),
    [
        (ops.ReLU(), 0.0, INF),
        (ops.ReLU6(), 0.0, 6.0),
        (ops.LeakyReLU(0.5), -INF, INF),
        (ops.PReLU(), -INF, INF),
        (ops.Sigmoid(), 0.0, 1.0),
        (ops.Tanh(), -1.0, 1.0),
    ],
    ids=str,
)
def test_infinities_in_activations(operation: Operation, low: float, high: float) -> None:
    y, _ = operation.forward([np.array([[-INF], [INF]])], {"slope": np.array([0.25])})
    assert y[:, 0].tolist() == [low, high]


def pooled(rows: list[list[float]], pool: ops.MaxPool) -> tuple[Any, Any]:
    """The pooled map of a grey image, and where a gradient of 1, 2, 3, … comes to."""
    x = np.array(rows)[None, :, :, None]
    y, saved = pool.forward([x], {})
    gradient = np.arange(1.0, y.size + 1).reshape(y.shape)
    (dx,), _ = pool.backward(gradient, saved, {})
    return y[0, :, :, 0].tolist(), dx[0, :, :, 0].tolist()


def test_the_first_of_equals_gets_the_whole_gradient() -> None:
    y, dx = pooled([[3, 5, 0, 0], [5, 5, 0, 0]], ops.MaxPool())
    assert y == [[5, 0]]
    assert dx == [[0, 1, 2, 0], [0, 0, 0, 0]]


def test_equals_in_overlapping_windows() -> None:
    y, dx = pooled([[0, 7, 7, 0]], ops.MaxPool((1, 2), (1, 1)))
    assert y == [[7, 7, 7]]
    assert dx == [[0, 1 + 2, 3, 0]]


def test_equals_at_the_padding() -> None:
    """The padding never wins, not even among equals: −∞ in the image goes before it."""
    y, dx = pooled([[-INF, -INF]], ops.MaxPool((1, 4), (1, 1), ((0, 0), (3, 2))))
    assert y == [[-INF, -INF, -INF, -INF]]
    assert dx == [[1 + 2 + 3 + 4, 0]]


def test_nan_wins_and_the_first_nan_gets_the_gradient() -> None:
    y, dx = pooled([[1, NAN, 2, 9], [NAN, 4, 3, 5]], ops.MaxPool())
    assert np.isnan(y[0][0])
    assert y[0][1] == 9
    assert dx == [[0, 1, 0, 2], [0, 0, 0, 0]]


def test_pytorch_gives_the_gradient_to_the_last_nan() -> None:
    """The one declared difference in max pooling."""
    x = torch.tensor([[[[1, NAN], [NAN, 4]]]], requires_grad=True)
    (gradient,) = torch.autograd.grad(functional.max_pool2d(x, 2).sum(), x)
    assert gradient.tolist() == [[[[0, 0], [1, 0]]]]
    _, dx = pooled([[1, NAN], [NAN, 4]], ops.MaxPool())
    assert dx == [[0, 1], [0, 0]]


@pytest.mark.parametrize(
    "pool",
    [
        ops.MaxPool((2, 3), (2, 1), edge="count"),
        ops.AveragePool((3, 2), (1, 2), "same"),
        ops.Subsample(),
    ],
    ids=lambda pool: pool.kind,
)
def test_nan_reaches_the_windows_that_hold_it_and_no_others(pool: Operation) -> None:
    """Against PyTorch's max pooling of a mark at the NaN."""
    from tests.ops import oracle

    random = np.random.default_rng(5)
    x = random.normal(size=(2, 7, 5, 3))
    x[random.random(x.shape) < 0.07] = NAN
    weights = {"coefficient": np.ones(3), "bias": np.zeros(3)}
    y, _ = pool.forward([x], weights)
    mark = ops.MaxPool(pool.size, pool.stride, pool.padding, pool.edge)  # type: ignore[attr-defined]
    hit = oracle.max_pool(mark, torch.tensor(np.isnan(x) * 1.0), {}, ops.operation.INFERENCE)
    np.testing.assert_array_equal(np.isnan(y), hit.numpy() == 1)
    assert 0 < np.isnan(y).sum() < y.size


def test_minus_infinity_can_win() -> None:
    y, dx = pooled([[-INF, -INF], [-INF, -INF]], ops.MaxPool())
    assert y == [[-INF]]
    assert dx == [[1, 0], [0, 0]]
