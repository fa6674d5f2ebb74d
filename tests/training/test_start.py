"""Training that starts from a model: what is taken over, what is drawn again, what is refused."""

from __future__ import annotations

import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import Dataset, ImageClassifier, load
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.files import Model, load_model
from pellucid.graph import Network, initial_weights
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    Sequential,
)
from pellucid.training.start import StartsFromScratchWarning, start_from, with_fitting_weights
from tests.training.runs import Death, Died, outcome

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("ant", "bee", "cat")


def data(
    count: int = 30,
    shape: tuple[int, int, int] = (8, 8, 1),
    classes: tuple[str, ...] = CLASSES,
    seed: int = 0,
) -> Dataset:
    """Pictures whose brightness tells their class."""
    random = np.random.default_rng(seed)
    places = np.arange(count) % len(classes)
    images = (
        random.integers(0, 80, (count, *shape), np.uint8)
        + (places * (170 // len(classes))).astype(np.uint8)[:, None, None, None]
    )
    return Dataset(images, places.astype(np.int64), classes, name="made")


def layers(classes: int) -> Sequential:
    return Sequential(
        [
            Conv2D(4, 3, padding="same"), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dense(6),
            ReLU(), Dense(classes),
        ]
    )  # fmt: skip


def all_convolutions(classes: int) -> Sequential:
    return Sequential([Conv2D(4, 3), ReLU(), Conv2D(classes, 1), GlobalAveragePool()])


def classifier(architecture: Any = layers, **settings: Any) -> ImageClassifier:
    return ImageClassifier(
        architecture, **{"epochs": 2, "batch_size": 8, "engine": "reference", **settings}
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    classifier().fit(data()).save(path)
    return path


def started(model: Path, pictures: Dataset) -> Any:
    channels = pictures.image_shape[2]
    return start_from(load_model(model), "m", pictures, [9.0] * channels, [5.0] * channels, 3)


def test_everything_that_fits_is_taken_over(model: Path) -> None:
    old = load_model(model).network
    found = started(model, data(seed=5))
    assert found.record["from_scratch"] == []
    assert found.network.graph == old.graph
    for name, weight in old.weights.items():
        assert np.array_equal(found.network.weights[name], weight), name
        assert not np.shares_memory(found.network.weights[name], weight)


@pytest.mark.parametrize(
    ("pictures", "anew"),
    [
        (data(classes=("ant", "bee")), ["dense2"]),
        (data(classes=("x", "y", "z")), ["dense2"]),  # as many, but others
        (data(shape=(8, 8, 3)), ["conv1"]),
        (data(shape=(12, 10, 1)), ["dense1"]),
        (data(shape=(12, 10, 3), classes=("a", "b")), ["conv1", "dense1", "dense2"]),
    ],
)
def test_what_does_not_fit_starts_from_scratch_and_is_named(
    model: Path, pictures: Dataset, anew: list[str]
) -> None:
    old = load_model(model).network
    found = started(model, pictures)
    assert found.record["from_scratch"] == anew
    assert all(name in found.line for name in anew)
    assert found.network.graph.input_shape == pictures.image_shape
    assert found.network.graph.output_shape == (len(pictures.classes),)
    for name, weight in found.network.weights.items():
        layer, _, part = name.partition(".")
        same = weight.shape == old.weights[name].shape and np.array_equal(weight, old.weights[name])
        # biases that start from scratch are zero, those that were learned are not
        assert same == (layer not in anew), (name, part)


def test_the_models_own_normalisation_stays_unless_channels_differ(model: Path) -> None:
    old = load_model(model).network.graph["normalise"]
    assert started(model, data(seed=9)).network.graph["normalise"] == old
    assert started(model, data(shape=(8, 8, 3))).network.graph["normalise"].operation.mean == (
        9.0, 9.0, 9.0,
    )  # fmt: skip


def test_a_network_that_ends_in_a_convolution(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    classifier(all_convolutions).fit(data()).save(path)
    found = started(path, data(classes=("a", "b")))
    assert found.record["from_scratch"] == ["conv2"]
    assert found.network.graph.output_shape == (2,)


def test_no_layer_in_common(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    classifier(lambda k: Sequential([Flatten(), Dense(k)])).fit(data()).save(path)
    with pytest.raises(ArgumentError, match="no layer of it fits pictures 9×9×1"):
        started(path, data(shape=(9, 9, 1)))


def test_it_starts_where_the_model_was(model: Path) -> None:
    """With a rate of almost nothing, one epoch gives the model's own answers."""
    before = load(model)
    settings = {"learning_rate": 1e-12, "schedule": "constant", "epochs": 1}
    after = classifier("lecture", start_from=model, **settings).fit(data())
    pictures = data(seed=4).images
    # batch norms' statistics move on their own
    assert (after.predict(pictures) == before.predict(pictures)).mean() > 0.9
    fresh = classifier(**settings, seed=8).fit(data())
    kernel = "conv1.kernel"
    weights = [each.model_.network.weights[kernel] for each in (before, after, fresh)]
    np.testing.assert_allclose(weights[1], weights[0], atol=1e-6)
    assert not np.allclose(weights[2], weights[0], atol=1e-2)
    assert after.model_.provenance["architecture"] == "layers"
    record = after.model_.provenance["start_from"]
    assert record["name"] == "m.safetensors"
    assert "start_from" not in fresh.model_.provenance


def test_a_loaded_model_says_that_it_starts_from_scratch(model: Path) -> None:
    settings = {"architecture": layers, "epochs": 1, "learning_rate": 1e-12, "seed": 8}
    learned = load_model(model).network.weights["conv1.kernel"]
    scratch = load(model).set_params(**settings)
    with pytest.warns(StartsFromScratchWarning, match="warm_start=True"):
        scratch.fit(data())
    assert not np.allclose(scratch.model_.network.weights["conv1.kernel"], learned, atol=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scratch.fit(data())  # learned here: scikit-learn's rule, and nothing to say
        warm = load(model).set_params(**settings, warm_start=True).fit(data())
    np.testing.assert_allclose(warm.model_.network.weights["conv1.kernel"], learned, atol=1e-6)
    assert warm.model_.provenance["start_from"]["from_scratch"] == []


def test_warm_start_goes_on_from_a_fit(model: Path) -> None:
    warm = classifier(warm_start=True, learning_rate=1e-12, schedule="constant", epochs=1)
    first = warm.fit(data()).model_
    assert "start_from" not in first.provenance
    second = warm.fit(data(classes=("a", "b"))).model_  # other classes
    assert second.provenance["start_from"]["from_scratch"] == ["dense2"]
    assert second.classes == ("a", "b")
    for name in ("conv1.kernel", "dense1.kernel"):
        np.testing.assert_allclose(
            second.network.weights[name], first.network.weights[name], atol=1e-6
        )


def test_what_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="is of the architecture layers, but vgg-small"):
        classifier("vgg-small", start_from=model).fit(data())
    with pytest.raises(DataError, match="no such file"):
        classifier("lecture", start_from=tmp_path / "none").fit(data())
    (tmp_path / "no.safetensors").write_bytes(b"not a model")
    with pytest.raises(FileFormatError, match="not a safetensors file"):
        classifier("lecture", start_from=tmp_path / "no.safetensors").fit(data())


@pytest.mark.parametrize("steps", [3, 6, 9])
def test_a_run_that_started_from_a_model_is_resumed_to_the_same_bits(
    model: Path, tmp_path: Path, steps: int
) -> None:
    """Also where the model that it started from is gone."""
    here = tmp_path / "m.safetensors"
    shutil.copy(model, here)
    pictures = data(classes=("a", "b"))

    def fit(folder: str, *watchers: Any, **more: Any) -> ImageClassifier:
        learner = classifier("lecture", start_from=here, epochs=3)
        return learner.fit(
            pictures, validation_data=data(12, classes=("a", "b"), seed=1),
            out=tmp_path / folder, watchers=watchers, minutes=0, **more,
        )  # fmt: skip

    fit("whole")
    with pytest.raises(Died):
        fit("broken", Death(steps))
    here.unlink()
    fit("broken", resume=True)
    assert outcome(tmp_path / "broken") == outcome(tmp_path / "whole")
    config = json.loads((tmp_path / "broken" / "config.json").read_text())
    assert config["start_from"]["from_scratch"] == ["dense2"]


def test_a_run_that_an_older_version_began_goes_on(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = data(classes=("a", "b"))

    def fit(**more: Any) -> ImageClassifier:
        learner = classifier("lecture", start_from=model, epochs=2)
        return learner.fit(pictures, out=tmp_path / "run", minutes=0, **more)

    def old_record(name: str, weights: str, fresh: list[str]) -> dict[str, Any]:
        return {"name": name, "weights": weights, "anew": fresh}

    with monkeypatch.context() as older:
        older.setattr("pellucid.training.start._record", old_record)
        with pytest.raises(Died):
            fit(watchers=[Death(2)])
    assert fit(resume=True).model_.provenance["start_from"]["from_scratch"] == ["dense2"]


def test_more_epochs_after_the_end_are_refused_with_the_way(tmp_path: Path) -> None:
    pictures, run = data(), tmp_path / "run"
    classifier(epochs=2).fit(pictures, out=run)
    before = {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()}
    with pytest.raises(ArgumentError, match=r"after 2 epochs.*start_from=.*epochs=5\)"):
        classifier(epochs=7).fit(pictures, out=run, resume=True)
    assert {file.name: file.read_bytes() for file in run.iterdir() if file.is_file()} == before
    again = classifier("lecture", start_from=run, epochs=5).fit(pictures, out=tmp_path / "more")
    assert len(again.history_) == 5


def test_weights_are_taken_by_whole_layers() -> None:
    def network(size: int, seed: int) -> Network:
        graph = Sequential(
            [Conv2D(4, size, padding="same"), Conv2D(4, 1), Flatten(), Dense(2)]
        ).graph((6, 6, 1))
        drawn = initial_weights(graph, seed)  # of biases, too, to tell them apart
        return Network(graph, {name: array + seed for name, array in drawn.items()})

    origin = Model(network(3, 1), ("a", "b"), Preprocessing(6, 6, 1))
    found = with_fitting_weights(origin, "it", network(5, 2), fresh=("dense1",))
    first, middle, last = (
        each for each in dict.fromkeys(p.node for p in found.network.graph.parameters)
    )
    assert last == "dense1"
    for name, array in found.network.weights.items():
        taken = origin.network if name.startswith(middle) else network(5, 2)
        np.testing.assert_array_equal(array, taken.weights[name])
    assert found.record["from_scratch"] == sorted((first, last))
    assert "1 of 3 layers" in found.line
    with pytest.raises(ArgumentError, match="no layer of it fits"):
        with_fitting_weights(origin, "it", network(5, 2), fresh=(middle, last))
