"""Operations on whole numbers, by hand and plainly: quantise, quantised_conv2d, quantised_dense."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import ops
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Network
from pellucid.ops.types import Type
from pellucid.ops.whole_numbers import MOST_TERMS
from tests.messages import check_line
from tests.ops.whole_cases import chain, random_whole


def test_quantise_by_hand() -> None:
    x = np.array([-9.0, -0.3, 0.0, 0.25, 0.75, 1.25, 63.75, 64.0, 1e9, np.nan, np.inf, -np.inf])
    made, _ = ops.Quantise(0.5).forward([x], {})
    np.testing.assert_array_equal(made, [0, 0, 0, 0, 2, 2, 128, 128, 255, 0, 255, 0])
    signed, _ = ops.Quantise(0.5, signed=True).forward([x], {})
    np.testing.assert_array_equal(signed, [-18, -1, 0, 0, 2, 2, 127, 127, 127, -128, 127, -128])


def test_types_of_whole_numbers() -> None:
    real, whole = Type((4, 4, 2)), Type((4, 4, 2), "uint8")
    assert ops.Quantise(1.0).output_type(real).dtype == "uint8"
    assert ops.Quantise(1.0, signed=True).output_type(real).dtype == "int8"
    assert ops.QuantisedConv2D(3, (1, 1)).output_type(whole) == Type((4, 4, 3))
    for operation, value in ((ops.QuantisedConv2D(3, (1, 1)), real), (ops.ReLU(), whole)):
        with pytest.raises(ShapeError) as caught:
            operation.output_type(value)
        check_line(caught.value)
        assert value.dtype in str(caught.value)


def plain_sum(q: np.ndarray, network: Network) -> np.ndarray:
    """A 3×2 convolution with stride (2, 1) of one image, in loops of Python's own numbers."""
    kernel, bias = (network.weights[f"b.{name}"] for name in ("kernel", "bias"))
    padded = np.pad(q, ((1, 0), (0, 1), (0, 0))).astype(int)
    rows, columns = (padded.shape[0] - 3) // 2 + 1, padded.shape[1] - 1
    sums = np.zeros((rows, columns, kernel.shape[3]), object)
    for i, j, o in np.ndindex(*sums.shape):
        window = padded[2 * i : 2 * i + 3, j : j + 2]
        sums[i, j, o] = int(bias[o]) + sum(
            int(a) * int(b) for a, b in zip(window.flat, kernel[..., o].flat, strict=True)
        )
    return sums


@pytest.mark.parametrize("signed", [False, True])
def test_convolution_against_plain_loops(signed: bool) -> None:
    operation = ops.QuantisedConv2D(4, (3, 2), (2, 1), padding=((1, 0), (0, 1)), input_scale=0.37)
    graph = chain((6, 5, 3), ops.Quantise(1.0, signed=signed), operation)
    network = random_whole(graph, 3)
    q = np.random.default_rng(3).integers(-128 if signed else 0, 128 if signed else 256, (6, 5, 3))
    weights = {name.split(".")[1]: array for name, array in network.weights.items()}
    found, _ = operation.forward([q[None].astype(np.float32)], weights)
    factors = weights["scale"] * np.float32(0.37)
    expected = plain_sum(q, network).astype(np.float32) * factors
    np.testing.assert_array_equal(found[0], expected)


def test_dense_layer_by_hand() -> None:
    weights = {
        "kernel": np.array([[1.0, -127.0], [2.0, 127.0]]),
        "bias": np.array([10.0, -5.0]),
        "scale": np.array([0.5, 0.25]),
    }
    found, _ = ops.QuantisedDense(2, 2.0).forward([np.array([[3.0, 255.0]])], weights)
    np.testing.assert_array_equal(found, [[523.0, 15999.5]])


def test_an_opened_value_shows_whole_numbers_and_scales() -> None:
    graph = chain((4, 4, 2), ops.Quantise(1.0), ops.QuantisedConv2D(3, (3, 3), input_scale=0.37))
    network, node = random_whole(graph, 5), graph["b"]
    q = np.random.default_rng(5).integers(0, 256, (4, 4, 2)).astype(np.float32)
    weights = {name.split(".")[1]: array for name, array in network.weights.items()}
    value = node.operation.forward([q[None]], weights)[0][0, 1, 0, 2]
    terms = node.operation.terms([q], weights, (1, 0, 2))
    assert terms.total == pytest.approx(value, rel=1e-6)
    found = node.operation.details(terms, [q], weights, (1, 0, 2))
    whole = np.dot(terms.values, found["whole_weights"]) + found["whole_bias"]
    assert found["whole_sum"] == whole
    assert whole * found["input_scale"] * found["weight_scale"] == pytest.approx(value, rel=1e-6)


def test_sums_that_fit_into_no_32_bits_are_refused() -> None:
    features = MOST_TERMS + 1
    with pytest.raises(ShapeError, match=str(features)):
        ops.QuantisedDense(2).output_shape((features,))


def test_a_depthwise_convolution_has_a_kernel_for_each_channel() -> None:
    operation = ops.QuantisedConv2D(3, (2, 2), depthwise=True)
    assert operation.output_shape((5, 4, 3)) == (4, 3, 3)
    with pytest.raises(ShapeError, match="3 channels, got 6") as caught:
        operation.output_shape((5, 4, 6))
    check_line(caught.value)


def test_weights_are_whole_numbers() -> None:
    graph = chain((4, 4, 2), ops.Quantise(1.0), ops.QuantisedConv2D(3, (3, 3)))
    network = random_whole(graph, 1)
    for wrong in (0.5, 128.0, -128.0, np.nan):
        weights = {name: array.copy() for name, array in network.weights.items()}
        weights["b.kernel"][0, 0, 0, 0] = wrong
        with pytest.raises(ArgumentError, match=r"b\.kernel"):
            Network(graph, weights)


@pytest.mark.parametrize(
    "operation", [ops.Quantise(1.0), ops.QuantisedConv2D(1, (1, 1)), ops.QuantisedDense(1)]
)
def test_whole_numbers_have_no_gradient(operation: ops.Quantise) -> None:
    with pytest.raises(ArgumentError) as caught:
        operation.backward(np.zeros((1, 1)), None, {})
    check_line(caught.value)
    with pytest.raises(ArgumentError):
        operation.derivative_at([np.zeros(1)], {}, (0,), 0, (0,))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan])
def test_scales_are_positive(scale: float) -> None:
    for made in (
        lambda: ops.Quantise(scale),
        lambda: ops.QuantisedDense(1, scale),
        lambda: ops.QuantisedConv2D(1, (1, 1), input_scale=scale),
    ):
        with pytest.raises(ArgumentError):
            made()
