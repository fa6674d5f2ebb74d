"""The record behind one output value: it adds up, reads what it says, and hides nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.ops import AveragePool, Conv2D, Dense, MaxPool, Softmax
from pellucid.ops.operation import INFERENCE
from tests.ops.cases import CASES, Case, Drawn
from tests.ops.tolerances import TOLERANCES, assert_close

if TYPE_CHECKING:
    from pellucid.ops.operation import Array
    from pellucid.ops.terms import Terms

IN_THE_FACTOR = ("local_response_norm", "perspective_divide")
"""Its terms list the value alone; what its neighbours do is in the factor."""


def positions(case: Case, count: int = 6) -> list[tuple[int, ...]]:
    """Random output positions, the image's number first; the corners are among them."""
    random = np.random.default_rng(case.seed)
    shape = (case.batch, *case.operation.output_shape(*case.shapes))
    places = [tuple(int(random.integers(n)) for n in shape) for _ in range(count - 2)]
    return [(0,) * len(shape), tuple(n - 1 for n in shape), *places]


def opened(drawn: Drawn, place: tuple[int, ...]) -> Terms:
    return drawn.case.operation.terms(drawn.image(place[0]), drawn.weights, place[1:])


def magnitude(terms: Terms) -> float:
    """How large what was added up is: the sum may be small by cancellation."""
    if terms.rule != "sum":
        return 0.0
    return float(np.abs(terms.products).sum()) + abs(terms.bias)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_total_is_the_output(case: Case, dtype: str) -> None:
    drawn = case.draw(dtype)
    output, _ = drawn.forward(INFERENCE)
    for place in positions(case):
        terms = opened(drawn, place)
        assert_close(terms.total, output[place], dtype, about=f"at {place}", scale=magnitude(terms))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_record_reads_what_it_says(case: Case) -> None:
    drawn = case.draw()
    for place in positions(case):
        terms, image = opened(drawn, place), drawn.image(place[0])
        count = len(terms.values)
        assert terms.sources.dtype == np.int64
        assert len(terms.sources) == len(terms.factors) == len(terms.products) == count
        assert len({tuple(source) for source in terms.sources.tolist()}) == count
        for i, value in enumerate(terms.values):
            number, at = terms.source(i)
            assert 0 <= number < len(image)
            assert len(at) == image[number].ndim
            assert all(0 <= i < n for i, n in zip(at, image[number].shape, strict=True))
            assert image[number][at] == value
        if terms.rule == "sum":
            np.testing.assert_array_equal(terms.products, terms.values * terms.factors)


def listed(terms: Terms, image: list[Array]) -> list[Array]:
    """For each input, which values the record lists."""
    masks = [np.zeros(x.shape, bool) for x in image]
    for i in range(len(terms.values)):
        number, at = terms.source(i)
        masks[number][at] = True
    return masks


def value_at(drawn: Drawn, image: list[Array], place: tuple[int, ...]) -> float:
    """The output of one image at one place."""
    output, _ = drawn.case.operation.forward([x[None] for x in image], drawn.weights)
    return float(output[0][place[1:]])


WHOLE = [case for case in CASES if case.operation.kind not in IN_THE_FACTOR]


@pytest.mark.parametrize("case", WHOLE, ids=str)
def test_what_is_not_listed_does_not_matter(case: Case) -> None:
    drawn = case.draw()
    for place in positions(case, 4):
        image = drawn.image(place[0])
        masks = listed(opened(drawn, place), image)
        changed = [np.where(m, x, x + 17.0) for m, x in zip(masks, image, strict=True)]
        before, after = value_at(drawn, image, place), value_at(drawn, changed, place)
        assert_close(after, before, "float64", about=f"at {place}")


@pytest.mark.parametrize("case", [c for c in CASES if c.linear], ids=str)
def test_what_is_listed_matters_by_its_factor(case: Case) -> None:
    drawn = case.draw()
    random = np.random.default_rng(case.seed)
    for place in positions(case, 4):
        terms, image = opened(drawn, place), drawn.image(place[0])
        assert terms.rule == "sum"
        before = value_at(drawn, image, place)
        for t in random.permutation(len(terms.values))[:4]:
            number, at = terms.source(t)
            changed = [x.copy() for x in image]
            changed[number][at] += 2.0
            gain = value_at(drawn, changed, place) - before
            scale = magnitude(terms) + abs(2 * terms.factors[t])
            assert abs(gain - 2 * terms.factors[t]) <= 2 * TOLERANCES["float64"] * max(1, scale)


@pytest.mark.parametrize("case", [c for c in CASES if c.operation.rule == "maximum"], ids=str)
def test_any_listed_value_can_become_the_maximum(case: Case) -> None:
    drawn = case.draw()
    for place in positions(case, 4):
        terms, image = opened(drawn, place), drawn.image(place[0])
        assert terms.rule == "maximum"
        # Others say between which values the largest is sought.
        sought = [
            k for k, row in enumerate(terms.sources) if row[0] not in case.operation.constant_inputs
        ]
        if not sought:
            assert terms.total == 0
            continue
        sources, values = terms.sources[sought], terms.values[sought]
        assert terms.factors[sought].sum() == terms.factors[terms.own] == 1
        first = int(np.flatnonzero(values == values.max())[0])
        assert terms.own == first  # sources stand in row-major order
        assert sources.tolist() == sorted(sources.tolist())
        for number, *at in sources.tolist():
            changed = [x.copy() for x in image]
            changed[number][tuple(at)] = 1e3
            assert value_at(drawn, changed, place) == 1e3


@pytest.mark.parametrize("case", [c for c in CASES if c.operation.kind == "softmax"], ids=str)
def test_softmax_shares(case: Case) -> None:
    drawn = case.draw()
    for place in positions(case):
        terms = opened(drawn, place)
        assert terms.rule == "share"
        assert np.isnan(terms.factors).all()
        assert terms.own == place[-1]
        shares = terms.products / terms.products.sum()
        assert_close(shares, drawn.forward()[0][place[:-1]], "float64")


def test_a_window_in_the_padding_alone_is_its_bias() -> None:
    conv = Conv2D(1, (1, 2), padding=((0, 0), (3, 0)))
    weights = {"kernel": np.ones((1, 2, 1, 1)), "bias": np.array([0.5])}
    terms = conv.terms([np.ones((1, 4, 1))], weights, (0, 0, 0))
    assert terms.sources.shape == (0, 4)
    assert terms.total == 0.5


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_not_hidden(bad: float) -> None:
    """0 · ∞ is NaN in the output, and so it is in the record."""
    weights = {"kernel": np.array([[0.0], [1.0]])}
    with np.errstate(invalid="ignore"):
        output, _ = Dense(1, bias=False).forward([np.array([[bad, 2.0]])], weights)
    assert np.isnan(output[0, 0])
    assert np.isnan(Dense(1, bias=False).terms([np.array([bad, 2.0])], weights, (0,)).total)

    pool = AveragePool((1, 2), (1, 2))
    image = np.array([[[bad], [1.0]]])
    np.testing.assert_equal(pool.terms([image], {}, (0, 0, 0)).total, bad)


def test_infinite_losers_of_a_maximum_contribute_nothing() -> None:
    image = np.array([[[-math.inf], [1.0]]])
    terms = MaxPool((1, 2), (1, 2)).terms([image], {}, (0, 0, 0))
    assert terms.products.tolist() == [0, 1]
    assert terms.total == 1


def test_nan_wins_in_the_record_too() -> None:
    image = np.array([[[3.0], [math.nan], [math.nan]]])
    terms = MaxPool((1, 3), (1, 3)).terms([image], {}, (0, 0, 0))
    assert terms.own == 1
    assert math.isnan(terms.total)


def test_softmax_of_large_scores() -> None:
    terms = Softmax().terms([np.array([1e4, -1e4, 1e4])], {}, (2,))
    assert terms.total == 0.5
