"""Wilson's interval against SciPy's, and guessing against scikit-learn's."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.dummy import DummyClassifier

from pellucid.errors import ArgumentError
from pellucid.metrics.chance import chance, enough_pictures, wilson

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier


@pytest.mark.parametrize(
    ("right", "count"), [(0, 1), (1, 1), (0, 40), (40, 40), (23, 40), (9971, 10_000), (1, 3)]
)
def test_the_interval_is_scipys(right: int, count: int) -> None:
    expected = binomtest(right, count).proportion_ci(method="wilson")
    assert wilson(right, count) == pytest.approx((expected.low, expected.high), abs=1e-12)
    low, high = wilson(right, count)
    assert 0.0 <= low <= right / count <= high <= 1.0


@pytest.mark.parametrize(("right", "count"), [(-1, 4), (5, 4), (0, 0), (1.5, 4)])
def test_what_is_no_share(right: int, count: int) -> None:
    with pytest.raises(ArgumentError, match="must be a whole number"):
        wilson(right, count)


def test_guessing_is_the_best_fixed_answer() -> None:
    labels = np.random.default_rng(3).choice(4, 200, p=[0.2, 0.45, 0.05, 0.3])
    pictures = np.zeros((200, 1))
    found = chance(110, labels, ("a", "b", "c", "d"))
    dummy = DummyClassifier(strategy="most_frequent").fit(pictures, labels)
    assert found.guessing == dummy.score(pictures, labels)
    assert found.guess == "abcd"[dummy.predict(pictures[:1])[0]] == "b"
    assert found.accuracy == 0.55
    assert found.better_than_guessing == (found.low > found.guessing)
    assert (found.remark is None) == found.better_than_guessing
    worse = chance(90, labels, ("a", "b", "c", "d"))
    assert worse.remark is not None
    assert "always answering b would be right in" in worse.remark
    assert worse.to_dict()["better_than_guessing"] is False
    assert chance(5, np.zeros(5, np.int64), ("only",)).remark is None
    assert str(found).startswith("55.00% right (95% interval 48.08% to 61.74%; always answering b")


def test_how_many_pictures_would_show_it() -> None:
    enough = enough_pictures(0.6, 0.57)
    assert enough is not None
    assert wilson(round(0.6 * enough), enough)[0] > 0.57
    assert wilson(round(0.3 * enough), enough // 2)[0] <= 0.57
    assert enough_pictures(0.57, 0.57) is None


def test_every_face_of_a_report_has_them(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    report = classifier.evaluate(digits[1])
    right = round(report.accuracy * report.count)
    low, high = wilson(right, report.count)
    guessing = np.bincount(digits[1].places).max() / report.count
    found = report.to_dict()["chance"]
    assert (found["low"], found["high"], found["guessing"]) == (low, high, guessing)
    report.write(tmp_path)
    with (tmp_path / "summary.csv").open(newline="") as file:
        rows = {row["measure"]: row for row in csv.DictReader(file)}
    accuracy, error = rows["accuracy"], rows["classification error"]
    assert float(accuracy["value"]) == pytest.approx(report.accuracy, abs=1e-6)
    assert [float(accuracy[n]) for n in ("low", "high", "guessing")] == pytest.approx(
        [low, high, guessing], abs=1e-6
    )
    assert float(error["low"]) == pytest.approx(1 - high, abs=1e-6)
    assert float(rows["top-3 accuracy"]["guessing"]) == pytest.approx(
        sum(sorted(np.bincount(digits[1].places))[-3:]) / report.count, abs=1e-6
    )
    for face in (str(report), report._repr_html_()):
        assert f"95% interval {low:.2%} to {high:.2%}" in face
        assert f"{guessing:.2%}" in face
