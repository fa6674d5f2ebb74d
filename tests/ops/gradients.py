"""Gradients judged by an adversary: central differences in float64, never the formula itself.

A judge is made once for a function and then hears any gradients, so that the planted bugs are put
to the very same checks as the real ones.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tests.ops.tolerances import DIFFERENCE_TOLERANCE, STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pellucid.ops.operation import Array
    from tests.ops.cases import Case
    from tests.ops.loss_cases import LossCase


class Judge:
    """Knows the slopes of one number that depends on some arguments.

    Args:
        value: The number, with one argument (by name) replaced.
        arguments: Where it is taken, by name.
        seed: Of the random directions.
    """

    def __init__(
        self,
        value: Callable[[str, Array], float],
        arguments: Mapping[str, Array],
        seed: int,
    ) -> None:
        self.arguments = arguments
        # A stream apart from the one that drew the arguments: a direction equal to the input would
        # see nothing of a batch norm, which does not change when its input is stretched.
        random = np.random.default_rng([seed, 1])
        self._directions = {name: random.normal(size=x.shape) for name, x in arguments.items()}
        self._along = {
            name: (value(name, x + STEP * d) - value(name, x - STEP * d)) / (2 * STEP)
            for (name, x), d in zip(arguments.items(), self._directions.values(), strict=True)
        }
        self._slopes = {name: _slopes(value, name, x) for name, x in arguments.items()}

    def check(self, gradients: Mapping[str, Array]) -> None:
        """All of the checks below."""
        self.check_form(gradients)
        self.check_direction(gradients)
        self.check_elements(gradients)

    def check_form(self, gradients: Mapping[str, Array]) -> None:
        """One gradient for each argument, of its shape and precision."""
        check_form(self.arguments, gradients)

    def check_direction(self, gradients: Mapping[str, Array]) -> None:
        """Along a random direction of one argument at a time, the slope is gradient · direction."""
        for name, direction in self._directions.items():
            products = gradients[name] * direction
            allowed = DIFFERENCE_TOLERANCE * max(1.0, float(np.abs(products).sum()))
            slope, claimed = self._along[name], float(products.sum())
            assert abs(slope - claimed) <= allowed, f"{name}: slope {slope}, claimed {claimed}"

    def check_elements(self, gradients: Mapping[str, Array]) -> None:
        """Every element of every gradient is the slope along that element alone."""
        for name, slopes in self._slopes.items():
            allowed = DIFFERENCE_TOLERANCE * max(1.0, float(np.abs(slopes).max(initial=0)))
            missed = float(np.abs(gradients[name] - slopes).max(initial=0))
            assert missed <= allowed, f"{name}: misses the slopes by {missed}"


def check_form(arguments: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
    """One gradient for each argument, of its shape and precision."""
    assert gradients.keys() == arguments.keys()
    for name, x in arguments.items():
        assert gradients[name].shape == x.shape, f"{name}: {gradients[name].shape}, not {x.shape}"
        assert gradients[name].dtype == x.dtype, f"{name}: {gradients[name].dtype}, not {x.dtype}"


def _slopes(value: Callable[[str, Array], float], name: str, x: Array) -> Array:
    """Central differences along every element."""
    found = np.zeros(x.shape)
    moved = x.copy()
    for at in np.ndindex(x.shape):
        moved[at] = x[at] + STEP
        above = value(name, moved)
        moved[at] = x[at] - STEP
        found[at] = (above - value(name, moved)) / (2 * STEP)
        moved[at] = x[at]
    return found


@cache
def judge(case: Case) -> Judge:
    """The judge of an operation's gradients, for the number Σ cotangent · output."""
    drawn = case.draw()

    def value(name: str, x: Array) -> float:
        changed = replace(drawn)
        if name.startswith("input "):
            changed.inputs = list(drawn.inputs)
            changed.inputs[int(name.removeprefix("input "))] = x
        else:
            changed.weights = {**drawn.weights, name: x}
        output, _ = changed.forward()
        return float((drawn.cotangent * output).sum())

    return Judge(value, drawn.arguments(), case.seed)


@cache
def loss_judge(case: LossCase) -> Judge:
    """The judge of a loss's gradient at the logits."""
    logits, targets, _ = case.draw()

    def value(name: str, x: Array) -> float:
        return case.loss.value_and_gradient(x, targets)[0]

    return Judge(value, {"logits": logits}, seed=3)
