"""Hand-worked values."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid import ops
from pellucid.ops.operation import Mode
from tests.ops.examples import EXAMPLES, FEATURE_MAP, Example
from tests.ops.tolerances import assert_close


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_values_worked_by_hand(example: Example, dtype: str) -> None:
    output, _ = example.operation.forward(
        [np.array(x, dtype) for x in example.inputs],
        {name: np.array(w, dtype) for name, w in example.weights.items()},
        example.mode,
    )
    assert output.dtype == np.dtype(dtype)
    assert_close(output, example.output, dtype)


def test_the_lectures_misprint_does_not_reach_the_pooled_map() -> None:
    printed = np.array(FEATURE_MAP, np.float64)
    assert printed[2, 2] == 0
    pool = ops.MaxPool((2, 2), (2, 2), edge="count")
    computed, _ = pool.forward([printed[None, :, :, None]], {})
    printed[2, 2] = 1
    of_the_slide, _ = pool.forward([printed[None, :, :, None]], {})
    np.testing.assert_array_equal(computed, of_the_slide)


def test_running_statistics_worked_by_hand() -> None:
    """Old 5 and 9; the batch's mean 0, variance 3, unbiased 3·4/3 = 4; a tenth of the new."""
    norm = ops.BatchNorm(momentum=0.1)
    weights = {"gamma": [2.0], "beta": [10.0], "mean": [5.0], "variance": [9.0]}
    arrays = {name: np.array(w) for name, w in weights.items()}
    x = np.array([[-3.0], [1.0], [1.0], [1.0]])
    _, saved = norm.forward([x], arrays, Mode(training=True))
    updated = norm.updated_statistics(saved, arrays)
    assert updated["mean"] == pytest.approx([4.5], rel=1e-15)
    assert updated["variance"] == pytest.approx([0.9 * 9 + 0.1 * 4], rel=1e-15)


def test_one_value_has_no_unbiased_variance() -> None:
    """A batch of a single value: PyTorch refuses it; here its variance is 0, not 0/0."""
    norm = ops.BatchNorm(momentum=0.5)
    arrays = {name: np.ones(1) for name in ("gamma", "beta", "mean", "variance")}
    y, saved = norm.forward([np.array([[7.0]])], arrays, Mode(training=True))
    assert y == 1.0
    updated = norm.updated_statistics(saved, arrays)
    assert updated["mean"].tolist() == [4.0]
    assert updated["variance"].tolist() == [0.5]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pixels_come_as_bytes(dtype: str) -> None:
    """Normalise takes raw pixels, and bytes become float32."""
    pixels = np.array([[[[0, 255]]]], np.uint8)
    y, _ = ops.Normalise((127.5, 127.5), (127.5, 127.5)).forward([pixels], {})
    assert y.dtype == np.float32
    assert y.tolist() == [[[[-1, 1]]]]
