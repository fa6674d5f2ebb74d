"""Operations on bfloat16, by hand and plainly: bfloat16, bfloat16_conv2d, bfloat16_dense."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import ops
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Network
from pellucid.ops.bfloat16 import nearest_bfloat16, of_upper_halves, upper_halves
from pellucid.ops.types import Type
from tests.messages import check_line
from tests.ops.bfloat16_cases import convolve_in_order, random_bfloat16
from tests.ops.whole_cases import chain


def test_rounding_by_hand() -> None:
    x = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, -(1 + 2**-8) - 2**-20, 255.4, 257.0, 1e39, 1e-39])
    expected = [1.0, 1.0, 1 + 2**-6, -(1 + 2**-7), 255.0, 256.0, np.inf, 0.0]
    made, _ = ops.Bfloat16().forward([x], {})
    np.testing.assert_array_equal(made, expected)
    assert made.dtype == np.float64
    assert np.isnan(nearest_bfloat16(np.array(np.nan, np.float32)))
    assert np.signbit(nearest_bfloat16(np.array(-1e-39)))


def test_rounding_finds_the_nearest_of_all() -> None:
    """Against a search among all numbers of the format, half-way ones among them."""
    random = np.random.default_rng(4)
    halves = np.arange(0x0080, 0x7F80, dtype=np.uint16)
    known = of_upper_halves(halves).astype(np.float64)
    x = np.exp(random.uniform(-60, 60, 4000)).astype(np.float32)
    middles = (known[300:-1:97] + known[301::97]) / 2  # exact in float32
    x = np.concatenate([x, middles.astype(np.float32)])
    above = np.searchsorted(known, x)
    below = above - 1
    first, second = x - known[below], known[above] - x
    even = np.where(halves[below] % 2 == 0, below, above)
    expected = known[np.where(first < second, below, np.where(second < first, above, even))]
    np.testing.assert_array_equal(nearest_bfloat16(x), expected)
    np.testing.assert_array_equal(nearest_bfloat16(-x), -expected)
    np.testing.assert_array_equal(upper_halves(known), halves)


def test_types() -> None:
    real, narrow = Type((4, 4, 2)), Type((4, 4, 2), "bfloat16")
    assert ops.Bfloat16().output_type(real) == narrow
    assert ops.Bfloat16Conv2D(3, (1, 1)).output_type(narrow) == Type((4, 4, 3))
    for operation, value in ((ops.Bfloat16Conv2D(3, (1, 1)), real), (ops.ReLU(), narrow)):
        with pytest.raises(ShapeError) as caught:
            operation.output_type(value)
        check_line(caught.value)
        assert value.dtype in str(caught.value)


@pytest.mark.parametrize("depthwise", [False, True])
def test_convolution_against_sums_in_order(depthwise: bool) -> None:
    filters = 3 if depthwise else 4
    operation = ops.Bfloat16Conv2D(
        filters, (3, 2), (2, 1), padding=((1, 0), (0, 1)), depthwise=depthwise
    )
    network = random_bfloat16(chain((6, 5, 3), ops.Bfloat16(), operation), 3)
    x = nearest_bfloat16(np.random.default_rng(3).normal(size=(2, 6, 5, 3)).astype(np.float32))
    weights = {name.split(".")[1]: array for name, array in network.weights.items()}
    found, _ = operation.forward([x], weights)
    expected = convolve_in_order(x, weights["kernel"], weights["bias"], operation.summed)
    assert np.abs(expected).min(axis=(1, 2)).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_dense_layer_by_hand() -> None:
    weights = {"kernel": np.array([[1.0, -3.0], [2.0, 0.5]]), "bias": np.array([0.3, -5.0])}
    found, _ = ops.Bfloat16Dense(2).forward([np.array([[3.0, 255.0]])], weights)
    np.testing.assert_array_equal(found, [[513.3, 113.5]])


def test_an_opened_value_is_a_sum_of_its_terms() -> None:
    graph = chain((4, 4, 2), ops.Bfloat16(), ops.Bfloat16Conv2D(3, (3, 3)))
    network, node = random_bfloat16(graph, 5), graph["b"]
    x = np.random.default_rng(5).normal(size=(4, 4, 2)).astype(np.float32)
    rounded = nearest_bfloat16(x)
    weights = {name.split(".")[1]: array for name, array in network.weights.items()}
    value = node.operation.forward([rounded[None]], weights)[0][0, 1, 0, 2]
    terms = node.operation.terms([rounded], weights, (1, 0, 2))
    assert terms.total == pytest.approx(value, rel=1e-6)
    assert len(terms.values) == 18
    opened = graph["a"].operation.terms([x], {}, (2, 1, 0))
    assert opened.total == rounded[2, 1, 0] != x[2, 1, 0]


def test_a_depthwise_convolution_has_a_kernel_for_each_channel() -> None:
    operation = ops.Bfloat16Conv2D(3, (2, 2), depthwise=True)
    assert operation.output_shape((5, 4, 3)) == (4, 3, 3)
    with pytest.raises(ShapeError, match="3 channels, got 6") as caught:
        operation.output_shape((5, 4, 6))
    check_line(caught.value)


def test_kernels_are_bfloat16_and_biases_are_not() -> None:
    graph = chain((4, 4, 2), ops.Bfloat16(), ops.Bfloat16Conv2D(3, (3, 3)))
    network = random_bfloat16(graph, 1)
    Network(graph, {**network.weights, "b.bias": np.full(3, 1 + 2**-20, np.float32)})
    for wrong in (1 + 2**-20, np.nan):
        weights = {name: array.copy() for name, array in network.weights.items()}
        weights["b.kernel"][0, 0, 0, 0] = wrong
        with pytest.raises(ArgumentError, match=r"b\.kernel") as caught:
            Network(graph, weights)
        check_line(caught.value)


@pytest.mark.parametrize(
    "operation", [ops.Bfloat16(), ops.Bfloat16Conv2D(1, (1, 1)), ops.Bfloat16Dense(1)]
)
def test_rounded_numbers_have_no_gradient(operation: ops.Bfloat16) -> None:
    with pytest.raises(ArgumentError) as caught:
        operation.backward(np.zeros((1, 1)), None, {})
    check_line(caught.value)
    with pytest.raises(ArgumentError):
        operation.derivative_at([np.zeros(1)], {}, (0,), 0, (0,))
