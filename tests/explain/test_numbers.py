"""Numbers as people read them: differences that are those of what is printed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.explain.backward import backward
from pellucid.explain.story import story
from pellucid.explain.update_rule import UpdateRule
from pellucid.layers import Dense, Flatten
from pellucid.numerals import compared, percent, probability, with_minus
from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.show.sentences import check_line, settled_line
from tests.explain.activations import hand_made

if TYPE_CHECKING:
    from pellucid.files import Model


def read(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


@pytest.mark.parametrize("seed", range(50))
def test_a_difference_is_that_of_the_numbers_printed(seed: int) -> None:
    random = np.random.default_rng(seed)
    a = float(random.normal() * 10.0 ** random.integers(-12, 12))
    b = a * float(1 + random.normal() * 10.0 ** random.integers(-15, 3))
    first, second, difference = map(read, compared(a, b))
    assert float(first) == pytest.approx(a, rel=1e-5, abs=0)
    assert float(difference) == pytest.approx(float(first - second), rel=1e-5, abs=0)
    assert float(difference) == pytest.approx(a - b, rel=0.05, abs=4e-16 * abs(a))


def test_equal_numbers_differ_by_0_and_what_is_no_number_by_none() -> None:
    assert compared(0.25, 0.25) == ("0.25", "0.25", "0")
    assert compared(float("nan"), 1.0)[2] == "NaN"
    assert compared(0.0, -0.0)[2] == "0"


def test_probabilities_near_1_keep_what_they_lack() -> None:
    assert probability(0.25, 0.75) == "0.25"
    assert probability(1.0, 3e-20) == "1 − 3e-20"
    assert probability(1.0, 0.0) == "1"


def test_percent_separates_nearly_certain_from_certain() -> None:
    assert percent(0.25) == "25.00%"
    assert percent(0.99985) == "99.98%"
    assert percent(1.0 - 3.7e-7) == "99.9999630%"
    assert percent(1.0) == "100.00%"
    for exponent in range(4, 14):
        assert not percent(1.0 - 10.0**-exponent).startswith("100")


def sure(gap: float) -> Model:
    """A network whose first of three logits is so far ahead; it has one pixel, of 1."""
    weights = {"dense1.kernel": np.array([[gap, 0.0, 1.0]]), "dense1.bias": np.zeros(3)}
    layers = [Flatten(), Dense(3)]
    return hand_made(layers, weights, np.ones((1, 1, 1))).model


PIXEL = np.ones((1, 1, 1), np.uint8)


@pytest.mark.parametrize("gap", [12.0, 20.0, 45.0])
def test_a_sure_answer_is_said_to_be_learned(gap: float) -> None:
    gone = backward(sure(gap), PIXEL, "a")
    rest = (np.exp(-gap) + np.exp(1 - gap)) / (1 + np.exp(-gap) + np.exp(1 - gap))
    for found in (-gone.differences[0], gone.rest[0], -float(gone.at_logits[0])):
        assert found == pytest.approx(rest, rel=1e-6, abs=0)
    assert gone.settled
    assert "--label c" in settled_line(gone)
    opened = gone.weight("dense1.kernel", (0, 0))
    assert opened.gradient == pytest.approx(-rest, rel=1e-6, abs=0)
    check = opened.check
    assert check is not None
    assert check.gradient == pytest.approx(-rest, rel=1e-9, abs=0)
    assert check.quotient == pytest.approx(-rest, rel=1e-5, abs=0)
    assert read(check_line(opened).rpartition("difference is ")[2]) == pytest.approx(
        Decimal(check.difference), rel=Decimal("0.05")
    )
    printed = story(sure(gap), PIXEL)
    assert printed.to_dict()["learning"]["difference"][0] == pytest.approx(-rest, rel=1e-6, abs=0)
    assert printed.judges.cross_entropy == pytest.approx(-np.log1p(-rest), rel=1e-6, abs=0)
    squares = rest**2 + (np.exp(-2 * gap) + np.exp(2 - 2 * gap)) * (1 - rest) ** 2
    assert printed.judges.mean_squared_error == pytest.approx(squares, rel=1e-6, abs=0)


def test_what_is_not_learned_is_not_said_to_be() -> None:
    assert not backward(sure(20.0), PIXEL, "b").settled
    assert not backward(sure(3.0), PIXEL, "a").settled
    assert backward(sure(20.0), PIXEL, "a", learner=UpdateRule(MeanSquaredError())).settled
    smoothed = UpdateRule(CrossEntropy(label_smoothing=0.1))
    assert not backward(sure(20.0), PIXEL, "a", learner=smoothed).settled  # it is too sure


def test_numbers_formatted_without_get_real_minus_signs() -> None:
    assert with_minus("-2.5 to -1e-07, 1 - 2, a-3, 2026-11-28, (-inf)") == (
        "−2.5 to −1e-07, 1 - 2, a-3, 2026-11-28, (−inf)"
    )
