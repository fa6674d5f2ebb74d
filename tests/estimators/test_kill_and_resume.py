"""A training of any task that is killed in the middle of an epoch ends with the same bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset, Splits
from pellucid.data.captions import Captions
from pellucid.files import save_model
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    ReLU,
    Sequential,
    SpatialTransformer,
)
from pellucid.tasks import TASKS
from tests.data.sound.spoken import SOUND, small
from tests.data.sound.spoken import recordings as spoken_recordings
from tests.data.sound.tones import sweeps
from tests.estimators.test_captioner import body_model
from tests.estimators.test_captioner import pictures as captioned_pictures
from tests.estimators.test_detector import body, scenes
from tests.training.runs import Death, Died, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT, SIDE = 22, 12
RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (COUNT, SIDE, SIDE, 1), np.uint8)
Y = RANDOM.integers(0, 3, COUNT)
MARKS = RANDOM.integers(0, 2, (COUNT, 2))
LEVELS = RANDOM.normal(size=(COUNT, 2))
CLASSES = ("a", "b", "c")


def layers(outputs: int) -> Sequential:
    return Sequential(
        [Conv2D(4, 3), BatchNorm(), ReLU(), MaxPool(2), Dropout(0.3), Flatten(), Dense(outputs)]
    )


def looking(outputs: int) -> Sequential:
    seen = SpatialTransformer([MaxPool(2), Flatten(), Dense(4), ReLU()], SIDE)
    return Sequential([seen, *layers(outputs).layers])


def pictures(_: Path) -> Splits:
    return Splits(Dataset(X, Y, CLASSES, name="x"), Dataset(X[:8], Y[:8], CLASSES, name="y"), None)


def recordings(folder: Path) -> Splits:
    return pl.data.load(sweeps(folder), sound="mels=12", seed=0)


def texts(folder: Path) -> Splits:
    folder.mkdir()
    return pl.data.load(spoken_recordings(folder, {"train": 12, "val": 4}), sound=SOUND)


@cache
def body_file() -> Path:
    path = Path(mkdtemp()) / "body.safetensors"
    save_model(path, body_model())
    return path


def captioned() -> Dataset:
    images, captions = captioned_pictures(20)
    return Dataset(images, targets=Captions.of(captions))


@dataclass(frozen=True)
class Case:
    """What is trained: an estimator, and what it is given."""

    kind: str
    make: Callable[..., Any]
    given: Callable[[Path], Any]
    settings: dict[str, Any] = field(default_factory=dict)
    labels: Any = None

    def fit(self, data: Any, out: Path, **more: Any) -> Any:
        given = (data,) if self.labels is None else (data, self.labels)
        made = self.make(**{"epochs": 2, "batch_size": 8, "seed": 3, "verbose": 0, **self.settings})
        return made.fit(*given, out=out, minutes=0, **more)


CASES = {
    "classes, changed pictures": Case(
        "single-label", lambda **s: pl.ImageClassifier(layers, **s), pictures,
        {"augmentation": "shift=0.2,rotation=10,mixup=0.3", "ema": 0.9},
    ),
    "spatial transformer": Case(
        "single-label", lambda **s: pl.ImageClassifier(looking, **s), pictures
    ),
    "sound": Case("single-label", lambda **s: pl.ImageClassifier(layers, **s), recordings),
    "labels": Case(
        "multi-label", lambda **s: pl.ImageClassifier(layers, **s), lambda _: X, labels=MARKS
    ),
    "numbers": Case(
        "regression", lambda **s: pl.ImageRegressor(layers, **s), lambda _: X, labels=LEVELS
    ),
    "boxes": Case("detection", lambda **s: pl.ObjectDetector(body, **s), lambda _: scenes(0, 20)),
    "texts": Case(
        "transcripts", lambda **s: pl.SpeechRecognizer(small, units="words", sound=SOUND, **s),
        texts,
    ),
    "boxes by regions": Case(
        "region-detection", lambda **s: pl.ObjectDetector(body, detector="faster-rcnn", **s),
        lambda _: scenes(0, 12), {"batch_size": 4, "epochs": 1, "engine": "reference"},
    ),
    "captions": Case(
        "captions",
        lambda **s: pl.ImageCaptioner(
            body_file(), embedding=4, hidden=6, least_count=1, **s
        ),
        lambda _: captioned(),
    ),
    "generated pictures": Case(
        "generation", lambda **s: pl.ImageGenerator(width=4, latent=8, **s), lambda _: X
    ),
}  # fmt: skip


def test_every_task_is_among_them() -> None:
    assert {case.kind for case in CASES.values()} == TASKS.keys()


@pytest.mark.parametrize("name", CASES)
def test_killed_and_resumed_it_ends_with_the_same_bits(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    data = case.given(tmp_path / "data")
    whole = case.fit(data, tmp_path / "whole")
    assert whole.model_.task.kind == case.kind
    with pytest.raises(Died):
        case.fit(data, tmp_path / "run", watchers=[Death(2)])
    case.fit(data, tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
