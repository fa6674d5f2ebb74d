"""Forward and every gradient against PyTorch, in float64 (tight) and float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid.ops import BatchNorm
from pellucid.ops.operation import Mode
from tests.ops import oracle
from tests.ops.cases import CASES, SWEEP, Case
from tests.ops.tolerances import assert_close


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", [*CASES, *SWEEP], ids=str)
def test_forward_and_gradients(case: Case, dtype: str) -> None:
    drawn = case.draw(dtype)
    expected, gradients = oracle.run(drawn)
    output, _ = drawn.forward()
    assert_close(output, expected, dtype, about="output")
    for name, gradient in drawn.backward().items():
        assert_close(gradient, gradients[name], dtype, about=f"gradient of {name}")


def test_the_sweep_meets_every_combination() -> None:
    conv = [case for case in SWEEP if case.operation.kind == "conv2d"]
    assert len(conv) == 2 * 3 * 3 * 3 * 3
    pools = [case for case in SWEEP if case.operation.kind == "max_pool"]
    assert len(pools) == 3 * 3 * 4 * 2


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (6, 4)])
def test_running_statistics(momentum: float, shape: tuple[int, ...]) -> None:
    """PyTorch follows the mean and the unbiased variance of the batch as well."""
    case = Case("", BatchNorm(momentum), (shape[1:],), batch=shape[0])
    drawn = case.draw()
    mean, variance = (torch.tensor(drawn.weights[name]) for name in ("mean", "variance"))
    x = oracle.to_nchw(torch.tensor(drawn.inputs[0]))
    functional.batch_norm(x, mean, variance, None, None, True, momentum)

    _, saved = drawn.forward(Mode(training=True))
    updated = case.operation.updated_statistics(saved, drawn.weights)
    assert updated.keys() == {"mean", "variance"}
    assert_close(updated["mean"], mean.numpy(), "float64")
    assert_close(updated["variance"], variance.numpy(), "float64")


def test_inference_leaves_running_statistics() -> None:
    drawn = Case("", BatchNorm(), ((3, 2, 4),)).draw()
    _, saved = drawn.forward()
    assert drawn.case.operation.updated_statistics(saved, drawn.weights) == {}


def test_same_padding_of_known_sizes() -> None:
    """The oracle's own rule for SAME, on the numbers of TensorFlow's documentation."""
    # 13 wide, window 6, stride 5: padded by 1 before and 2 after (tf.nn, notes on padding).
    assert oracle.sides("same", (6, 6), (5, 5), (13, 13)) == [1, 2, 1, 2]
    assert oracle.sides("same", (3, 2), (1, 1), (9, 4)) == [0, 1, 1, 1]
    assert np.sum(oracle.sides("same", (1, 1), (2, 2), (5, 4))) == 0
