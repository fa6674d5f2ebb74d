"""Quantised models of every task: each way to use them gives what it should, or refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data import Dataset, load
from pellucid.data.augment import Augmentation
from pellucid.data.dataset import Splits
from pellucid.data.targets import LabelSets, Numbers
from pellucid.engines.native.lower.learning import Learning
from pellucid.errors import ArgumentError
from pellucid.graph import is_quantised
from pellucid.interop.models import find_model
from pellucid.interop.onnx.export import save_onnx
from pellucid.ops import Quantise
from pellucid.page.learning import Lesson
from pellucid.quantisation import quantise
from pellucid.training.objective import training_step
from tests.data.sound.spoken import SOUND, recordings
from tests.estimators import test_detector, test_other_tasks, test_recognizer
from tests.messages import check_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Kind:
    """An estimator, what it learned from, what is right of its first picture, and its quantised
    form, which the fixture makes."""

    real: Any
    data: Dataset
    truth: object
    whole: Any = None

    @property
    def picture(self) -> Any:
        return self.data.images[0]


def labels(_: Path) -> Kind:
    targets = LabelSets(test_other_tasks.MARKS.astype(np.uint8), ("left", "top"))
    data = Dataset(test_other_tasks.X, targets=targets)
    made = pl.ImageClassifier(test_other_tasks.layers, epochs=1, batch_size=16).fit(data)
    return Kind(made, data, ("left",))


def numbers(_: Path) -> Kind:
    targets = Numbers(test_other_tasks.LEVELS[:, np.newaxis], ("level",))
    data = Dataset(test_other_tasks.X, targets=targets)
    made = pl.ImageRegressor(test_other_tasks.layers, epochs=1, batch_size=16).fit(data)
    return Kind(made, data, [1.0])


def boxes(_: Path) -> Kind:
    splits = Splits(test_detector.scenes(0, 32), test_detector.scenes(500, 8), None)
    made = test_detector.made(epochs=1).fit(splits)
    return Kind(made, splits.train, [("dark", 10.0, 10.0, 30.0, 30.0)])


def speech(folder: Path) -> Kind:
    splits = load(recordings(folder, {"train": 16, "val": 4}), sound=SOUND, units="words")
    made = test_recognizer.made(epochs=1).fit(splits)
    return Kind(made, splits.train, "ha hu")


@pytest.fixture(scope="module", params=[labels, numbers, boxes, speech])
def learned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    made: Callable[[Path], Kind] = request.param
    return made(tmp_path_factory.mktemp("kind"))


@pytest.fixture(scope="module", params=["int8", "bfloat16"])
def kind(request: pytest.FixtureRequest, learned: Kind) -> Kind:
    narrow = request.param == "bfloat16"
    real = learned.real
    return replace(
        learned, whole=real.in_bfloat16() if narrow else real.quantised(learned.data, most=16)
    )


def test_answers_and_values(kind: Kind) -> None:
    assert is_quantised(kind.whole.model_.network.graph)
    kind.whole.evaluate(kind.data)
    kind.whole.predict(kind.picture)
    kind.whole.explain(kind.picture, method="occlusion")
    values = kind.whole.values(kind.picture)
    for node in kind.whole.model_.network.graph.nodes:
        if isinstance(node.operation, Quantise):
            np.testing.assert_array_equal(values[node.name], np.rint(values[node.name]))


def test_features_are_values(kind: Kind) -> None:
    """Nearly those of the real model, and no whole numbers, of which each model has its own."""
    found, real = (each.features(kind.picture) for each in (kind.whole, kind.real))
    assert found.shape == real.shape
    assert abs(found - real).max() <= 0.05 * abs(real).max()


def test_a_file_and_onnx(kind: Kind, tmp_path: Path) -> None:
    kind.whole.save(tmp_path / "whole.safetensors")
    save_onnx(tmp_path / "whole.onnx", kind.whole.model_)
    for name in ("whole.safetensors", "whole.onnx"):
        back = find_model(str(tmp_path / name))
        assert back.network.graph == kind.whole.model_.network.graph
        for weight, array in back.network.weights.items():
            np.testing.assert_array_equal(array, kind.whole.model_.network.weights[weight])


REFUSED: dict[str, Callable[[Kind], object]] = {
    "backward": lambda kind: kind.whole.backward(kind.picture, kind.truth),
    "gradient": lambda kind: kind.whole.explain(kind.picture, method="gradient"),
    "evidence": lambda kind: kind.whole.explain(kind.picture, method="evidence", tangent=True),
    "page": lambda kind: kind.whole.page(),
    "page with data": lambda kind: kind.whole.page(kind.data),
    "fit": lambda kind: started(kind).fit(kind.data),
    "quantised": lambda kind: kind.whole.quantised(kind.data),
    "differentiate": lambda kind: differentiated(kind),
    "learning": lambda kind: Learning.of(step(kind)),
}


def started(kind: Kind) -> Any:
    """An estimator that goes on from the quantised model."""
    return kind.real._with_model(kind.whole.model_).set_params(warm_start=True)


def differentiated(kind: Kind) -> object:
    network = kind.whole.model_.network
    program = pl.engines.get_engine().load(network)
    graph = network.graph
    at = {graph.output: np.zeros((1, *graph.output_shape), np.float32)}
    return program.differentiate(graph, {graph.input: kind.picture[None]}, at, values=[graph.input])


def step(kind: Kind) -> Any:
    recipe = kind.real.planned_recipe(kind.data)
    return training_step(kind.whole.model_.network, recipe)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(kind: Kind, what: str) -> None:
    with pytest.raises(ArgumentError, match="quantised") as caught:
        REFUSED[what](kind)
    check_line(caught.value)


def test_a_page_has_nothing_to_learn(digits: tuple[Dataset, Dataset]) -> None:
    train, judge = digits
    made = pl.ImageClassifier("lecture", epochs=1, batch_size=64).fit(train)
    model = quantise(made.model_, train.images[:16]).model
    recipe = replace(made.planned_recipe(train), augmentation=Augmentation(), ema=None)
    obstacle = Lesson(model, train, judge, recipe).obstacle
    assert obstacle is not None
    assert "quantised" in obstacle
