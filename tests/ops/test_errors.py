"""Every message that a user's mistake can bring about, by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.errors import ArgumentError, TooSmallError
from pellucid.ops import CrossEntropy
from pellucid.ops.loss import one_hot
from pellucid.ops.window import Window
from pellucid.optimizers import SGD, Adam, AdamW
from tests.ops.errors import REFUSED

if TYPE_CHECKING:
    from tests.ops.refused import Refused


@pytest.mark.parametrize("refused", REFUSED, ids=str)
def test_what_a_mistake_is_answered(refused: Refused) -> None:
    with pytest.raises(refused.error) as caught:
        refused.call()
    message = str(caught.value)
    assert "\n" not in message
    for part in refused.says:
        assert part in message


@pytest.mark.parametrize("edge", ["drop", "count"])
@pytest.mark.parametrize("padding", ["valid", ((1, 0), (0, 2))])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 3])
def test_the_least_size_named_is_the_least_that_works(
    stride: int, dilation: int, padding: str, edge: str
) -> None:
    window = Window((5, 6), (stride, stride), (dilation, dilation), padding, edge)
    for axis in (0, 1):
        tried = {n: fits(window, axis, n) for n in range(1, 20)}
        assert any(isinstance(found, str) for found in tried.values())
        least = min(n for n, found in tried.items() if not isinstance(found, str))
        for n, found in tried.items():
            if n < least:
                assert isinstance(found, str)
                assert found.endswith(f"of at least {least}")
            else:
                assert not isinstance(found, str)


def fits(window: Window, axis: int, length: int) -> int | str:
    """How many windows there are, or the error's message."""
    try:
        return window.along(axis, length).output
    except TooSmallError as error:
        return str(error)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: CrossEntropy(1.0), "label_smoothing must be a finite number from 0 to 0.999"),
        (
            lambda: CrossEntropy(class_weights=()),
            "class_weights must be a tuple of numbers, got ()",
        ),
        (lambda: CrossEntropy(class_weights=[1.0]), "class_weights must be a tuple of numbers"),  # type: ignore[arg-type]
        (lambda: CrossEntropy(class_weights=(1.0, -1.0)), "each of class_weights must be a finite"),
        (lambda: SGD(momentum=1.0), "momentum must be a finite number from 0 to 0.9999, got 1.0"),
        (lambda: SGD(momentum=0.0, nesterov=True), "nesterov looks ahead along the momentum"),
        (lambda: SGD(nesterov=0), "nesterov must be True or False, got 0"),  # type: ignore[arg-type]
        (lambda: SGD(weight_decay=-0.1), "weight_decay must be a finite number from 0 to 1"),
        (lambda: SGD(clip_norm=0.0), "clip_norm must be a finite number from 1e-09 to 1e+09"),
        (lambda: Adam(beta1=1.0), "beta1 must be a finite number from 0 to 0.999999, got 1.0"),
        (lambda: Adam(beta2=-0.5), "beta2 must be a finite number from 0"),
        (lambda: AdamW(epsilon=0.0), "epsilon must be a finite number from 1e-16 to 1, got 0.0"),
    ],
)
def test_losses_and_optimizers(make: object, says: str) -> None:
    assert callable(make)
    with pytest.raises(ArgumentError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_class_weights_must_fit_the_classes() -> None:
    loss = CrossEntropy(class_weights=(1.0, 2.0))
    targets = one_hot(np.array([0, 2]), 3)
    with pytest.raises(ArgumentError, match="one a class: 3 classes, 2 weights"):
        loss.value_and_gradient(targets, targets)
