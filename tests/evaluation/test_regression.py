"""Predicted numbers beside guesses, in bands, and in words; against scikit-learn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from pellucid.data import Dataset
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError
from pellucid.evaluation.regression import RegressionReport, evaluate_numbers
from pellucid.evaluation.regression_details import PREVIOUS
from pellucid.show import regression_report
from pellucid.show.film_strip import draw_film_strip
from pellucid.tasks import Regression

RANDOM = np.random.default_rng(11)
COUNT = 60
TRUE = np.sin(np.arange(COUNT) / 5) * RANDOM.uniform(0.8, 1.2, COUNT)
TRUE[::7] = 0.0
LEARNED = DummyRegressor().fit(np.zeros((3, 1)), [0.1, 0.3, 0.5])


def judged(monkeypatch: pytest.MonkeyPatch, predicted: Any, true: Any = TRUE) -> RegressionReport:
    """The report on given predictions, of a model whose training numbers had the mean 0.3."""
    true = np.asarray(true, float).reshape(len(true), -1)
    predicted = np.asarray(predicted, float).reshape(true.shape)
    columns = ("angle", "speed")[: true.shape[1]]
    flat = len(columns) == 1
    data = Dataset(np.zeros((len(true), 4, 6, 3), np.uint8), targets=Numbers(true, columns, flat))
    task = Regression(columns, (0.3,) * len(columns), (1.0,) * len(columns), flat)
    monkeypatch.setattr(
        "pellucid.evaluation.regression.outputs_of", lambda *_: task.standardised(predicted)
    )
    return evaluate_numbers(None, data, task)  # type: ignore[arg-type]  # outputs_of is replaced


def test_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = 0.7 * TRUE + RANDOM.normal(0, 0.1, COUNT)
    report = judged(monkeypatch, predicted)
    guesses = {
        "the mean of the training pictures": LEARNED.predict(np.zeros((COUNT, 1))),
        "always 0": np.zeros(COUNT),
        PREVIOUS: np.concatenate([[0.3], TRUE[:-1]]),
    }
    assert [each.name for each in report.baselines] == list(guesses)
    own = mean_squared_error(TRUE, predicted)
    for each in report.baselines:
        guess = guesses[each.name]
        assert each.r2 == pytest.approx(r2_score(TRUE, guess))
        assert each.mean_absolute_error == pytest.approx(mean_absolute_error(TRUE, guess))
        assert each.error_ratio == pytest.approx(own / mean_squared_error(TRUE, guess))
    assert json.loads(json.dumps(report.to_dict()))["baselines"][1]["name"] == "always 0"


def test_numbers_of_one_sign_are_not_guessed_as_0(monkeypatch: pytest.MonkeyPatch) -> None:
    report = judged(monkeypatch, TRUE + 2, TRUE + 2)
    assert "always 0" not in [each.name for each in report.baselines]
    assert all(not band.by_size and band.right_sign is None for band in report.bands)


def test_bands_of_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = TRUE + RANDOM.normal(0, 0.3, COUNT)
    small, large = judged(monkeypatch, predicted).in_bands([0.1]).bands
    far = np.abs(TRUE) > 0.1
    assert (small.words, large.words) == ("|angle| ≤ 0.1", "|angle| > 0.1")
    assert (small.count, large.count) == ((~far).sum(), far.sum())
    assert large.mean_absolute_error == pytest.approx(
        mean_absolute_error(TRUE[far], predicted[far])
    )
    assert small.mean_absolute_error_of_mean == pytest.approx(np.abs(0.3 - TRUE[~far]).mean())
    assert large.right_sign == pytest.approx((TRUE * predicted > 0)[far].mean())
    turned = judged(monkeypatch, -TRUE).in_bands([0.1]).bands
    assert [band.right_sign for band in turned] == [0.0, 0.0]  # zeros have no sign


def test_bands_where_none_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    report = judged(monkeypatch, TRUE)
    assert sum(band.count for band in report.bands) == COUNT
    assert len(report.bands) == 4
    mostly_zero = np.where(np.arange(COUNT) < 50, 0.0, TRUE)
    assert sum(band.count for band in judged(monkeypatch, TRUE, mostly_zero).bands) == COUNT
    both = np.stack([TRUE, TRUE + 2], axis=1)
    assert {band.column for band in judged(monkeypatch, both, both).bands} == {"angle", "speed"}
    assert judged(monkeypatch, TRUE, np.full(COUNT, 3.0)).bands == ()


@pytest.mark.parametrize("wrong", [(), (0.5, 0.1), (0.1, 0.1), (float("nan"),), ("a",), 3])
def test_bands_that_are_none(wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="ascending"):
        judged(monkeypatch, TRUE).in_bands(wrong)


def test_what_cannot_be_read_from_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    unrelated = judged(monkeypatch, RANDOM.permutation(TRUE)).remark
    assert unrelated is not None
    assert "cannot be read" in unrelated
    assert "mean" in unrelated
    poor = judged(monkeypatch, 0.1 * TRUE)
    assert poor.remark is not None
    assert PREVIOUS in poor.remark
    assert f"{poor.baselines[-1].r2:.4f}" in poor.remark
    assert judged(monkeypatch, TRUE).remark is None


def test_the_film_strip(monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = TRUE + 0.1
    report = judged(monkeypatch, predicted)
    pictures = Dataset(
        np.arange(COUNT, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 4, 6, 3), np.uint8),
        targets=Numbers(TRUE[:, None], ("angle",)),
    )
    figure = draw_film_strip(report, pictures)
    *strip, numbers, residuals = figure.axes
    shown = [int(np.asarray(axes.images[0].get_array())[0, 0, 0]) for axes in strip]
    assert shown == [int(axes.get_title()) for axes in strip]
    assert (shown[0], shown[-1], len(shown)) == (0, COUNT - 1, 8)
    drawn = {line.get_label(): line.get_ydata() for line in numbers.lines}
    np.testing.assert_allclose(np.asarray(drawn["true"], float), TRUE)
    np.testing.assert_allclose(np.asarray(drawn["predicted"], float), predicted)
    np.testing.assert_allclose(np.asarray(residuals.lines[1].get_ydata(), float), 0.1, atol=1e-9)
    words = str(regression_report.regression_document(report))
    assert "always 0" in words
    assert len(draw_film_strip(judged(monkeypatch, TRUE[:1], TRUE[:1])).axes) == 2
