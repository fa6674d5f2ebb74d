"""Diagnoses: real small trainings that go wrong in each way, and sound ones, which have none."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data import Dataset
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.evaluation import evaluate
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.ops import MeanSquaredError
from pellucid.training import Epoch, make_recipe, train
from pellucid.training.dead_units import Activity, activity
from pellucid.training.diagnosis import LIMITS, Diagnosis, diagnose
from pellucid.training.recipe import Recipe
from tests.learning import Learning, step_of
from tests.messages import check_line

if TYPE_CHECKING:
    from pellucid import ImageClassifier
    from pellucid.graph import Weights


def layers(classes: int) -> Sequential:
    return Sequential([Conv2D(8, 3), ReLU(), Flatten(), Dense(classes)])


def trained(
    data: Dataset, judged: Dataset, *, weights: Weights | None = None, **settings: Any
) -> tuple[Diagnosis, ...]:
    """Everything that a training shows, on pictures that it did not learn."""
    graph = Sequential([Normalise([80.0], [90.0]), *layers(len(data.classes)).layers]).graph(
        data.image_shape
    )
    recipe = make_recipe(**{"epochs": 3, "batch_size": 32, **settings})
    program = get_engine("native").load(
        Network(graph, {**initial_weights(graph, 0), **(weights or {})}),
        step_of(graph, Learning(recipe.loss, recipe.optimizer, recipe.seed)),
    )
    done = train(program, data, recipe, validation=judged)
    found = diagnose(
        done.history,
        classes=len(data.classes),
        confusion=evaluate(program, judged).confusion,
        activity=activity(Network(graph, program.weights()), judged.images),
        recipe=recipe,
    )
    for each in found:
        for text in (each.words, each.advice):
            assert text.isprintable()
            assert len(text) > 20
        json.dumps(each.to_dict(), allow_nan=False)
    return found


def one(found: tuple[Diagnosis, ...], kind: str) -> Diagnosis:
    (each,) = [each for each in found if each.kind == kind]
    return each


def kinds(found: tuple[Diagnosis, ...]) -> set[str]:
    return {each.kind for each in found}


Parts = tuple[Dataset, Dataset]

# ---------------------------------------------------------------------------------- trainings


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"seed": 1, "schedule": "constant", "learning_rate": 0.02},
        {"optimizer": "adam", "epochs": 5},
        {"label_smoothing": 0.1, "ema": 0.9},
    ],
)
def test_sound_trainings_have_none(digits: Parts, settings: dict[str, Any]) -> None:
    assert trained(*digits, **settings) == ()


def test_the_lectures_network_has_none(digits: Parts, classifier: ImageClassifier) -> None:
    found = diagnose(
        classifier.history_,
        classes=10,
        confusion=classifier.evaluate(digits[1]).confusion,
        activity=activity(classifier.model_.network, digits[1].images),
    )
    assert found == ()


def test_a_rate_of_almost_zero(digits: Parts) -> None:
    found = trained(*digits, learning_rate=1e-9)
    assert kinds(found) == {"stuck", "low_rate", "guessing"}
    low = one(found, "low_rate")
    assert "up to 1e-09, is too low; the default is 0.025" in low.words
    assert low.numbers["first_loss"] == pytest.approx(low.numbers["last_loss"], rel=1e-3)
    assert one(found, "stuck").numbers["loss_of_guessing"] == pytest.approx(math.log(10))


def test_a_rate_far_too_high(digits: Parts) -> None:
    found = trained(*digits, learning_rate=3.0, schedule="constant")
    assert {"high_rate", "dead_units"} <= kinds(found)
    high = one(found, "high_rate")
    assert high.numbers["roll_backs"] >= 1
    assert "the loss exploded" in high.words
    assert one(found, "dead_units").numbers["share"] >= LIMITS.dead


def test_units_killed_by_a_large_negative_bias(digits: Parts) -> None:
    killed = {"conv1.bias": np.full(8, -1e3, np.float32)}
    found = trained(*digits, weights=killed)
    dead = one(found, "dead_units")
    assert dead.numbers == {"dead": 8.0, "units": 8.0, "share": 1.0, "layers": 1.0}
    assert "in layer relu1, 8 of 8 units are 0 for every one of 256 pictures" in dead.words
    assert "guessing among 10 classes costs 2.303" in one(found, "stuck").words
    half = {"conv1.bias": np.array([-1e3] * 3 + [0.0] * 5, np.float32)}
    assert trained(*digits, weights=half) == ()


def test_a_rare_class_that_nobody_names() -> None:
    """Of pictures that tell nothing, the frequent class is the best answer to all."""
    random = np.random.default_rng(8)

    def noise(count: int) -> Dataset:
        labels = (np.arange(count) % 25 == 0).astype(np.int64)
        images = random.integers(0, 256, (count, 8, 8, 1), np.uint8)
        return Dataset(images, labels, ("common", "rare"))

    # one epoch, since the few rare ones would be learned by heart
    found = trained(noise(600), noise(300), epochs=1, learning_rate=0.003)
    assert kinds(found) == {"one_class", "guessing"}
    only = one(found, "one_class")
    assert "are class number 0, to which 96.0% of the pictures belong" in only.words
    assert "of the other classes' 12 pictures, 0 are right" in only.words
    assert "--class-weights balanced" in only.advice


def test_pictures_learned_by_heart(digits: Parts) -> None:
    few = digits[0].subset(range(40))
    found = trained(few, digits[1], epochs=20, batch_size=8)
    assert kinds(found) == {"overfitting"}
    numbers = found[0].numbers
    assert numbers["gap"] == numbers["accuracy"] - numbers["validation_accuracy"] > LIMITS.gap
    assert f"{numbers['accuracy']:.1%} on the training pictures" in found[0].words


def test_labels_that_mean_nothing(digits: Parts) -> None:
    random = np.random.default_rng(3)
    shuffled = Dataset(digits[0].images, random.permutation(digits[0].places), digits[0].classes)
    found = trained(shuffled, digits[1])
    assert "whether the labels fit the pictures" in one(found, "stuck").advice


# ----------------------------------------------------------------------- rules at their limits


def row(number: int, loss: float, **values: Any) -> Epoch:
    plain = {
        "accuracy": 0.5, "validation_loss": None, "validation_accuracy": None,
        "learning_rate": 0.05, "images_per_second": 1.0, "seconds": 1.0,
    }  # fmt: skip
    return Epoch(epoch=number, loss=loss, **{**plain, **values})


def history(*losses: float, **values: Any) -> list[Epoch]:
    return [row(number, loss, **values) for number, loss in enumerate(losses, start=1)]


RECIPE = make_recipe(epochs=3)


def test_stuck() -> None:
    guessing = math.log(4)
    assert kinds(diagnose(history(1.5, 0.951 * guessing), classes=4)) == {"stuck"}
    assert diagnose(history(1.5, 0.949 * guessing), classes=4) == ()
    assert diagnose(history(1.5), classes=4) == ()  # one epoch shows nothing


def test_guessing_costs_what_the_loss_says() -> None:
    squares = Recipe(RECIPE.optimizer, 0.05, loss=MeanSquaredError())
    found = diagnose(history(0.8, 0.74), classes=4, recipe=squares)
    assert one(found, "stuck").numbers["loss_of_guessing"] == 0.75
    assert diagnose(history(0.8, 0.5), classes=4, recipe=squares) == ()


def test_high_rate() -> None:
    worse = diagnose(history(1.0, 1.51 * math.log(4)), classes=4)
    assert kinds(worse) == {"high_rate"}
    assert "worse than guessing" in worse[0].words
    assert "--learning-rate 0.005" in worse[0].advice
    assert diagnose(history(1.0, 1.49 * math.log(4)), classes=4) == ()
    rolled = diagnose(history(1.0, 0.1, roll_backs=1), classes=4)
    assert rolled[0].numbers["roll_backs"] == 2
    assert "halved 2 times" in rolled[0].words
    assert diagnose(history(1.0, 0.1, skipped_batches=1), classes=4) == ()


def test_a_tiny_rate_is_not_called_too_high() -> None:
    """A network may begin far above the loss of guessing: staying there shows a low rate."""
    tiny = make_recipe(learning_rate=1e-7)
    found = diagnose(history(4.25, 4.2, 4.15, 4.1), classes=10, recipe=tiny)
    assert kinds(found) == {"stuck", "low_rate"}


def test_little_training_is_reported_as_such() -> None:
    dead, one_answer = [Activity("a", 4, 4, 9)], answers([9, 0], [9, 0])
    for epochs in (1, LIMITS.early - 1, LIMITS.early):
        found = diagnose(
            history(*[0.69] * epochs), classes=2, activity=dead, confusion=one_answer, recipe=RECIPE
        )
        assert kinds(found) >= {"dead_units", "one_class"}
        for each in found:
            early = epochs < LIMITS.early
            assert ("too early to tell" in each.words) == early
            longer = each.advice.startswith("train for longer (--epochs 10) first; if it stays so")
            assert longer == early
        late = diagnose((), classes=2, activity=dead, confusion=one_answer)
        numbers = {each.kind: each.numbers for each in found}
        assert all(numbers[each.kind] == each.numbers for each in late)


def test_what_more_training_does_not_mend_is_reported_at_once() -> None:
    dead = [Activity("a", 4, 4, 9)]
    found = diagnose(history(0.7, roll_backs=1), classes=2, activity=dead, recipe=RECIPE)
    assert kinds(found) == {"high_rate", "dead_units"}
    assert not any("too early" in each.words for each in found)


def test_low_rate() -> None:
    slow = make_recipe(learning_rate=0.005)
    assert kinds(diagnose(history(1.4, 0.8), classes=4, recipe=slow)) == {"low_rate"}
    assert diagnose(history(1.4, 0.6), classes=4, recipe=slow) == ()  # it learned all the same
    assert diagnose(history(1.4, 0.8), classes=4, recipe=RECIPE) == ()
    assert diagnose(history(1.4, 0.8), classes=4) == ()
    assert kinds(diagnose(history(1.0, 0.995), classes=4)) == {"low_rate"}
    adam = make_recipe(optimizer="adam", learning_rate=0.003)
    assert diagnose(history(1.4, 0.8), classes=4, recipe=adam) == ()


def test_dead_units() -> None:
    found = diagnose((), classes=2, activity=[Activity("a", 4, 2, 9), Activity("b", 9, 4, 9)])
    assert kinds(found) == {"dead_units"}
    assert "layer a, 2 of 4 units" in found[0].words
    assert diagnose((), classes=2, activity=[Activity("b", 9, 4, 9)]) == ()
    several = diagnose((), classes=2, activity=[Activity("a", 4, 2, 9), Activity("b\n", 9, 9, 1)])
    assert "layer b\\n, 9 of 9 units are 0 for every one of 1 picture:" in several[0].words
    assert several[0].words.endswith("the same in a")


def answers(*rows: list[int]) -> Any:
    return np.array(rows, np.int64)


def test_one_class() -> None:
    found = diagnose((), classes=3, confusion=answers([40, 0, 0], [30, 0, 0], [29, 1, 0]))
    assert kinds(found) == {"one_class", "guessing"}
    assert found[0].numbers["share_of_answers"] == 0.99
    assert found[0].words.startswith("99.0% of all answers are class number 0, to which 40.0% of")
    confusion = answers([0, 30, 0], [0, 40, 0], [1, 29, 0])
    named, guessing = diagnose((), classes=3, confusion=confusion, names=("a", "고양이\n", "c"))
    assert "always answering 고양이\\n, which would be right in 40.00%" in guessing.words
    assert named.words.startswith("99.0% of all answers are class 고양이\\n, to which 40.0% of the")
    assert "pellucid check" in found[0].advice
    frequent = diagnose((), classes=3, confusion=answers([51, 0, 0], [25, 0, 0], [24, 0, 0]))
    assert "--class-weights balanced" in frequent[0].advice
    for sound in (
        answers([40, 0, 0], [30, 0, 0], [27, 3, 0]),  # 97 % are one class
        answers([4000, 0, 0], [0, 10, 0], [10, 0, 10]),  # so are the pictures
        answers([40, 0, 0], [0, 0, 0], [0, 0, 0]),  # all pictures are of one class
        answers([0, 0, 0], [0, 0, 0], [0, 0, 0]),
    ):
        assert "one_class" not in kinds(diagnose((), classes=3, confusion=sound))


def test_overfitting() -> None:
    learned = history(0.5, 0.1, accuracy=0.95, validation_accuracy=0.84, validation_loss=0.5)
    assert kinds(diagnose(learned, classes=2)) == {"overfitting"}
    many, few = answers([420, 80], [80, 420]), answers([4, 1], [1, 4])
    assert kinds(diagnose(learned, classes=2, confusion=many)) == {"overfitting"}
    assert kinds(diagnose(learned, classes=2, confusion=few)) == {"guessing"}  # by chance
    close = history(0.5, 0.1, accuracy=0.95, validation_accuracy=0.86, validation_loss=0.5)
    assert diagnose(close, classes=2) == ()


@pytest.mark.parametrize("classes", [1, 0, 2.0])
def test_no_classes(classes: Any) -> None:
    with pytest.raises(ArgumentError, match="classes must be a whole number from 2"):
        diagnose((), classes=classes)


def test_a_confusion_matrix_of_other_classes() -> None:
    with pytest.raises(ArgumentError, match=r"must be \(3, 3\).* got \(2, 2\)") as caught:
        diagnose((), classes=3, confusion=answers([1, 2], [3, 4]))
    check_line(caught.value)


@pytest.mark.parametrize("rate", [1e-6, 0.018, 0.5])
def test_no_advice_sends_back_to_the_search_for_a_rate(rate: float) -> None:
    """Advice to search for a rate would lead in a circle where the search gave that rate."""
    recipe = make_recipe(learning_rate=rate, batch_size=16)
    for losses in ((0.69, 0.693, 0.692), (0.7, 2.5, 9.0), (0.71, 0.7, 0.699)):
        found = diagnose(history(*losses, learning_rate=rate), classes=2, recipe=recipe)
        assert found
        for each in found:
            assert "find-rate" not in each.advice
            blamed = rate != 0.018 and (each.kind != "high_rate" or rate > 0.018)
            if blamed and each.kind in ("stuck", "high_rate", "low_rate"):
                assert "leave --learning-rate out" in each.advice


def test_a_validation_loss_far_worse_than_guessing() -> None:
    """A model of high logits is named also where training itself looks well."""
    course = history(0.6, 0.3, validation_loss=4e3, validation_accuracy=0.5)
    high = one(diagnose(course, classes=2, recipe=RECIPE), "high_rate")
    assert "4000" in high.words
    assert kinds(diagnose(history(0.6, 0.3, validation_loss=9.0), classes=2)) == set()


def test_the_default_rate_of_the_architecture_is_named() -> None:
    recipe = make_recipe(learning_rate=1e-5, batch_size=16)
    found = diagnose(history(2.0, 2.0), classes=4, recipe=recipe, default_rate=0.035)
    assert one(found, "low_rate").numbers["usual_learning_rate"] == 0.035
