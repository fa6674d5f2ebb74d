"""Judging generators: what is generated, how near it is, and what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

import pellucid as pl
from pellucid.data import Dataset, Preprocessing
from pellucid.data.sound import Sound
from pellucid.data.unlabelled import Unlabelled
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation import nearest
from pellucid.evaluation.collapse import generator_faults
from pellucid.evaluation.generation import GenerationReport, evaluate_generated
from pellucid.evaluation.nearest import nearest_pictures
from pellucid.evaluation.picture_judge import PictureJudge
from pellucid.evaluation.run_report import write_report
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import Dense, Flatten, ReLU, Sequential

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(5)
CLASSES = ("left", "right", "none")


def pictures(count: int, shares: tuple[float, ...] = (0.5, 0.5)) -> np.ndarray:
    """Bright squares at the left, at the right, or nowhere, on noise."""
    images = RANDOM.integers(0, 90, (count, 8, 8, 1))
    for n, image in enumerate(images):
        where = int(np.searchsorted(np.cumsum(shares), (n + 0.5) / count))
        if where < 2:
            image[2:6, 4 * where : 4 * where + 4] += 150
    return images.astype(np.uint8)


def without_labels(images: np.ndarray, name: str = "pictures") -> Dataset:
    return Dataset(images, targets=Unlabelled.of(len(images)), name=name)


LEARNED, TEST = (without_labels(pictures(count, (0.4, 0.4, 0.2))) for count in (200, 100))


@pytest.fixture(scope="module")
def judge() -> PictureJudge:
    layers = Sequential([Flatten(), Dense(12), ReLU(), Dense(3)])
    known = Dataset(pictures(90, (1 / 3,) * 3), np.repeat([0, 1, 2], 30), CLASSES)
    fitted = pl.ImageClassifier(
        layers, epochs=30, batch_size=10, learning_rate=0.05, engine="reference", verbose=0
    ).fit(known)
    return PictureJudge(fitted.model_, fitted.program_, "judge")


def judged(images: np.ndarray, judge: PictureJudge | None = None) -> GenerationReport:
    return evaluate_generated(without_labels(images, "generated"), LEARNED, TEST, judge)


def kinds(report: GenerationReport) -> list[str]:
    return [each.kind for each in generator_faults(report)]


def test_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "ROWS", 7)
    monkeypatch.setattr(nearest, "AT_ONCE", 64 * 11)
    monkeypatch.setattr(nearest, "EXACT", 10)
    one, other = RANDOM.integers(0, 256, (2, 40, 8, 8, 1)).astype(np.uint8)
    search = NearestNeighbors(n_neighbors=1).fit(other.reshape(40, -1))
    distances, places = search.kneighbors(one.reshape(40, -1))
    found = nearest_pictures(one, other)
    np.testing.assert_array_equal(found[0], places[:, 0])
    np.testing.assert_allclose(found[1], distances[:, 0] / 8.0, rtol=1e-12)


def test_float32_sums_are_exact() -> None:
    bright = RANDOM.integers(180, 256, (30, 40, 40, 1)).astype(np.uint8)
    other = bright.copy()
    other[:, 0, 0, 0] -= 1  # of 1600 pixels, one by one grey level
    places, distances = nearest_pictures(bright, other)
    assert places.tolist() == list(range(30))
    assert distances.tolist() == [1 / 40] * 30
    assert not nearest_pictures(bright, bright)[1].any()


def test_a_good_generator(judge: PictureJudge, tmp_path: Path) -> None:
    report = judged(pictures(150, (0.4, 0.4, 0.2)), judge)
    assert report.judged is not None
    shares = [row.share for row in report.judged.per_class]
    assert shares == pytest.approx([0.4, 0.4, 0.2], abs=0.04)
    assert report.judged.total_variation < 0.05
    assert report.judged.frechet < 3 * report.judged.frechet_of_test + 1
    assert report.distance_ratio == pytest.approx(1.0, abs=0.1)
    assert report.nearer < 0.1
    assert 0.9 < report.variety < 1.1
    assert kinds(report) in ([], ["copies"])  # a hundredth of 150 is one or two
    values = json.loads(json.dumps(report.to_dict()))
    assert values["judged"]["confidence"] > 0.8
    assert values["distance_ratio"] == pytest.approx(report.distance / report.distance_of_test)
    files = write_report(tmp_path, report, report.pictures)
    assert {path.name for path in files} == {
        "summary.csv", "per_class.csv", "nearest.csv", "generation.png", "report.html"
    }  # fmt: skip
    page = (tmp_path / "report.html").read_text()
    assert f"{report.judged.frechet:.2f}" in page


def test_features_are_what_the_last_dense_layer_reads(judge: PictureJudge) -> None:
    seen = judge.look(TEST)
    weights = judge._model.network.weights
    names = sorted(name for name in weights if name.endswith("kernel"))
    first = judge._program.run(
        judge._model.network.graph.select(judge._cut), {"input": TEST.images}
    )
    np.testing.assert_array_equal(seen.features, next(iter(first.values())))
    assert seen.features.shape == (100, 12)
    assert len(names) == 2
    assert seen.counts.sum() == 100


def test_collapse_in_words(judge: PictureJudge) -> None:
    missing = judged(pictures(100, (1.0, 0.0)), judge)
    assert missing.judged is not None
    assert missing.judged.total_variation > 0.4
    assert "collapse" in kinds(missing)
    found = next(each for each in generator_faults(missing) if each.kind == "collapse")
    assert "right" in found.words
    one = pictures(1)
    noise = RANDOM.integers(-9, 10, (100, 8, 8, 1))
    same = judged(np.clip(one.astype(int) + noise, 0, 255).astype(np.uint8))
    assert same.variety < 0.5
    assert kinds(same) == ["sameness"]


def test_copies_are_found() -> None:
    copies = np.concatenate([pictures(60, (0.4, 0.4, 0.2)), LEARNED.images[:40]])
    report = judged(copies)
    assert report.nearer > 0.3
    assert kinds(report) == ["copies"]
    assert report.judged is None
    assert set(report.copies.places[:40]) == set(range(60, 100))
    np.testing.assert_array_equal(report.copies.nearest[0], copies[report.copies.places[0]])


def test_real_pictures_that_were_learned(tmp_path: Path) -> None:
    report = evaluate_generated(without_labels(255 - TEST.images), LEARNED, LEARNED)
    assert report.distance_of_test == 0.0
    values = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert values["distance_ratio"] is None
    assert report.score == report.distance > 0
    assert "real ones are among it" in report.headline
    assert not generator_faults(report)
    write_report(tmp_path, report, report.pictures)
    assert "real ones 0.0" in (tmp_path / "report.html").read_text()


def test_pictures_of_another_kind(judge: PictureJudge) -> None:
    grey = np.full((50, 8, 8, 1), 120) + RANDOM.integers(-60, 60, (50, 8, 8, 1))
    report = judged(grey.astype(np.uint8), judge)
    assert (report.distance_ratio or 0.0) > 1.25
    assert set(kinds(report)) & {"unlike", "unsure", "collapse"}


def test_what_is_refused(judge: PictureJudge) -> None:
    with pytest.raises(DataError, match="8×12"):
        evaluate_generated(without_labels(np.zeros((5, 8, 12, 1), np.uint8)), LEARNED, TEST, judge)
    with pytest.raises(DataError, match="at least 2"):
        judged(pictures(1))
    numbers = pl.ImageRegressor(
        Sequential([Flatten(), Dense(1)]), epochs=1, engine="reference", verbose=0
    ).fit(pictures(20), np.linspace(0, 1, 20))
    with pytest.raises(ArgumentError, match="regression"):
        PictureJudge(numbers.model_, numbers.program_, "judge")


def test_a_classifier_that_hears_is_no_judge() -> None:
    sound = Sound(rate=8000, seconds=0.2, mels=16)
    read = Preprocessing(sound.mels, sound.frames, 1, sound=sound)
    graph = Sequential([Flatten(), Dense(2)]).graph((sound.mels, sound.frames, 1))
    model = Model(Network(graph, initial_weights(graph, 0)), ("one", "two"), read)
    with pytest.raises(ArgumentError, match="hears recordings"):
        PictureJudge(model, get_engine("reference").load(model.network), "ears")
