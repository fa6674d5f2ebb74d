"""What is explained: the picture as the network takes it, names and positions, and their errors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.errors import ArgumentError, DataError, NotFittedError
from pellucid.explain.activations import Activations
from pellucid.files import Model
from pellucid.layers import Dense, Flatten, ReLU
from tests.explain.activations import activations_of, hand_made
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]


def test_a_classifier_and_its_model_give_the_same_values(
    classifier: ImageClassifier, digits: Digits
) -> None:
    pixels = digits[1].images[0]
    ours, models = (Activations.of(source, pixels) for source in (classifier, classifier.model_))
    assert ours.program is classifier.program_
    for name, value in classifier.values(pixels).items():
        assert np.allclose(ours.values[name], value, rtol=1e-5, atol=1e-6)
        assert np.allclose(models.values[name], value, rtol=1e-5, atol=1e-6)
    assert np.array_equal(
        ours.values["probabilities"].argmax(), classifier.predict_proba(pixels).argmax()
    )


def test_a_picture_is_preprocessed_as_for_a_prediction(
    classifier: ImageClassifier, digits: Digits, tmp_path: Path
) -> None:
    large = Image.fromarray(digits[1].images[3, ..., 0]).resize((64, 48), Image.Resampling.BICUBIC)
    large.save(tmp_path / "large.png")
    activations = Activations.of(classifier, tmp_path / "large.png")
    assert np.array_equal(activations.pixels, classifier.model_.preprocessing.read(large))
    expected = classifier.predict_proba(large)
    assert activations.values["probabilities"] == pytest.approx(expected, abs=1e-5)


def test_a_layer_that_is_called_as_the_softmax() -> None:
    layers = [Flatten(name="probabilities"), Dense(3)]
    weights: dict[str, Any] = {
        "dense1.kernel": np.eye(4, 3, dtype=np.float32),
        "dense1.bias": np.zeros(3),
    }
    activations = hand_made(layers, weights, np.array([[[3.0], [1.0]], [[2.0], [0.0]]]))
    assert activations.graph.output == "probabilities_"
    assert activations.values["probabilities"].tolist() == [3, 1, 2, 0]
    assert activations.values["probabilities_"].sum() == pytest.approx(1.0)


def test_classes_by_name_and_by_place(classifier: ImageClassifier) -> None:
    digits = activations_of("lecture")
    assert digits.class_index("class 7") == digits.class_index(7) == 7
    pixels = np.zeros((1, 1, 1), np.uint8)
    weights: dict[str, Any] = {
        "dense1.kernel": np.ones((1, 3), np.float32),
        "dense1.bias": np.zeros(3),
    }
    named = hand_made([Flatten(), Dense(3)], weights, pixels)
    old = named.model
    named = replace(named, model=Model(old.network, ("2", "0", "1"), old.preprocessing))
    assert [named.class_index(label) for label in (2, "2", 0, "0")] == [2, 0, 0, 1]


def test_an_answer_of_predict_is_the_class_that_it_names() -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 28, 28), dtype=np.uint8)
    numbers = np.arange(12) % 3 + 1
    for labels in (numbers, numbers == 2, np.array(["", "a", "b", "c"])[numbers]):
        model = pl.ImageClassifier("lenet5", epochs=1, verbose=0).fit(images, labels)
        for k, answer in enumerate(model.classes_):
            assert model.backward(images[0], answer).label == model.model_.classes[k]
            by_place = model.explain(images[0], "gradient", target=k)
            by_name = model.explain(images[0], "gradient", target=model.model_.classes[k])
            for found in (by_place, by_name):
                assert found.scored.target_name == model.model_.classes[k]
        if labels is numbers:
            for missing in (0, 4):
                with pytest.raises(ArgumentError, match="1, 2, 3"):
                    model.backward(images[0], missing)


def unknown_layer(activations: Activations) -> object:
    return activations.node("con2")


def nothing_like_it(activations: Activations) -> object:
    return activations.shape("xyz")


def the_input(activations: Activations) -> object:
    return activations.node("input")


def outside(activations: Activations) -> object:
    return activations.position("conv2", (14, 0, 0))


def negative(activations: Activations) -> object:
    return activations.position("dense1", (-1,))


def too_few(activations: Activations) -> object:
    return activations.position("conv2", (3, 7))


def no_number(activations: Activations) -> object:
    place: Any = (1, "2", 3)
    return activations.position("conv2", place)


def no_sequence(activations: Activations) -> object:
    place: Any = 3.5
    return activations.position("dense1", place)


def unknown_class(activations: Activations) -> object:
    return activations.class_index("clas 3")


def no_such_place(activations: Activations) -> object:
    return activations.class_index(10)


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (unknown_layer, "no layer 'con2'; did you mean 'conv2'"),
        (nothing_like_it, "no layer 'xyz'; there are normalise1, conv1"),
        (the_input, "'input' is the picture itself"),
        (outside, r"14×14×64: .* \(row, column, channel\) from 0, 0, 0 to 13, 13, 63, got 14"),
        (negative, r"'dense1' is 128: a position is \(unit\) from 0 to 127, got -1"),
        (too_few, "got 3, 7$"),
        (no_number, "got 1, '2', 3$"),
        (no_sequence, r"got 3\.5$"),
        (unknown_class, "no class is called 'clas 3'; did you mean 'class 3'"),
        (no_such_place, "0 to 9, got 10"),
    ],
)  # fmt: skip
def test_mistakes_are_explained_in_one_line(mistake: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        mistake(activations_of("lecture"))
    check_line(caught.value)


def test_what_is_no_picture(classifier: ImageClassifier) -> None:
    with pytest.raises(DataError, match=r"picture array of shape \(2, 8, 8, 1\)"):
        classifier.trace(np.zeros((2, 8, 8, 1), np.uint8))
    with pytest.raises(DataError, match="pixels are float64"):
        classifier.trace(np.zeros((8, 8)))


def test_before_it_has_learned() -> None:
    with pytest.raises(NotFittedError, match="learned nothing yet"):
        pl.ImageClassifier().trace(np.zeros((8, 8), np.uint8))


def test_who_reads_a_layer() -> None:
    layers = [Flatten(), Dense(2), ReLU()]
    weights: dict[str, Any] = {
        "dense1.kernel": np.ones((1, 2), np.float32),
        "dense1.bias": np.zeros(2),
    }
    activations = hand_made(layers, weights, np.zeros((1, 1, 1)))
    assert [node.name for node in activations.readers("dense1")] == ["relu1"]
    assert [node.name for node in activations.readers("relu1")] == ["probabilities"]
