"""Pictures unlike those that were learned are recognised, others are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageClassifier
from pellucid.data import Preprocessing
from pellucid.data.mnist import load_mnist
from pellucid.data.picture_statistics import features, learned_ranges, of_inverted
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Dense, Flatten, Normalise, Sequential
from pellucid.training.unlike import unlike, unlike_picture

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid import Dataset


def warned(model: Model, images: NDArray[np.uint8]) -> float:
    return float(np.mean([found is not None for found in unlike(model, images)]))


def with_origin(model: Model, **changes: Any) -> Model:
    return replace(model, provenance={**model.provenance, **changes})


@pytest.mark.parametrize("count", [60, 1000, 60_000])
def test_digits_of_mnist(classifier: ImageClassifier, count: int) -> None:
    """Of 10 000 test digits fewer than 1 % are warned of, inverted at least 95 %."""
    digits = load_mnist()
    ranges = learned_ranges(digits["train"].images[:count])
    model = with_origin(classifier.model_, pixels=ranges)
    test = digits["test"].images
    assert warned(model, test) < 0.01
    inverted = unlike(model, 255 - test)
    assert np.mean([found is not None for found in inverted]) >= 0.95
    assert np.mean([found is not None and found.invert for found in inverted]) >= 0.95


def test_a_model_without_statistics_is_asked_by_its_first_layer() -> None:
    test = load_mnist(["test"])["test"].images
    layers = Sequential([Normalise([33.3], [78.6], name="normalise"), Flatten(), Dense(10)])
    graph = layers.graph((28, 28, 1))
    network = Network(graph, initial_weights(graph, 0))
    old = Model(network, tuple("0123456789"), Preprocessing(28, 28, 1), {})
    assert warned(old, test) < 0.01
    assert warned(old, 255 - test) >= 0.95


@pytest.mark.parametrize(
    "pixels",
    [None, 3, {}, {"level": 5}, {"level": [3, 1]}, {"level": ["a", "b"]}, {"x": [1, 2]}],
)
def test_statistics_from_elsewhere_may_be_anything(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], pixels: object
) -> None:
    model = with_origin(classifier.model_, pixels=pixels)
    assert warned(model, digits[1].images) < 0.01


def test_the_classifier_tells(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    picture = digits[1].images[0, ..., 0]
    assert classifier.unlike(picture) is None
    found = classifier.unlike(255 - picture)
    assert found is not None
    assert found.invert
    assert "--invert" in found.line
    photo = np.random.default_rng(0).integers(90, 160, (40, 60, 3)).astype(np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    found = classifier.unlike(tmp_path / "photo.png")
    assert found is not None
    assert not found.invert


def test_inverted_pictures_are_answered_as_the_originals(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    classifier.save(tmp_path / "model.safetensors")
    inverting = ImageClassifier.load(tmp_path / "model.safetensors", invert=True)
    batch = digits[1].images[:20]
    np.testing.assert_array_equal(
        inverting.predict_proba(255 - batch), classifier.predict_proba(batch)
    )
    np.testing.assert_array_equal(
        inverting.predict_proba(list(255 - batch)), classifier.predict_proba(batch)
    )
    # black on white in another shape: borders are those that the network knows
    wide = np.full((16, 18), 255, np.uint8)
    wide[:, 1:17] = 255 - np.kron(batch[0, ..., 0], np.ones((2, 2), np.uint8))
    Image.fromarray(wide).save(tmp_path / "wide.png")
    found = unlike_picture(classifier.model_, tmp_path / "wide.png")
    assert found is not None
    assert found.invert
    assert unlike_picture(inverting.model_, tmp_path / "wide.png") is None
    pixels = inverting.model_.preprocessing.read(tmp_path / "wide.png")
    Image.fromarray(255 - wide).save(tmp_path / "other.png")
    np.testing.assert_array_equal(
        pixels, classifier.model_.preprocessing.read(tmp_path / "other.png")
    )


def test_numbers_of_a_picture() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3)).astype(np.uint8)
    found = features(images)
    for i, image in enumerate(images.astype(float)):
        grey = image.mean(axis=2)
        inner = grey[1:-1, 1:-1]
        border = (grey.sum() - inner.sum()) / (grey.size - inner.size)
        assert found["level"][i] == pytest.approx(grey.mean())
        assert found["border"][i] == pytest.approx(border)
        assert found["contrast"][i] == pytest.approx(grey.std())
        assert found["colour"][i] == pytest.approx(np.ptp(image, axis=2).mean())


@pytest.mark.parametrize("shape", [(5, 6, 7, 3), (2, 1, 4, 1), (2, 5, 1, 3), (1, 2, 2, 1)])
def test_numbers_of_a_picture_with_black_and_white_exchanged(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    expected, found = features(255 - images), of_inverted(features(images))
    assert expected.keys() == found.keys()
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-9)
        np.testing.assert_array_equal(features(images, [name])[name], features(images)[name])
