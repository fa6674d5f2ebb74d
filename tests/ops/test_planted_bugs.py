"""Whether the battery catches faults: each gradient is spoilt, and each check must see it.

Three faults in every output of every backward: a wrong sign, a missing factor, an off-by-one (moved
by one place along each axis).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.ops.pointwise import Pointwise
from tests.ops.cases import SMOOTH, Case, named
from tests.ops.cases.words import WORDS
from tests.ops.gradients import Judge, judge, loss_judge
from tests.ops.loss_cases import NEAR, LossCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pellucid.ops.operation import Array


def faults(gradient: Array) -> Iterator[tuple[str, Array]]:
    """The gradient with one fault each."""
    yield "wrong sign", -gradient
    yield "missing factor", 2 * gradient
    for axis, length in enumerate(gradient.shape):
        if length > 1:
            yield f"moved along axis {axis}", np.roll(gradient, 1, axis)


ONE_WINDOW = "one window covers the axis, and shares its gradient out equally"
BY_STEPS = "which row is taken changes by steps: the gradient is 0"
NO_EFFECT = {
    **{
        (str(case), "input 0", fault): BY_STEPS
        for case in WORDS
        for fault, _ in faults(np.zeros((case.batch, *case.shapes[0])))
    },
    ("global_average_pool: feature maps", "input 0", "moved along axis 1"): ONE_WINDOW,
    ("global_average_pool: feature maps", "input 0", "moved along axis 2"): ONE_WINDOW,
    **{
        (f"{case}, counted{more}", "input 0", "moved along axis 1"): ONE_WINDOW
        for case, more in (
            ("average_pool: larger than the image", ""),
            ("average_pool: larger than the image", ", padding too"),
            ("subsample: larger than the image", ""),
        )
    },
}
"""Faults that change no number, and why; besides, an axis of length 1 has nowhere to move."""


def rejects(check: Callable[[Mapping[str, Array]], None], gradients: Mapping[str, Array]) -> bool:
    try:
        check(gradients)
    except AssertionError:
        return True
    return False


def check_faults(case: Case | LossCase, trial: Judge, gradients: Mapping[str, Array]) -> None:
    """Both checks accept the gradients as they are, and neither accepts them with any fault."""
    for check in (trial.check_direction, trial.check_elements):
        check(gradients)
        for name, gradient in gradients.items():
            for fault, spoilt in faults(gradient):
                if (str(case), name, fault) in NO_EFFECT:
                    np.testing.assert_array_equal(spoilt, gradient)
                    continue
                seen = rejects(check, {**gradients, name: spoilt})
                assert seen, f"{check.__name__} misses {fault} in the gradient of {name}"


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_faults_in_every_gradient(case: Case) -> None:
    gradients = case.draw().backward()
    assert gradients
    check_faults(case, judge(case), gradients)


@pytest.mark.parametrize("case", NEAR, ids=str)
def test_faults_in_every_loss(case: LossCase) -> None:
    logits, targets, _ = case.draw()
    _, gradient = case.loss.value_and_gradient(logits, targets)
    check_faults(case, loss_judge(case), {"logits": gradient})


@pytest.mark.parametrize("case", SMOOTH, ids=str)
def test_a_missing_or_superfluous_gradient(case: Case) -> None:
    gradients = case.draw().backward()
    for name in gradients:
        fewer = {other: g for other, g in gradients.items() if other != name}
        assert rejects(judge(case).check_form, fewer)
        wrong_shape = {**gradients, name: gradients[name][None]}
        assert rejects(judge(case).check_form, wrong_shape)
        assert rejects(judge(case).check_form, {**gradients, name: gradients[name].astype("f4")})
    assert rejects(judge(case).check_form, {**gradients, "more": np.zeros(1)})


@pytest.mark.parametrize("case", [c for c in SMOOTH if isinstance(c.operation, Pointwise)], ids=str)
def test_faults_in_every_derivative(case: Case) -> None:
    """A pointwise backward is gradient · derivative; here the derivative itself is spoilt."""
    operation, drawn = case.operation, case.draw()
    assert isinstance(operation, Pointwise)
    _, (x, y) = drawn.forward()
    for fault, derivative in faults(operation.derivative(x, y)):
        spoilt_class = type(
            "Spoilt", (type(operation),), {"derivative": lambda self, x, y, d=derivative: d}
        )
        spoilt: Any = object.__new__(spoilt_class)
        vars(spoilt).update(vars(operation))
        gradients = named(spoilt.backward(drawn.cotangent, (x, y), {}))
        for check in (judge(case).check_direction, judge(case).check_elements):
            assert rejects(check, gradients), f"{check.__name__} misses {fault}"


def test_faults_without_effect_are_all_met() -> None:
    met = set()
    for case in SMOOTH:
        for name, gradient in case.draw().backward().items():
            for fault, spoilt in faults(gradient):
                if np.array_equal(spoilt, gradient):
                    met.add((str(case), name, fault))
    assert met == set(NO_EFFECT)
