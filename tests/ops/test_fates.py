"""What became of candidates, and what rows of boxes are made of: the same that is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.box_geometry import intersection_over_union
from pellucid.ops import Propose
from pellucid.ops.find_boxes import FindBoxes
from pellucid.ops.find_regions import FindRegions

if TYPE_CHECKING:
    from pellucid.ops.finding import Finding

SEED = 11


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(SEED).normal(size=shape)


def rows_of_regions(count: int) -> np.ndarray:
    """Regions within 64×96 pixels, the last without a box, with outputs of two classes."""
    random = np.random.default_rng(SEED)
    low = random.uniform(0, 40, (count, 2))
    regions = np.concatenate([low, low + random.uniform(6, 40, (count, 2))], axis=1)
    rest = np.stack([random.uniform(size=count), np.zeros(count)], axis=1)
    rest[-1] = 0.0, -1.0
    return np.concatenate([regions, rest, random.normal(size=(count, 11))], axis=1)


CASES = [
    (FindBoxes(8, 9, 0.3, 0.2), drawn(8, 12, 6)),
    (FindRegions((64, 96), 9, 0.3, 0.2), rows_of_regions(40)),
]


def test_what_is_no_number_is_not_found() -> None:
    rows = rows_of_regions(6)
    rows[:3, 6:9] = np.nan
    operation = FindRegions((64, 96), 9, 0.3, 0.2)
    with np.errstate(invalid="ignore"):
        found, answered = operation.fates(rows), operation.rows_of(rows)
    assert (found.steps == "found").sum() == len(answered) > 0
    assert (found.steps[np.isnan(found.probabilities)] == "threshold").all()


@pytest.mark.parametrize(("operation", "x"), CASES)
def test_every_candidate_ends_where_the_answer_says(operation: Finding, x: np.ndarray) -> None:
    found = operation.fates(x)
    rows = operation.rows_of(x)
    own = np.flatnonzero(found.steps == "found")
    assert found.rows[own].tolist() == list(range(len(rows)))
    np.testing.assert_allclose(found.boxes[own], rows[:, :4])
    np.testing.assert_allclose(found.probabilities[own], rows[:, 4])
    assert (found.probabilities[found.steps == "threshold"] < operation.least).all()
    for lost in np.flatnonzero(found.steps == "overlap"):
        by = rows[found.rows[lost]]
        assert by[5] == found.places[-1][lost]
        assert by[4] >= found.probabilities[lost]
        overlap = intersection_over_union(found.boxes[lost][None], by[None, :4])[0, 0]
        assert overlap > operation.overlap
    counts = {step: int((found.steps == step).sum()) for step in set(found.steps.tolist())}
    wanted = {"found", "overlap", "threshold", "limit"}
    assert counts.keys() == wanted | ({"neighbour"} if isinstance(operation, FindBoxes) else set())


@pytest.mark.parametrize("least", [0.3, 0.001])
def test_anchors_end_where_proposals_say(least: float) -> None:
    op = Propose(8, (12.0, 20.0), (0.5, 1.7), most=9, candidates=int(40 / least**0.2), overlap=0.3)
    z = drawn(6, 7, 20)
    found, (boxes, scores, places) = op.fates(z), op.of_map(z)
    own = np.flatnonzero(found.steps == "found")
    np.testing.assert_array_equal(found.places[0][own], places)
    np.testing.assert_allclose(found.boxes[own], boxes)
    np.testing.assert_allclose(found.probabilities[own], scores)
    assert (found.steps == "candidates").sum() == 6 * 7 * 4 - op.candidates
    for lost in np.flatnonzero(found.steps == "overlap"):
        by = boxes[found.rows[lost]][None]
        assert intersection_over_union(found.boxes[lost][None], by)[0, 0] > op.overlap


@pytest.mark.parametrize(
    ("operation", "x"), [*CASES, (Propose(8, (12.0, 20.0), (0.5, 1.7), most=9), drawn(6, 7, 20))]
)
def test_rows_are_made_of_their_terms(operation: Finding | Propose, x: np.ndarray) -> None:
    (y,), _ = operation.forward([x[None]], {})
    for n in range(len(y)):
        for column in range(6):
            terms = operation.terms([x], {}, (n, column))
            assert terms.total == pytest.approx(y[n, column], abs=1e-9)
            read = [x[terms.source(i)[1]] for i in range(len(terms.values))]
            np.testing.assert_array_equal(terms.values, read)
            details = operation.details(terms, [x], {}, (n, column))
            assert bool(details) == (y[n, 5] >= 0)
            if not 0 < n < 4 or column > 4 or not len(read):
                continue
            moved = x.copy()
            for i in range(len(read)):
                moved[terms.source(i)[1]] += 1e-7 * (i + 1)
            (other,), _ = operation.forward([moved[None]], {})
            cut_off = y[n, column] in (0.0, 48.0, 56.0, 64.0, 96.0)
            assert cut_off or other[n, column] != y[n, column]
