"""Estimators that learn a head on a frozen body."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

import pellucid as pl
from pellucid.errors import ArgumentError, DataError, MissingDependencyError, PellucidError
from pellucid.files import load_model, save_model
from pellucid.files.feature_file import load_features
from pellucid.training import Stopped
from pellucid.training.saved_run import read_saved_run
from tests.transfer.made import SIDE, body_file, body_model, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.training import Progress, TrainingResult

X, Y = pictures(60, 0)
NEW, NEW_Y = pictures(40, 1)

QUICK: dict[str, Any] = {"engine": "reference", "verbose": 0}
"""An engine that has nothing to compile."""


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return body_file(tmp_path_factory.mktemp("body"))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(tmp_path / "cache"))


def fitted(body: Path, **settings: Any) -> pl.ImageClassifier:
    model = pl.ImageClassifier(pretrained=body, **{**QUICK, **settings})
    return model.fit(X, Y, validation_data=(NEW, NEW_Y))


def test_only_the_head_is_learned(body: Path) -> None:
    model = fitted(body, engine="native")
    origin, weights = load_model(body).network.weights, model.model_.network.weights
    same = {name for name in origin if np.array_equal(origin[name], weights[name])}
    assert origin.keys() - same == {"dense1.kernel", "dense1.bias"}
    assert model.score(NEW, NEW_Y) > 0.9
    (row,) = model.history_
    assert row.validation_accuracy == model.score(NEW, NEW_Y)
    assert row.validation_loss == pytest.approx(model.evaluate(NEW, NEW_Y).cross_entropy, rel=1e-4)
    record = model.model_.provenance
    assert record["architecture"] == "small"
    assert record["start_from"]["from_scratch"] == ["dense1"]
    assert model.model_.preprocessing.resize == "crop"


def test_it_is_an_ordinary_model(body: Path, tmp_path: Path) -> None:
    model = fitted(body)
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = pl.ImageClassifier.load(path, engine="reference")
    np.testing.assert_array_equal(again.predict_proba(NEW), model.predict_proba(NEW))
    copied = pickle.loads(pickle.dumps(model))  # noqa: S301 - ours
    np.testing.assert_array_equal(copied.predict_proba(NEW), model.predict_proba(NEW))
    assert clone(model).get_params() == model.get_params()
    assert model.trace(NEW[0]).to_dict()
    assert model.explain(NEW[0], "grad-cam").to_dict()
    scores = cross_val_score(clone(model), X, Y, cv=2)
    assert scores.min() > 0.7


def test_the_same_twice_and_from_the_cache(body: Path, tmp_path: Path) -> None:
    first = fitted(body, augmentation="photos").model_.network.weights["dense1.kernel"]
    assert (tmp_path / "cache" / "features" / "features.sqlite").exists()
    again = fitted(body, augmentation="photos").model_.network.weights["dense1.kernel"]
    np.testing.assert_array_equal(first, again)
    os.environ["PELLUCID_CACHE"] = "off"
    np.testing.assert_array_equal(
        fitted(body, augmentation="photos").model_.network.weights["dense1.kernel"], first
    )
    assert not np.array_equal(fitted(body).model_.network.weights["dense1.kernel"], first)


def test_several_labels_and_numbers(body: Path) -> None:
    marks = np.stack([Y, 1 - Y], axis=1)
    labels = pl.ImageClassifier(pretrained=body, **QUICK).fit(X, marks)
    assert (labels.predict(X) == marks).mean() > 0.85
    for loss in ("squared", "huber"):
        numbers = pl.ImageRegressor(pretrained=body, loss=loss, weight_decay=1e-3, **QUICK)
        levels = Y * 5.0 + X.mean(axis=(1, 2, 3)) / 100
        assert numbers.fit(X, levels).score(X, levels) > 0.9


def test_other_sizes_and_channels_are_converted(body: Path, tmp_path: Path) -> None:
    grey, labels = pictures(40, 4, channels=1)
    large = grey.repeat(3, axis=1).repeat(3, axis=2)
    model = pl.ImageClassifier(pretrained=body, **QUICK).fit(large[..., 0], labels)
    assert model.model_.preprocessing.shape == (SIDE, SIDE, 3)
    assert (model.predict(list(large)) == labels).mean() > 0.9
    assert model.score(large[..., 0], labels) > 0.9
    with_grey = pl.ImageClassifier(pretrained=body_file(tmp_path, channels=1), **QUICK)
    assert with_grey.fit(X, Y).model_.preprocessing.channels == 1


def test_fine_tuning_keeps_the_head_if_it_is_no_better(body: Path) -> None:
    model = fitted(body, fine_tune="all", epochs=2, learning_rate=1.0)
    assert [row.epoch for row in model.history_] == [1, 2, 3]
    ranks = [(row.validation_accuracy, -(row.validation_loss or 0)) for row in model.history_]
    assert model.model_.provenance["results"]["epoch"] == 1 + ranks.index(max(ranks))


def test_what_fine_tuning_changes(body: Path) -> None:
    model = pl.ImageClassifier(pretrained=body, fine_tune=1, epochs=3, **QUICK)
    model.fit(X, Y)  # nothing to validate by: the last epoch is kept
    origin, weights = load_model(body).network.weights, model.model_.network.weights
    changed = {name for name in origin if not np.array_equal(origin[name], weights[name])}
    assert changed == {"b2-conv.kernel", "b2-conv.bias", "dense1.kernel", "dense1.bias"}
    assert model.score(NEW, NEW_Y) > 0.9


class _Norms:
    """A watcher that notes which norms use the batch's statistics."""

    by_batch: list[bool]

    def after_step(self, progress: Progress) -> None:
        pass

    def after_epoch(self, trained: TrainingResult, program: Any) -> None:
        step = program.steps["train"]
        norms = [node for node in step.graph.nodes if node.operation.kind == "batch_norm"]
        self.by_batch = [step.normalises_by_batch(node) for node in norms]


def test_norms_keep_to_their_running_statistics(body: Path) -> None:
    seen = _Norms()
    tuned = pl.ImageClassifier(pretrained=body, fine_tune="all", epochs=1, **QUICK)
    tuned.fit(X, Y, watchers=[seen])
    assert seen.by_batch == [False, False]


def test_fine_tuning_takes_small_steps(body: Path) -> None:
    data = pl.Dataset(X, Y, ("a", "b"))
    for optimizer, usual in (("sgd", 0.05), ("adam", 0.003)):
        settings: dict[str, Any] = {"optimizer": optimizer, "batch_size": 128}
        tuned = pl.ImageClassifier(pretrained=body, fine_tune=1, **settings)
        assert tuned.planned_recipe(data).learning_rate == pytest.approx(usual / 10)
        assert tuned.planned_recipe(data).head_epochs == 1
        given = pl.ImageClassifier(pretrained=body, fine_tune=1, learning_rate=0.2, **settings)
        assert given.planned_recipe(data).learning_rate == 0.2


class _Stop:
    """A watcher that asks to stop while features are computed, or at a later step."""

    def __init__(self, doing: str) -> None:
        self.doing = doing

    def after_step(self, progress: Progress) -> None:
        if progress.doing == self.doing:
            self.doing = "done"
            raise_interrupt()

    def after_epoch(self, trained: TrainingResult, program: Any) -> None:
        pass


def raise_interrupt() -> None:
    import signal

    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("doing", ["features", ""])
def test_stopped_and_resumed(body: Path, tmp_path: Path, doing: str) -> None:
    settings: dict[str, Any] = {"fine_tune": 1, "epochs": 2, "batch_size": 16, **QUICK}
    whole = pl.ImageClassifier(pretrained=body, **settings)
    whole.fit(X, Y, validation_data=(NEW, NEW_Y), out=tmp_path / "whole")
    (tmp_path / "cache" / "features" / "features.sqlite").unlink()
    broken = pl.ImageClassifier(pretrained=body, **settings)
    with pytest.raises(Stopped):
        broken.fit(
            X, Y, validation_data=(NEW, NEW_Y), out=tmp_path / "run", watchers=[_Stop(doing)]
        )
    assert len(read_saved_run(tmp_path / "run").checkpoint.trained.history) == (doing == "")
    again = pl.ImageClassifier(pretrained=body, **settings)
    again.fit(X, Y, validation_data=(NEW, NEW_Y), out=tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == (
        tmp_path / "whole" / "model.safetensors"
    ).read_bytes()


def test_one_line_each(body: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(body.read_bytes()[:3000])
    nan = tmp_path / "nan.safetensors"
    model = body_model()
    model.network.weights["b1-conv.kernel"][...] = 3e38
    save_model(nan, body_model())
    monkeypatch.setattr("pellucid.interop.pretrained.load.importlib.util.find_spec", lambda _: None)
    for settings, kind, words in (
        ({"pretrained": "efficientnet-lite0"}, MissingDependencyError, "pretrained"),
        ({"pretrained": "efficientnet-lite9"}, DataError, "efficientnet-lite0"),
        ({"pretrained": tmp_path}, DataError, "model.safetensors"),
        ({"pretrained": cut}, PellucidError, "cut.safetensors"),
        ({"pretrained": body, "start_from": body}, ArgumentError, "start_from"),
        ({"pretrained": body, "epochs": 3}, ArgumentError, "--fine-tune"),
        ({"pretrained": body, "patience": 3}, ArgumentError, "--fine-tune"),
        ({"pretrained": body, "fine_tune": 9}, ArgumentError, "2 blocks"),
        ({"pretrained": body, "fine_tune": "b3"}, ArgumentError, "b3"),
        ({"pretrained": body, "augmentation": "mixup=0.2"}, ArgumentError, "mixup"),
        ({"pretrained": body, "architecture": "vgg-small"}, ArgumentError, "vgg-small"),
        ({"fine_tune": 2}, ArgumentError, "--from"),
    ):
        with pytest.raises(kind) as refused:
            pl.ImageClassifier(**QUICK, **settings).fit(X, Y)
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)
    with pytest.raises(DataError):
        pl.ImageClassifier(pretrained=body, **QUICK).fit(X[:1], Y[:1])
    with pytest.raises(ArgumentError):
        pl.ImageClassifier(pretrained=body).find_learning_rate(X, Y)


def test_features_are_what_the_head_reads(body: Path, tmp_path: Path) -> None:
    model = fitted(body)
    found = model.features(X)
    assert found.shape == (60, 24)
    values = model.values(X[3])
    np.testing.assert_allclose(model.features(X[3]), values["dropout1"], rtol=1e-5)
    np.testing.assert_array_equal(model.features(list(X[:2])), found[:2])
    weights = model.model_.network.weights
    logits = found @ weights["dense1.kernel"] + weights["dense1.bias"]
    np.testing.assert_allclose(logits[3], values["dense1"], rtol=1e-4, atol=1e-5)


def test_the_run_keeps_features_of_its_own_body(body: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"fine_tune": "all", "epochs": 1, **QUICK}
    tuned = pl.ImageClassifier(pretrained=body, **settings).fit(X, Y, out=tmp_path / "tuned")
    frozen = pl.ImageClassifier(pretrained=body, **QUICK)
    frozen.fit(X, Y, out=tmp_path / "frozen", validation_data=(NEW, NEW_Y))
    for model, name, count in ((tuned, "tuned", 60), (frozen, "frozen", 100)):
        kept = load_features(tmp_path / name / "features.safetensors")
        np.testing.assert_array_equal(kept.features[kept.part("train")], model.features(X))
        np.testing.assert_array_equal(kept.targets[kept.part("train")], Y)
        assert len(kept.names) == len(kept.features) == count
        assert kept.names[-1].endswith(f"[{count % 60 - 1 if count > 60 else 59}]")
    damaged = tmp_path / "frozen" / "features.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(PellucidError, match=r"features\.safetensors"):
        load_features(damaged)
    plain = pl.ImageClassifier("lenet5", epochs=1, **QUICK)
    large = X.repeat(3, axis=1).repeat(3, axis=2)
    plain.fit(large, Y, out=tmp_path / "frozen", overwrite=True)
    assert not damaged.exists()  # they were of another model
