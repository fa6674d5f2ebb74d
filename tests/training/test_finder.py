"""The learning-rate finder: its curve by hand and by SciPy, and on networks that learn."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy.signal import savgol_filter

from pellucid import ImageClassifier
from pellucid.engines import Learning, get_engine
from pellucid.errors import ArgumentError, DataError, TrainingDivergedError
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Normalise, ReLU, Sequential
from pellucid.training import make_recipe
from pellucid.training.finder import (
    HIGHEST,
    LOWEST,
    STEPS,
    WINDOW,
    curve,
    find_learning_rate,
    fitted_lines,
)
from pellucid.training.rate_chart import draw_rate_curve
from tests.messages import check_line
from tests.training.scripted import Scripted, dataset

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.engines import Program

RECIPE = make_recipe(batch_size=8)


def layers(classes: int) -> Sequential:
    return Sequential([Conv2D(8, 3), BatchNorm(), ReLU(), Flatten(), Dropout(0.2), Dense(classes)])


def program(data: Dataset, engine: str = "native", optimizer: str = "sgd") -> Program:
    normalise = Normalise([80.0], [90.0])
    graph = Sequential([normalise, *layers(len(data.classes)).layers]).graph(data.image_shape)
    recipe = make_recipe(optimizer=optimizer)
    return get_engine(engine).load(
        Network(graph, initial_weights(graph, 0)),
        learning=Learning(recipe.loss, recipe.optimizer, 0),
    )


# ---------------------------------------------------------------------------------- the curve


@pytest.mark.parametrize("count", [WINDOW, WINDOW + 1, 40, 101])
def test_fitted_lines_against_scipy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    smoothed, slopes = fitted_lines(values)
    np.testing.assert_allclose(smoothed, savgol_filter(values, WINDOW, 1), atol=1e-12)
    np.testing.assert_allclose(slopes, savgol_filter(values, WINDOW, 1, deriv=1), atol=1e-12)


def test_the_suggestion_is_where_the_loss_falls_by_the_greatest_share() -> None:
    rates = np.geomspace(1e-5, 1.0, 100)
    shares = np.where(np.arange(100) < 60, 0.01, -0.05)
    shares[40:51] = 0.08
    losses = 2.0 * np.exp(-np.cumsum(shares))
    found = curve(rates, losses)
    assert found.suggestion == pytest.approx(rates[45], rel=0.13)  # a step is 12 %
    assert np.abs(found.smoothed / losses - 1).max() < 0.2


def test_a_fall_after_the_minimum_does_not_count() -> None:
    losses = np.concatenate([np.linspace(2.0, 1.0, 40), np.full(30, 9.0), np.full(30, 1.5)])
    found = curve(np.geomspace(1e-5, 1.0, 100), losses)
    assert found.suggestion is not None
    assert found.suggestion <= found.rates[40]


@pytest.mark.parametrize("values", [np.full(50, 2.3), np.linspace(2.0, 5.0, 50), np.zeros(50)])
def test_no_suggestion_where_the_loss_falls_nowhere(values: Any) -> None:
    assert curve(np.geomspace(1e-5, 1.0, 50), values).suggestion is None


# --------------------------------------------------------------------------------- the search


def test_what_may_be_the_chance_of_batches_is_uncertain() -> None:
    rates, random = np.geomspace(1e-6, 10.0, 100), np.random.default_rng(0)
    chance = [curve(rates, 0.7 * np.exp(random.normal(0.0, 0.15, 100))) for _ in range(300)]
    suggested = [found for found in chance if found.suggestion is not None]
    assert len(suggested) > 100
    assert sum(found.uncertain for found in suggested) >= 0.97 * len(suggested)
    course = np.exp(-np.maximum(np.arange(100) - 40.0, 0.0) / 40.0)  # to a quarter
    for _ in range(100):
        found = curve(rates, 2.3 * course * np.exp(random.normal(0.0, 0.15, 100)))
        assert found.suggestion is not None
        assert not found.uncertain
    assert not any(found.uncertain for found in chance if found.suggestion is None)


def test_rates_rise_exponentially_and_batches_follow_each_other() -> None:
    scripted, told = Scripted([2.0, 1.9, 1.8]), []
    data = dataset(20)
    found = find_learning_rate(
        scripted, data, RECIPE, progress=lambda done, of: told.append((done, of))
    )
    rates = np.array([rate for _, _, rate in scripted.steps])
    np.testing.assert_allclose(rates, np.geomspace(LOWEST, HIGHEST, STEPS))
    np.testing.assert_array_equal(found.rates, rates)
    assert found.losses.tolist() == [2.0, 1.9, *[1.8] * 98]
    assert [len(images) for images, _, _ in scripted.steps[:6]] == [8, 8, 4, 8, 8, 4]
    one, other = (np.concatenate([s[0] for s in scripted.steps[k : k + 3]]) for k in (0, 3))
    assert not np.array_equal(one, other)
    for images in (one, other):
        assert sorted(image.tobytes() for image in images) == sorted(
            image.tobytes() for image in data.images
        )
    assert told == [(done, STEPS) for done in range(1, STEPS + 1)]
    assert not found.exploded
    assert scripted.count == 0  # its weights are put back


@pytest.mark.parametrize("last", [float("nan"), float("inf"), 1e9])
def test_it_stops_when_the_loss_explodes(last: float) -> None:
    scripted = Scripted([2.0] * 30 + [last])
    found = find_learning_rate(scripted, dataset(20), RECIPE)
    assert found.exploded
    assert len(scripted.steps) == 31
    assert np.isfinite(found.losses).all()
    assert len(found.losses) == (31 if last == 1e9 else 30)
    assert scripted.count == 0


def test_it_goes_on_after_one_bad_batch() -> None:
    scripted = Scripted([2.0] * 30 + [9.0] + [2.0])
    assert not find_learning_rate(scripted, dataset(20), RECIPE).exploded


def test_a_loss_that_explodes_at_once() -> None:
    scripted = Scripted([2.0, float("nan")])
    with pytest.raises(TrainingDivergedError, match=r"after 1 step, .*--lowest 1e-09") as caught:
        find_learning_rate(scripted, dataset(20), RECIPE)
    check_line(caught.value)
    assert scripted.count == 0


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_program_is_left_as_it_was(
    digits: tuple[Dataset, Dataset], engine: str, optimizer: str
) -> None:
    """Also when it is interrupted; the very next step is that of a program never searched with."""
    data, recipe = digits[0], make_recipe(batch_size=32, optimizer=optimizer)

    def interrupt(done: int, of: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    searched, fresh = (program(data, engine, optimizer) for _ in range(2))
    find_learning_rate(searched, data, recipe, steps=25)
    with pytest.raises(KeyboardInterrupt):
        find_learning_rate(searched, data, recipe, progress=interrupt)
    for each in (searched, fresh):
        each.train_step(data.images[:32], data.places[:32], 0.01)
    for one, other in (
        (searched.weights(), fresh.weights()),
        (searched.optimizer_state(), fresh.optimizer_state()),
    ):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_suggestion_trains(digits: tuple[Dataset, Dataset], optimizer: str) -> None:
    """Better than rates a hundred times lower or higher."""
    settings: dict[str, Any] = {
        "optimizer": optimizer,
        "epochs": 2,
        "batch_size": 32,
        "schedule": "constant",
    }
    found = ImageClassifier(layers, **settings).find_learning_rate(digits[0])
    assert found.suggestion is not None
    assert 1e-4 < found.suggestion < 0.5

    def loss(rate: float) -> float:
        try:
            model = ImageClassifier(layers, learning_rate=rate, **settings).fit(digits[0])
        except TrainingDivergedError:
            return np.inf
        return float(model.history_[-1].loss)

    good = loss(found.suggestion)
    assert good < 0.7
    assert good < loss(found.suggestion / 100)
    assert good < loss(found.suggestion * 100)


def test_the_same_seed_gives_the_same_curve(digits: tuple[Dataset, Dataset]) -> None:
    one, again, other = (
        ImageClassifier(layers, seed=seed).find_learning_rate(digits[0], steps=20)
        for seed in (0, 0, 1)
    )
    assert one.to_dict() == again.to_dict() != other.to_dict()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lowest": 0.0}, "lowest must be a finite number from 1e-10"),
        ({"highest": 1e5}, "highest must be a finite number"),
        ({"lowest": 1.0, "highest": 1.0}, "must be below the highest, got 1 and 1"),
        ({"lowest": float("nan")}, "lowest must be a finite number"),
        ({"steps": 19}, "steps must be a whole number from 20"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    scripted = Scripted([2.0])
    with pytest.raises(ArgumentError, match=message) as caught:
        find_learning_rate(scripted, dataset(20), RECIPE, **settings)
    check_line(caught.value)
    assert scripted.steps == []


def test_one_class_alone(digits: tuple[Dataset, Dataset]) -> None:
    only = digits[0].images[:20]
    with pytest.raises(DataError, match="at least 2 classes"):
        ImageClassifier(layers).find_learning_rate(only, ["a"] * 20)


# --------------------------------------------------------------------------- what is made of it


def test_as_json() -> None:
    found = curve(np.geomspace(1e-5, 1.0, 50), np.linspace(2.0, 1.0, 50), exploded=True)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values == found.to_dict()
    assert values["exploded"] is True
    assert values["rates"][0] == 1e-5
    assert len(values["losses"]) == len(values["smoothed"]) == 50


def test_the_picture() -> None:
    found = curve(np.geomspace(1e-5, 1.0, 50), np.linspace(2.0, 1.0, 50))
    assert found.suggestion is not None
    figure = Figure()
    draw_rate_curve(figure, found)
    (axes,) = figure.axes
    points, line, mark = axes.lines
    np.testing.assert_array_equal(points.get_ydata(), found.losses)
    np.testing.assert_array_equal(line.get_xdata(), found.rates)
    np.testing.assert_array_equal(line.get_ydata(), found.smoothed)
    assert list(np.asarray(mark.get_xdata())) == [found.suggestion] * 2
    assert axes.get_xscale() == "log"
    with Image.open(io.BytesIO(found.png())) as image:
        assert image.format == "PNG"
        assert np.array(image.convert("L")).std() > 10.0


def test_a_picture_without_a_suggestion() -> None:
    assert len(curve(np.geomspace(1e-5, 1.0, 50), np.zeros(50)).png()) > 1000
