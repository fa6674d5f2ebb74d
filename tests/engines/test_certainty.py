"""Losses and gradients of networks that are sure, against 60 decimal digits, in every engine."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.graph import Graph, Network, Node
from pellucid.ops import CrossEntropy, Flatten, MeanSquaredError
from pellucid.ops.cross_entropy import log_softmax
from pellucid.ops.loss import one_hot
from pellucid.optimizers import SGD
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array

CLASSES = 7
WEIGHTS = (0.5, 2.0, 1.0, 7.0, 0.1, 1.0, 3.0)
LOSSES: dict[str, Loss] = {
    "plain": CrossEntropy(),
    "smoothed": CrossEntropy(label_smoothing=0.1),
    "weighted": CrossEntropy(class_weights=WEIGHTS),
    "smoothed and weighted": CrossEntropy(0.25, WEIGHTS),
    "squared": MeanSquaredError(),
}
FLUSHED = 1.2e-38
"""Below the smallest normal float32, where native code writes 0."""


def logits_with_gaps(seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Rows whose largest logit is ahead of the next by 0 to 100; labels right and wrong."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(40, CLASSES))
    top = random.integers(0, CLASSES, 40)
    z[np.arange(40), top] = z.max(axis=1) + np.linspace(0.0, 100.0, 40)
    other = random.integers(0, CLASSES, 40)
    return z.astype(np.float32), np.where(np.arange(40) % 4 == 3, other, top)


def exactly(loss: Loss, z: Array, label: int) -> tuple[Decimal, list[Decimal]]:
    """The loss of one image and its gradient by their definitions, to 120 digits."""
    with localcontext() as context:
        context.prec = 120
        powers = [Decimal(float(logit)).exp() for logit in z]
        y = [power / sum(powers) for power in powers]
        t = [Decimal(int(k == label)) for k in range(len(z))]
        if isinstance(loss, MeanSquaredError):
            d = [a - b for a, b in zip(y, t, strict=True)]
            mean = sum((a * b for a, b in zip(d, y, strict=True)), Decimal(0))
            slope = [2 * a * (b - mean) for a, b in zip(y, d, strict=True)]
            return sum((each * each for each in d), Decimal(0)), slope
        assert isinstance(loss, CrossEntropy)
        smoothing = Decimal(loss.label_smoothing)
        weights = [Decimal(w) for w in loss.class_weights or (1.0,) * len(z)]
        w = [
            weight * ((1 - smoothing) * each + smoothing / len(z))
            for weight, each in zip(weights, t, strict=True)
        ]
        value = -sum((a * b.ln() for a, b in zip(w, y, strict=True)), Decimal(0))
        slope = [b * sum(w) - a for a, b in zip(w, y, strict=True)]
        return value / weights[label], [each / weights[label] for each in slope]


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("engine", "precision"),
    [("reference", "float32"), ("reference", "float64"), ("torch", "float32"),
     ("torch", "float64"), ("native", "float32")],
)  # fmt: skip
def test_relative_precision_is_kept(engine: str, precision: str, name: str) -> None:
    loss, (z, labels) = LOSSES[name], logits_with_gaps(len(name))
    graph = Graph((1, 1, CLASSES), (Node("logits", Flatten()),))
    program = get_engine(engine).load(Network(graph, {}), precision=precision)  # type: ignore[arg-type]
    for row, label in zip(z, labels, strict=True):
        found = program.gradients(row.reshape(1, 1, 1, -1), np.array([label]), loss)
        value, slope = exactly(loss, row, int(label))
        expected = np.array([float(each) for each in slope])
        assert found.loss == pytest.approx(float(value), rel=1e-12, abs=0.0)
        digits = 3e-7 if precision == "float32" else 1e-12
        np.testing.assert_allclose(
            found.values["logits"][0], expected, rtol=digits, atol=FLUSHED if digits > 1e-9 else 0.0
        )


def test_the_loss_of_a_training_step_keeps_it_too() -> None:
    z, labels = logits_with_gaps(1)
    graph = Graph((1, 1, CLASSES), (Node("logits", Flatten()),))
    for engine in ("reference", "torch", "native"):
        for loss in (LOSSES["smoothed and weighted"], LOSSES["squared"]):
            learning = Learning(loss, SGD())
            program = get_engine(engine).load(Network(graph, {}), step_of(graph, learning))
            for row, label in zip(z[::7], labels[::7], strict=True):
                step = program.train_step(row.reshape(1, 1, 1, -1), np.array([label]), 0.1)
                value, _ = exactly(loss, row, int(label))
                assert step.loss == pytest.approx(float(value), rel=1e-12, abs=0.0), engine


def test_log_softmax_of_a_sure_answer_is_not_rounded_to_zero() -> None:
    z = np.array([[0.0, 60.0, 0.0, 60.0 - 45.0]])
    expected = float(exactly(CrossEntropy(), z[0], 1)[0])
    assert -log_softmax(z)[0, 1] == pytest.approx(expected, rel=1e-14, abs=0.0)
    assert CrossEntropy().per_image(z, one_hot(np.array([1]), 4)) == pytest.approx(
        [expected], rel=1e-14, abs=0.0
    )
