"""Losses: the lecture's table, PyTorch, finite differences, and logits far out."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.ops.loss import one_hot
from tests.ops.gradients import loss_judge
from tests.ops.loss_cases import LOSS_CASES, NEAR, LossCase
from tests.ops.loss_oracle import check_loss
from tests.ops.tolerances import assert_close

if TYPE_CHECKING:
    from pellucid.ops.loss import Loss

NETWORK_1 = [[0.9, 0.1], [0.1, 0.9], [0.4, 0.6]]
NETWORK_2 = [[0.6, 0.4], [0.3, 0.7], [0.1, 0.9]]
TRUTH = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("probabilities", "squared", "entropy"),
    [(NETWORK_1, 0.2533, 0.3757), (NETWORK_2, 0.7067, 1.0567)],
    ids=["network 1", "network 2"],
)
def test_the_lectures_table(
    probabilities: list[list[float]], squared: float, entropy: float
) -> None:
    """Logs of probabilities are logits of them, whatever is added to a row."""
    logits = np.log(probabilities) + np.array([[3.0], [-5.0], [0.0]])
    assert MeanSquaredError().value_and_gradient(logits, TRUTH)[0] == pytest.approx(
        squared, abs=5e-5
    )
    assert CrossEntropy().value_and_gradient(logits, TRUTH)[0] == pytest.approx(entropy, abs=5e-5)


def test_images_of_the_table_by_hand() -> None:
    logits = np.log(NETWORK_1)
    assert_close(
        CrossEntropy().per_image(logits, TRUTH), [-log(0.9), -log(0.9), -log(0.4)], "float64"
    )
    assert_close(MeanSquaredError().per_image(logits, TRUTH), [0.02, 0.02, 0.72], "float64")


def test_the_gradient_at_the_logits_is_y_minus_t() -> None:
    """Of one image; the batch's mean divides by three."""
    _, gradient = CrossEntropy().value_and_gradient(np.log(NETWORK_1), TRUTH)
    expected = np.array([[-0.1, 0.1], [0.1, -0.1], [-0.6, 0.6]]) / 3
    assert_close(gradient, expected, "float64")


def test_smoothing_and_weights_by_hand() -> None:
    """Half the target is spread over two classes: (3/4, 1/4), weighted with 2 and 4."""
    loss = CrossEntropy(0.5, (2.0, 4.0))
    logits, targets = np.log([[0.2, 0.8]]), np.array([[1.0, 0.0]])
    per_image = -(2 * 0.75 * log(0.2) + 4 * 0.25 * log(0.8))
    assert_close(loss.per_image(logits, targets), [per_image], "float64")
    value, gradient = loss.value_and_gradient(logits, targets)
    assert value == pytest.approx(per_image / 2, rel=1e-15)  # the weight of the label's class
    # Σ of the weighted targets is 1.5 + 1.
    expected = np.array([[0.2 * 2.5 - 1.5, 0.8 * 2.5 - 1.0]]) / 2
    assert_close(gradient, expected, "float64")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", LOSS_CASES, ids=str)
def test_against_torch(case: LossCase, dtype: str) -> None:
    check_loss(case.loss, case, dtype)


@pytest.mark.parametrize("case", NEAR, ids=str)
def test_gradients(case: LossCase) -> None:
    logits, targets, _ = case.draw()
    loss_judge(case).check({"logits": case.loss.value_and_gradient(logits, targets)[1]})


@pytest.mark.parametrize("case", LOSS_CASES, ids=str)
def test_a_batch_is_the_mean_of_its_images(case: LossCase) -> None:
    logits, targets, _ = case.draw()
    per_image = case.loss.per_image(logits, targets)
    assert per_image.shape == (case.images,)
    each = [
        float(case.loss.per_image(logits[i : i + 1], targets[i : i + 1])[0])
        for i in range(case.images)
    ]
    assert_close(per_image, each, "float64")
    weights = getattr(case.loss, "class_weights", None)
    share = case.images if weights is None else (targets * np.array(weights)).sum()
    value, _ = case.loss.value_and_gradient(logits, targets)
    assert_close(value, per_image.sum() / share, "float64")


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_class_weights_of_any_scale_keep_the_losss_scale(scale: float) -> None:
    logits, targets, _ = LOSS_CASES[0].draw()
    weights = (0.5, 2.0, 7.0)
    scaled = CrossEntropy(class_weights=tuple(scale * w for w in weights))
    expected = CrossEntropy(class_weights=weights).value_and_gradient(logits, targets)
    found = scaled.value_and_gradient(logits, targets)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    assert_close(found[1], expected[1], "float64")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(0.25), MeanSquaredError()], ids=str)
def test_logits_far_out(loss: Loss, size: float, dtype: str) -> None:
    """Warnings are errors in this suite: nothing overflows on the way either."""
    logits = np.array([[size, -size], [size, -size], [-size, -size]], dtype)
    targets = one_hot(np.array([0, 1, 1]), 2, dtype)
    value, gradient = loss.value_and_gradient(logits, targets)
    if isinstance(loss, CrossEntropy):
        spread = loss.label_smoothing / 2
        # Right, but for the smoothing; wrong by the whole distance 2·size; undecided: log 2.
        images = [spread * 2 * size, (1 - spread) * 2 * size, log(2)]
        rows = [[spread, -spread], [1 - spread, spread - 1], [0.5 - spread, spread - 0.5]]
    else:
        images = [0.0, 2.0, 0.5]
        # y(g − Σgy) with g = 2(y − t): sure ones have no slope; (½)(1 − 0), (½)(−1 − 0).
        rows = [[0, 0], [0, 0], [0.5, -0.5]]
    np.testing.assert_allclose(loss.per_image(logits, targets), images, rtol=1e-6, atol=1e-6)
    assert value == pytest.approx(sum(images) / 3, rel=1e-6)
    assert_close(gradient, np.array(rows) / 3, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_one_hot(dtype: str) -> None:
    targets = one_hot(np.array([2, 0]), 3, dtype)
    assert targets.dtype == np.dtype(dtype)
    assert targets.tolist() == [[0, 0, 1], [1, 0, 0]]
