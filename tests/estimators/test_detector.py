"""The object detector: it learns, answers in the picture's own pixels, and is the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.architectures.detector import detector
from pellucid.architectures.pyramid import feature_maps
from pellucid.data.boxes import Boxes
from pellucid.data.dataset import Dataset, Splits
from pellucid.errors import ArgumentError, DataError, ShapeError
from pellucid.estimators import load_estimator
from pellucid.estimators.detector import ObjectDetector
from pellucid.evaluation.detection import DetectionReport
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.tasks import Detection
from pellucid.tasks.found import Found
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path


CLASSES = ("dark", "light")
SIDE = 64


def scene(
    seed: int, side: int = SIDE
) -> tuple[np.ndarray, list[tuple[str, float, float, float, float, bool]]]:
    """Grey noise with one to three rectangles, dark or light."""
    random = np.random.default_rng(seed)
    image = random.integers(110, 140, (side, side, 3)).astype(np.uint8)
    rows = []
    for n in range(1 + seed % 3):
        width, height = random.integers(side // 6, side // 3, 2)
        x, y = n * side // 3 + 1, random.integers(0, side - height)
        kind = int(random.integers(2))
        image[y : y + height, x : x + width] = (20, 240)[kind]
        rows.append((CLASSES[kind], float(x), float(y), float(x + width), float(y + height), False))
    return image, rows


def scenes(first: int, count: int) -> Dataset:
    made = [scene(first + n) for n in range(count)]
    targets = Boxes.like(CLASSES).of_rows([rows for _, rows in made])
    return Dataset(np.stack([image for image, _ in made]), targets=targets, name="scenes")


def body(classes: int) -> Sequential:
    """A small body: maps at 1, 2, 4, 8 and 16 pixels a cell."""
    layers = []
    for filters in (8, 16, 24, 32):
        layers += [
            Conv2D(filters, 3, stride=2, padding="same", bias=False), BatchNorm(), ReLU(),
        ]  # fmt: skip
    return Sequential([*layers, Flatten(), Dense(classes)])


def made(**settings: object) -> ObjectDetector:
    given = {"epochs": 12, "learning_rate": 0.03, "augmentation": "none", "verbose": 0, **settings}
    return ObjectDetector(body, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fitted() -> ObjectDetector:
    return made().fit(Splits(scenes(0, 64), scenes(500, 16), None))


def test_it_learns(fitted: ObjectDetector) -> None:
    report = fitted.evaluate(scenes(900, 24))
    assert isinstance(report, DetectionReport)
    assert report.map50 > 0.85
    assert report.map50_interval[0] <= report.map50 <= report.map50_interval[1]
    assert report.boxes == sum(1 + (900 + n) % 3 for n in range(24))
    assert report.found > 0.75 * report.boxes
    assert {"map50", "map", "shown"} <= fitted.history_[-1].measures.keys()
    best = max(row.measures["map50"] for row in fitted.history_)
    rows = [row.measures["shown"] for row in fitted.history_ if row.measures["map50"] == best]
    assert isinstance(fitted.model_.task, Detection)
    assert fitted.model_.task.shown in rows


def test_boxes_are_in_the_pixels_of_the_picture(fitted: ObjectDetector, tmp_path: Path) -> None:
    """A picture twice as large and half as high, between borders: as it lies in the file."""
    image, rows = next(s for n in range(900, 999) if (s := scene(n))[1][0][4] < 30)
    wide = np.asarray(Image.fromarray(image[:32]).resize((128, 64), Image.Resampling.NEAREST))
    Image.fromarray(wide).save(tmp_path / "wide.png")
    inside = rows[:1]
    found = fitted.predict(tmp_path / "wide.png")
    assert isinstance(found, Found)
    for name, *box, _ in inside:
        apart = np.abs(found.boxes - 2 * np.array(box)).max(axis=1)
        nearest = int(apart.argmin())
        assert apart[nearest] < 8
        assert found.classes[nearest] == name
    again = fitted.predict([tmp_path / "wide.png", wide])
    assert isinstance(again, list)
    for each in again:
        np.testing.assert_allclose(each.boxes, found.boxes)


def test_one_answer_for_a_picture_and_a_list_for_arrays_of_them() -> None:
    """Grey pictures may come without a channel axis, which is no picture's height."""
    grey = scenes(0, 4)
    data = Dataset(grey.images[..., :1], targets=grey.targets)
    model = made(epochs=1, engine="reference").fit(data)
    several = data.images[..., 0]
    one = model.detections(several[0])
    assert isinstance(one, Found)
    for count in (1, 3):
        found = model.detections(several[:count])
        assert isinstance(found, list)
        assert len(found) == count
        np.testing.assert_array_equal(found[0].boxes, one.boxes)
        again = model.detections(data.images[:count])
        assert isinstance(again, list)
        np.testing.assert_array_equal(again[0].boxes, one.boxes)
    with pytest.raises(DataError):
        model.predict([])


def test_saved_and_loaded_it_answers_the_same(fitted: ObjectDetector, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    loaded = load_estimator(tmp_path / "model.safetensors")
    assert isinstance(loaded, pl.ObjectDetector)
    images = scenes(900, 3).images
    before, after = fitted.predict(images), loaded.predict(images)
    assert isinstance(before, list)
    assert isinstance(after, list)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        assert one.classes == other.classes
    assert loaded.model_.task == fitted.model_.task


def test_a_run_that_is_broken_off_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    data = scenes(0, 16)
    whole = made(epochs=2, engine="reference").fit(data)
    with pytest.raises(Died):
        made(epochs=2, engine="reference").fit(
            data, out=tmp_path / "run", watchers=[Death(3)], minutes=0
        )
    again = made(epochs=2, engine="reference").fit(data, out=tmp_path / "run", resume=True)
    for name, array in whole.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], array)


def test_a_trained_body_is_where_it_starts(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
    classifier = pl.ImageClassifier(body, epochs=1, verbose=0, engine="reference")
    classifier.fit(images, ["a", "b"] * 6).save(tmp_path / "body.safetensors")
    plain = {"epochs": 1, "learning_rate": 1e-12, "engine": "reference"}
    started = made(**plain, start_from=tmp_path / "body.safetensors")
    data = scenes(0, 8)
    line = started.start_line(data)
    assert line is not None
    assert "8 of" in line
    found = started.fit(data).model_
    own = classifier.model_.network.weights
    first = found.network.weights["conv1.kernel"]
    np.testing.assert_allclose(first, own["conv1.kernel"], atol=1e-9)
    assert found.provenance["start_from"]["name"].endswith("body.safetensors")
    found.network.weights["classes.bias"][:] = 7.0  # of a detector, everything is taken
    started.save(tmp_path / "detector.safetensors")
    on = made(**plain, start_from=tmp_path / "detector.safetensors")
    assert on.fit(data).model_.network.weights["classes.bias"] == pytest.approx(7.0)


def test_feature_maps_of_a_body() -> None:
    graph = body(2).graph((64, 96, 3))
    assert feature_maps(graph) == {2: "relu1", 4: "relu2", 8: "relu3", 16: "relu4"}
    assert detector(graph, 3).output_shape == (8, 12, 7)


def test_what_is_refused() -> None:
    with pytest.raises(ShapeError, match="multiples of 32"):
        detector(body(2).graph((64, 72, 3)), 2)
    with pytest.raises(DataError, match="ObjectDetector"):
        pl.ImageClassifier(verbose=0).fit(scenes(0, 4))
    nothing = scenes(0, 2)
    empty = Boxes.like(CLASSES).of_rows([[], []])
    with pytest.raises(DataError, match="no picture"):
        made().fit(Dataset(nothing.images, targets=empty))
    with pytest.raises(ArgumentError):
        made().fit(scenes(0, 4), epochs=0)
