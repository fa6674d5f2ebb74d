"""The learning-rate finder: its curve by hand and by SciPy, and on networks that learn."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from scipy.signal import savgol_filter

from pellucid import ImageClassifier
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError, TrainingDivergedError
from pellucid.graph import Network, classifier_weights, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Normalise, ReLU, Sequential
from pellucid.training import make_recipe
from pellucid.training.lr_finder import HIGHEST, LOWEST, STEPS, find_learning_rate
from pellucid.training.rate_curve import AGREE, FAR, WINDOW, curve, smooth
from pellucid.training.recipe import default_learning_rate
from pellucid.training.schedules import OneCycle
from pellucid.training.trial import short_training
from tests.learning import Learning, step_of
from tests.messages import check_line
from tests.training.scripted import Scripted, dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        step_of(graph, Learning(recipe.loss, recipe.optimizer, 0)),
    )


# ---------------------------------------------------------------------------------- the curve


@pytest.mark.parametrize("count", [WINDOW, WINDOW + 1, 40, 101])
def test_smoothing_against_scipy(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    np.testing.assert_allclose(smooth(values), savgol_filter(values, WINDOW, 1), atol=1e-12)


def course(low: int, fall: float = 0.5, seeds: int = 3, noise: float = 0.0) -> Any:
    """Losses (seeds, 100): flat, then falling to a share of the first at ``low``, then rising."""
    steps = np.arange(100)
    logarithms = np.interp(steps, [0, low - 30, low, 99], [0.0, 0.0, np.log(fall), 1.0])
    scatter = np.random.default_rng(0).normal(0.0, noise, (seeds, 100)) if noise else 0.0
    return 2.3 * np.exp(logarithms + np.zeros((seeds, 1)) + scatter)


RATES = np.geomspace(1e-5, 10.0, 100)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("low", [40, 55, 70])
def test_the_suggestion_is_where_the_loss_stops_falling(low: int, noise: float) -> None:
    found = curve(RATES, course(low, noise=noise), default=RATES[low])
    assert found.doubt is None
    assert found.suggestion == found.end_of_fall
    assert RATES[low - 6] <= found.end_of_fall <= RATES[low + 3]  # a step is 15 %
    assert np.exp(np.log(course(low, noise=noise)).mean(axis=0)) == pytest.approx(found.losses)


def test_a_flat_bottom_is_met_at_its_beginning() -> None:
    losses = np.concatenate([np.full(40, 2.3), np.linspace(2.3, 1.0, 20), np.full(40, 1.0)])
    random = np.random.default_rng(1)
    found = curve(RATES, losses * np.exp(random.normal(0.0, 0.02, (3, 100))), default=RATES[58])
    assert found.suggestion is not None
    assert RATES[54] <= found.suggestion <= RATES[66]


def test_a_fall_after_the_loss_has_risen_does_not_count_if_it_is_smaller() -> None:
    losses = np.concatenate([np.linspace(2.0, 1.0, 40), np.full(30, 9.0), np.full(30, 1.5)])
    found = curve(RATES, losses[None])
    assert found.end_of_fall is not None
    assert found.end_of_fall <= RATES[40]


@pytest.mark.parametrize("values", [np.full(50, 2.3), np.linspace(2.0, 5.0, 50), np.zeros(50)])
def test_no_suggestion_where_the_loss_falls_nowhere(values: Any) -> None:
    found = curve(np.geomspace(1e-5, 1.0, 50), np.tile(values, (3, 1)), default=0.01)
    assert found.end_of_fall is found.suggestion is None
    assert found.doubt is not None
    assert not found.uncertain


def test_nothing_is_suggested_where_seeds_are_far_apart() -> None:
    """Means without one of them lie where either half of the seeds has its fall."""
    one, other = course(45, 0.1, 1), course(75, 0.05, 1)
    found = curve(RATES, np.concatenate([one, other]), default=RATES[60])
    assert max(found.without) > AGREE * min(found.without)
    assert found.end_of_fall is not None
    assert found.suggestion is None
    assert "far apart" in str(found.doubt)
    assert curve(RATES, np.concatenate([one, one]), default=RATES[45]).suggestion is not None


@pytest.mark.parametrize("factor", [0.9 / FAR, 1.1 / FAR, 0.9 * FAR, 1.1 * FAR])
def test_nothing_is_suggested_far_from_the_default_rate(factor: float) -> None:
    found = curve(RATES, course(60))
    assert found.suggestion is not None
    compared = curve(RATES, course(60), default=found.suggestion * factor)
    assert (compared.suggestion is None) == (factor in (0.9 / FAR, 1.1 * FAR))
    assert compared.end_of_fall == found.suggestion


@pytest.mark.parametrize(
    ("own", "other", "wins"),
    [
        ((0.1, 0.2, 0.3), (0.2, 0.3, 0.4), True),
        ((0.1, 0.2, 0.4), (0.2, 0.3, 0.4), False),
        ((0.1, 0.2, np.inf), (0.2, 0.3, 0.4), False),
        ((0.1, 0.2, 0.3), (0.2, 0.3, np.inf), True),
        ((0.2, 0.3, 0.4), (0.1, 0.2, 0.3), False),
    ],
)
def test_the_default_rate_is_suggested_unless_the_other_is_better_with_every_seed(
    own: tuple[float, ...], other: tuple[float, ...], wins: bool
) -> None:
    found = curve(RATES, course(60), default=0.02)
    assert found.end_of_fall is not None
    tried = replace(found, tried={found.end_of_fall: own, 0.02: other})
    assert tried.suggestion == (found.end_of_fall if wins else 0.02)
    json.dumps(tried.to_dict(), allow_nan=False)


def test_short_trainings_follow_the_schedule_from_the_same_start() -> None:
    scripted, recipe = Scripted([2.0] * 30 + [1.0] * 10), make_recipe(batch_size=8)
    assert short_training(scripted, dataset(20), recipe, 40) == 1.0
    rates = [rate for _, _, rate in scripted.taken]
    assert rates == [recipe.learning_rate * OneCycle().factor(k, 40, 1) for k in range(40)]
    assert short_training(Scripted([2.0, np.nan]), dataset(20), recipe, 40) == np.inf
    # what is learned already is not told apart
    assert short_training(Scripted([2.0, 0.001]), dataset(20), recipe, 40) == 0.2


def test_the_end_of_the_fall_and_the_default_rate_are_tried(
    digits: tuple[Dataset, Dataset],
) -> None:
    printed: list[tuple[int, int]] = []
    model = ImageClassifier(layers, batch_size=32, engine="torch")
    found = model.find_learning_rate(
        digits[0], steps=40, progress=lambda done, of: printed.append((done, of))
    )
    assert found.doubt is None
    assert found.default == 0.025
    assert set(found.tried) == {found.end_of_fall, 0.025}
    assert all(len(losses) == 3 for losses in found.tried.values())
    assert found.suggestion in found.tried
    assert [done for done, _ in printed] == sorted({done for done, _ in printed})
    assert printed[-1] == (360, 360)
    recipe = model.planned_recipe(digits[0])
    first = model._new_network(digits[0], 2)
    again = get_engine("torch").load(
        first,
        step_of(first.graph, Learning(recipe.loss, recipe.optimizer, 0)),
    )
    alone = short_training(again, digits[0], replace(recipe, seed=2), 40)
    assert found.tried[0.025][2] == pytest.approx(alone, rel=0.02)


def test_one_seed_alone_suggests_nothing() -> None:
    found = curve(RATES, course(60, seeds=1), default=RATES[60])
    assert found.end_of_fall is not None
    assert found.suggestion is None


# --------------------------------------------------------------------------------- the search


def test_what_may_be_the_chance_of_batches_is_uncertain() -> None:
    rates, random = np.geomspace(1e-6, 10.0, 100), np.random.default_rng(0)
    chance = [curve(rates, 0.7 * np.exp(random.normal(0.0, 0.25, (3, 100)))) for _ in range(300)]
    fallen = [found for found in chance if found.end_of_fall is not None]
    assert len(fallen) > 100
    assert sum(found.uncertain for found in fallen) >= 0.97 * len(fallen)
    assert sum(found.suggestion is not None for found in chance) <= 3
    course = np.exp(-np.maximum(np.arange(100) - 40.0, 0.0) / 40.0)  # to a quarter
    for _ in range(100):
        found = curve(rates, 2.3 * course * np.exp(random.normal(0.0, 0.25, (3, 100))))
        assert found.end_of_fall is not None
        assert not found.uncertain
    assert not any(found.uncertain for found in chance if found.end_of_fall is None)


def test_rates_rise_exponentially_and_batches_follow_each_other() -> None:
    scripted, printed = Scripted([2.0, 1.9, 1.8]), []
    data = dataset(20)
    found = find_learning_rate(
        scripted, data, RECIPE, seeds=1, progress=lambda done, of: printed.append((done, of))
    )
    rates = np.array([rate for _, _, rate in scripted.taken])
    np.testing.assert_allclose(rates, np.geomspace(LOWEST, HIGHEST, STEPS))
    np.testing.assert_array_equal(found.rates, rates)
    assert found.losses.tolist() == [2.0, 1.9, *[1.8] * 98]
    assert [len(images) for images, _, _ in scripted.taken[:6]] == [8, 8, 4, 8, 8, 4]
    one, other = (np.concatenate([s[0] for s in scripted.taken[k : k + 3]]) for k in (0, 3))
    assert not np.array_equal(one, other)
    for images in (one, other):
        assert sorted(image.tobytes() for image in images) == sorted(
            image.tobytes() for image in data.images
        )
    assert printed == [(done, STEPS) for done in range(1, STEPS + 1)]
    assert not found.exploded
    assert scripted.count == 0  # its weights are put back


@pytest.mark.parametrize("last", [float("nan"), float("inf"), 1e9])
def test_it_stops_when_the_loss_explodes(last: float) -> None:
    scripted = Scripted([2.0] * 30 + [last])
    found = find_learning_rate(scripted, dataset(20), RECIPE, seeds=1)
    assert found.exploded
    assert len(scripted.taken) == 31
    assert np.isfinite(found.losses).all()
    assert len(found.losses) == (31 if last == 1e9 else 30)
    assert scripted.count == 0


def test_it_goes_on_after_one_bad_batch() -> None:
    scripted = Scripted([2.0] * 30 + [9.0] + [2.0])
    assert not find_learning_rate(scripted, dataset(20), RECIPE).exploded


def test_it_goes_on_where_few_pictures_were_learned_and_one_batch_is_wrong() -> None:
    """The loss is then many times its lowest, and still below that of guessing."""
    assert not find_learning_rate(
        Scripted([2.3] * 20 + [0.01] * 40 + [1.0] * 40), dataset(20), RECIPE, seeds=1
    ).exploded


@dataclass(eq=False)
class Watched(Scripted):
    """Keeps the weights that it was given."""

    given: list[Any] = field(default_factory=list)

    def set_weights(self, weights: Mapping[str, Any]) -> None:
        self.given.append(dict(weights))
        self.count = 0

    def set_state(self, state: Mapping[str, Any], name: str = "train") -> None:
        pass


def test_every_seed_has_its_own_weights_and_order() -> None:
    watched, printed, data = Watched([2.0]), [], dataset(20)
    found = find_learning_rate(
        watched, data, RECIPE, steps=20, progress=lambda done, of: printed.append((done, of))
    )
    assert found.by_seed.shape == (3, 20)
    assert printed == [(done, 60) for done in range(1, 61)]
    first, second, third, last = (given["dense1.kernel"] for given in watched.given)
    assert first is not second
    assert (second != third).any()
    np.testing.assert_array_equal(
        second, classifier_weights(watched.graph, RECIPE.seed + 1)["dense1.kernel"]
    )
    np.testing.assert_array_equal(first, last)  # put back
    orders = [np.concatenate([s[0] for s in watched.taken[k : k + 3]]) for k in (0, 20, 40)]
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[1], orders[2])


def test_rates_that_one_seed_did_not_reach_are_left_out() -> None:
    found = find_learning_rate(
        Scripted([2.0] * 100 + [2.0] * 40 + [float("nan")] + [2.0]), dataset(20), RECIPE
    )
    assert found.exploded
    assert found.by_seed.shape == (3, 40)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) == 40


def test_a_loss_that_explodes_at_once() -> None:
    scripted = Scripted([2.0, float("nan")])
    with pytest.raises(TrainingDivergedError, match=r"after 0 steps, .*--lowest 1e-08") as caught:
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
        (searched.state(), fresh.state()),
    ):
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_suggestion_trains(digits: tuple[Dataset, Dataset], optimizer: str) -> None:
    """Better than rates far lower or higher; where there is none, the default rate is."""
    settings: dict[str, Any] = {
        "optimizer": optimizer,
        "epochs": 2,
        "batch_size": 32,
        "schedule": "constant",
    }
    found = ImageClassifier(layers, **settings).find_learning_rate(digits[0])
    assert found.default == default_learning_rate(optimizer, 32)
    if optimizer == "sgd":
        assert found.suggestion is not None, found.doubt
    rate = found.default if found.suggestion is None else found.suggestion
    assert 1e-4 < rate < 0.5

    def loss(rate: float) -> float:
        try:
            model = ImageClassifier(layers, learning_rate=rate, **settings).fit(digits[0])
        except TrainingDivergedError:
            return np.inf
        return float(model.history_[-1].loss)

    good = loss(rate)
    assert good < 0.7
    assert good < loss(rate / 100)
    assert good < loss(rate * 1000)


def test_the_same_seed_gives_the_same_curve(digits: tuple[Dataset, Dataset]) -> None:
    one, again, other = (
        ImageClassifier(layers, seed=seed).find_learning_rate(digits[0], steps=20, seeds=2)
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
        ({"seeds": 0}, "seeds must be a whole number from 1"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    scripted = Scripted([2.0])
    with pytest.raises(ArgumentError, match=message) as caught:
        find_learning_rate(scripted, dataset(20), RECIPE, **settings)
    check_line(caught.value)
    assert scripted.taken == []


def test_one_class_alone(digits: tuple[Dataset, Dataset]) -> None:
    only = digits[0].images[:20]
    with pytest.raises(DataError, match="at least 2 classes"):
        ImageClassifier(layers).find_learning_rate(only, ["a"] * 20)


# --------------------------------------------------------------------------- what is made of it


def test_as_json() -> None:
    losses = np.tile(np.linspace(2.0, 1.0, 50), (2, 1))
    found = curve(np.geomspace(1e-5, 1.0, 50), losses, exploded=True, default=0.5)
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert values == found.to_dict()
    assert values["exploded"] is True
    assert values["rates"][0] == 1e-5
    assert len(values["losses"]) == len(values["smoothed"]) == 50
    assert values["suggestion"] == found.end_of_fall
    assert values["doubt"] is None
    assert values["usual"] == 0.5


def test_the_picture() -> None:
    losses = np.linspace(2.0, 1.0, 50) * np.array([[1.0], [1.1]])
    found = curve(np.geomspace(1e-5, 1.0, 50), losses, default=0.3)
    assert found.suggestion is not None
    figure = found.plot()
    (axes,) = figure.axes
    *points, line, mark, default = axes.lines
    for each, expected in zip(points, losses, strict=True):
        np.testing.assert_array_equal(each.get_ydata(), expected)
    assert list(np.asarray(default.get_xdata())) == [0.3] * 2
    np.testing.assert_array_equal(line.get_xdata(), found.rates)
    np.testing.assert_array_equal(line.get_ydata(), found.smoothed)
    assert list(np.asarray(mark.get_xdata())) == [found.suggestion] * 2
    assert axes.get_xscale() == "log"
    with Image.open(io.BytesIO(found.png())) as image:
        assert image.format == "PNG"
        assert np.array(image.convert("L")).std() > 10.0


def test_a_picture_without_a_suggestion() -> None:
    assert len(curve(np.geomspace(1e-5, 1.0, 50), np.zeros((3, 50))).png()) > 1000
