"""Worksheets: what is asked, and that paper and pencil lead to the key's answers."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from pellucid.errors import ArgumentError
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU
from pellucid.show.html import page
from pellucid.show.worksheet.document import LANGUAGES, worksheet_document
from pellucid.worksheets.exercise import Draft
from pellucid.worksheets.formulas import value_of
from pellucid.worksheets.sheet import Worksheet, worksheet
from pellucid.worksheets.topics import TOPICS
from tests.engines.networks import GRAPHS
from tests.explain.activations import activations_of, hand_made
from tests.worksheets import student

NAMES = tuple(GRAPHS)


@lru_cache
def sheet_of(name: str, each: int = 2, seed: int = 0) -> Worksheet:
    activations = activations_of(name)
    return worksheet(activations.model, activations.pixels, each=each, seed=seed)


@pytest.mark.parametrize("name", NAMES)
def test_a_student_with_the_sheet_alone_gets_everything_right(name: str) -> None:
    sheet = sheet_of(name)
    assert sheet.exercises
    found = student.answers(sheet)
    answers = {blank.name: blank for blank in sheet.blanks}
    assert len(answers) == len(sheet.blanks)
    assert len(found) > 0.8 * len(answers)
    for blank, value in found.items():
        apart = abs(value - float(answers[blank].answer))
        assert apart <= float(answers[blank].tolerance) * (1 + 1e-9), (blank, answers[blank])


@pytest.mark.parametrize("name", NAMES)
def test_every_topic_has_an_exercise_or_a_reason(name: str) -> None:
    sheet = sheet_of(name)
    asked = {exercise.topic for exercise in sheet.exercises}
    left = {topic for topic, _ in sheet.left_out}
    others = {"sigmoid", "binary-cross-entropy", "squared-error"}  # of other answers than a class
    assert asked | left == set(TOPICS) - others
    assert not asked & left
    order = [TOPICS.index(exercise.topic) for exercise in sheet.exercises]
    assert order == sorted(order)
    assert [exercise.number for exercise in sheet.exercises] == list(range(1, len(order) + 1))
    kinds = {node.operation.kind for node in activations_of(name).model.network.graph.nodes}
    assert ("norm" in asked) == ("batch_norm" in kinds)
    assert ("convolution" in asked) == ("conv2d" in kinds)


def test_answers_are_the_networks_values_but_for_rounding() -> None:
    """Two digits of each number: a sum is a few percent off at most, of what it adds up."""
    for name in NAMES:
        for exercise in sheet_of(name).exercises:
            for ask in exercise.asks:
                exact = ask.blank.exact
                assert exact is not None
                sizes = [abs(float(blank.answer)) for blank in exercise.blanks]
                assert abs(float(ask.blank.answer) - exact) <= 0.1 * max(*sizes, abs(exact), 0.05)


def test_places_are_telling() -> None:
    sheet = sheet_of("lecture")
    by_topic = {exercise.topic: exercise for exercise in reversed(sheet.exercises)}
    products = [float(b.answer) for b in by_topic["convolution"].blanks[:-2]]
    assert min(products) < 0 < max(products)
    cut = [float(blank.answer) for blank in by_topic["activation"].blanks]
    assert any(value == 0 for value in cut)
    assert any(value > 0 for value in cut)
    (window,) = by_topic["pooling"].grids[0]
    values = [student.number(str(cell)) for row in window.rows for cell in row]
    assert values.index(max(values)) > 0
    assert values.count(max(values)) == 1
    back = by_topic["through-activation"].grids[0]
    (before, delta, after) = back
    assert any(
        student.number(str(x)) < 0 and student.number(str(d)) != 0
        for row in zip(before.rows, delta.rows, strict=True)
        for x, d in zip(*row, strict=True)
    )
    assert after.role == "delta_before"


def test_the_seed_decides_and_the_digest_tells_sheets_apart() -> None:
    one, other = sheet_of("lecture", seed=0), sheet_of("lecture", seed=1)
    activations = activations_of("lecture")
    again = worksheet(activations.model, activations.pixels, each=2)
    assert again.to_dict() == one.to_dict()
    assert one.digest == again.digest != other.digest
    assert len(one.digest) == 9
    assert json.loads(json.dumps(one.to_dict()))["sheet"] == one.digest


def test_no_answer_is_printed_elsewhere() -> None:
    """The logit that the dense exercise asks for is not among those that softmax prints."""
    sheet = sheet_of("lecture", 1)
    by_topic = {exercise.topic: exercise for exercise in sheet.exercises}
    printed = [str(row[0]) for row in by_topic["softmax"].grids[0][0].rows]
    assert by_topic["dense"].facts["class"] not in printed
    channel = by_topic["convolution"].facts["at"][2]
    assert by_topic["activation"].facts["channel"] != channel


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_sheet_and_key_as_pages(name: str, language: str) -> None:
    sheet = sheet_of(name)
    empty = page(worksheet_document(sheet, language=language))
    filled = page(worksheet_document(sheet, language=language, key=True))
    assert "<script" not in empty
    assert "http" not in empty.split("</head>")[1]
    assert sheet.digest in empty
    assert sheet.digest in filled
    assert (' lang="ko"' in empty) == (language == "ko")
    for blank in sheet.blanks:
        assert f"<small>{blank.name}</small></" in empty
        assert f"<small>{blank.name}</small></" not in filled


def test_both_languages_have_the_same_entries() -> None:
    english, korean = LANGUAGES["en"], LANGUAGES["ko"]
    for part in ("names", "texts", "grids", "heads", "asks"):
        assert getattr(english, part).keys() == getattr(korean, part).keys()
    assert english.left_out[1].keys() == korean.left_out[1].keys()
    assert set(english.texts) == set(TOPICS)


def test_names_with_markup_are_text() -> None:
    activations = activations_of("lecture")
    model = activations.model
    classes = tuple(f"<b>{{k}}{k}" for k in range(len(model.classes)))
    named = Model(model.network, classes, model.preprocessing)
    sheet = worksheet(named, activations.pixels, classes[0], called="<i>{x}")
    for language in LANGUAGES:
        made = page(worksheet_document(sheet, language=language))
        assert "<b>" not in made
        assert "<i>{x}" not in made
        assert "&lt;b&gt;{k}" in made


def test_topics_that_are_chosen() -> None:
    activations = activations_of("lecture")
    sheet = worksheet(activations.model, activations.pixels, topics=["Pooling", "cross_entropy"])
    assert [exercise.topic for exercise in sheet.exercises] == [
        "pooling", "softmax", "cross-entropy",
    ]  # fmt: skip
    for wrong in (["poling"], ["pixels", "x"]):
        with pytest.raises(ArgumentError, match="topic"):
            worksheet(activations.model, activations.pixels, topics=wrong)
    for settings in ({"each": 0}, {"each": 6}, {"digits": 1}):
        with pytest.raises(ArgumentError, match="must be"):
            worksheet(activations.model, activations.pixels, **settings)  # type: ignore[arg-type]


def test_a_network_that_has_nothing_of_a_topic() -> None:
    random = np.random.default_rng(0)
    activations = hand_made(
        [Flatten(), Dense(2)],
        {"dense1.kernel": random.normal(size=(12, 2)), "dense1.bias": np.zeros(2)},
        random.integers(0, 256, (2, 6, 1), dtype=np.uint8),
    )
    sheet = worksheet(activations.model, activations.pixels)
    left = dict(sheet.left_out)
    assert left["convolution"] == left["pooling"] == left["activation"] == "none"
    with pytest.raises(ArgumentError, match="topics"):
        worksheet(activations.model, activations.pixels, topics=["convolution"])


def test_a_network_that_learns_nothing_more() -> None:
    """Where every unit is silent, no gradient comes back, which the sheet says."""
    kernel = -np.ones((3, 3, 1, 2))
    activations = hand_made(
        [Conv2D(2, 3), ReLU(), MaxPool(2), Flatten(), Dense(2)],
        {
            "conv1.kernel": kernel, "conv1.bias": np.zeros(2),
            "dense1.kernel": np.ones((8, 2)), "dense1.bias": np.zeros(2),
        },
        np.full((6, 6, 1), 9, np.uint8),
    )  # fmt: skip
    sheet = worksheet(activations.model, activations.pixels)
    assert dict(sheet.left_out)["kernel-update"] == "settled"
    student.answers(sheet)


@pytest.mark.parametrize("weight", [np.nan, np.inf, 1e30])
def test_a_network_that_overflows(weight: float) -> None:
    activations = activations_of("lecture")
    weights = {name: array.copy() for name, array in activations.model.network.weights.items()}
    weights["conv1.kernel"][0, 0, 0, 0] = weight
    network = Network(activations.model.network.graph, weights)
    with pytest.raises(ArgumentError, match="'conv1' gives NaN"):
        worksheet(replace(activations.model, network=network), activations.pixels)


def test_digits_bring_the_key_nearer_to_the_network() -> None:
    activations = activations_of("lecture")

    def apart(digits: int) -> float:
        sheet = worksheet(activations.model, activations.pixels, digits=digits)
        (loss,) = (ask.blank for e in sheet.exercises for ask in e.asks if ask.role == "total"
                   and e.topic == "convolution")  # fmt: skip
        assert loss.exact is not None
        return abs(float(loss.answer) - loss.exact)

    assert apart(4) < 1e-3
    assert apart(4) <= apart(2)


def test_formulas() -> None:
    assert value_of("MAX(0,[1a]-0.5)*-2", {"1a": 2.0}) == -3.0
    assert value_of("IF([a]>0,[a],0.1*[a])", {"a": -2.0}) == pytest.approx(-0.2)
    for wrong in (
        "__import__('os')", "1+", "[2b]", "1/0", "LN(0)", "EXP(1e9)", "(1).real", "1 if 1 else 2",
        "(" * 5000, "1" + "+1" * 30_000, "ABS(-1)", "'a'", "True", "[1a][0]",
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            value_of(wrong, {"1a": 1.0})


def test_tolerances_follow_from_rounding() -> None:
    draft = Draft(1, {})
    exact = draft.blank("0.5+0.25", 2)
    assert (str(exact.answer), str(exact.tolerance)) == ("0.75", "0.005")
    third = draft.blank("1/3", 2)
    assert (str(third.answer), str(third.tolerance)) == ("0.33", "0.01")
    summed = draft.blank("[1b]+[1b]+[1a]", 2)
    assert float(summed.tolerance) == pytest.approx(0.03)  # 2 · 0.01 + 0.005 + 0.005
    assert [blank.name for blank in draft.blanks] == ["1a", "1b", "1c"]
    last = [draft.count("7") for _ in range(25)][-1]
    assert (last.name, str(last.tolerance)) == ("1ab", "0")


def test_colours_are_named_where_channels_are_colours() -> None:
    for name, named in (("every operation", True), ("lecture", False)):
        made = page(worksheet_document(sheet_of(name)))
        assert any(colour in made for colour in (", red", ", green", ", blue")) == named
