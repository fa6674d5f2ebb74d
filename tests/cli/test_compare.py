"""``pellucid compare`` and ``evaluate --part``: which pictures count, and what is said of them."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import log_loss

import pellucid as package
from pellucid import ImageClassifier
from pellucid.errors import DataError
from pellucid.files import save_model
from pellucid.graph import Network
from pellucid.layers import Dense, Flatten, ReLU, Sequential
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

NAUGHT, ONE = "naught — 영", "one"


@pytest.fixture(scope="module")
def runs(picture_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models of the folder, of different input sizes."""
    root = tmp_path_factory.mktemp("runs")
    ImageClassifier("lecture", epochs=1).fit(picture_folder, out=root / "a")
    ImageClassifier("lecture", epochs=2, image_size=(12, 10)).fit(picture_folder, out=root / "b")
    return root


def test_what_changed_picture_by_picture(
    pellucid: Command, runs: Path, picture_folder: Path, tmp_path: Path
) -> None:
    arguments = ["compare", runs / "a", runs / "b", picture_folder, "--changes"]
    done = pellucid(*arguments, "--out", "c", "--json")
    found = json.loads(done.stdout)
    assert "changes.html" in done.stderr
    compared = json.loads(pellucid(*arguments[:-1], "--json").stdout)
    differ = [row for row in compared["images"] if row["guess_a"] != row["guess_b"]]
    assert found["pictures"] == compared["count"]
    assert found["p_value"] == compared["p_value"]
    assert found["counts"] == {
        "broken": compared["groups"]["only_first"],
        "corrected": compared["groups"]["only_second"],
        "still wrong": 0,
    }
    assert sorted(row["path"] for row in found["changes"]) == sorted(r["path"] for r in differ)
    with (tmp_path / "c" / "changes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_path = {row["path"]: row for row in differ}
    assert len(rows) == len(differ)
    for row in rows:
        same = by_path[row["path"]]
        assert (row["true"], row["before"], row["after"]) == (
            same["true"], same["guess_a"], same["guess_b"]
        )  # fmt: skip
    assert (tmp_path / "c" / "changes.html").is_file()
    printed = pellucid(*arguments).stdout
    assert f"{len(differ)} answer" in printed
    assert all(path in printed for path in by_path)


def test_two_models_of_one_folder(
    pellucid: Command, runs: Path, picture_folder: Path, tmp_path: Path
) -> None:
    arguments = ["compare", runs / "a", runs / "b", picture_folder]
    done = pellucid(*arguments, "--out", "c", "--json")
    assert "judged by what was set aside for the test, 6 of 60 pictures" in done.stderr
    printed = json.loads(done.stdout)
    assert printed["count"] == 6 == sum(printed["groups"].values())
    with (tmp_path / "c" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    for letter, key in (("a", "first"), ("b", "second")):
        model = ImageClassifier.load(runs / letter)
        paths = [str(picture_folder / row["path"]) for row in rows]
        labels = [model.model_.classes.index(row["true"]) for row in rows]
        probabilities = np.array([model.predict_proba(path) for path in paths])
        assert printed[key]["cross_entropy"] == pytest.approx(
            log_loss(labels, probabilities, labels=[0, 1]), rel=1e-4
        )
        guesses = [model.model_.classes[k] for k in probabilities.argmax(axis=1)]
        assert [row[f"guess_{letter}"] for row in rows] == guesses
    page = (tmp_path / "c" / "comparison.html").read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert str(runs / "a") in page
    assert str(runs / "b") in page
    assert "of 6 pictures: test" in page
    text = pellucid(*arguments).stdout
    for words in ("classification error", "cross-entropy", "both right", "McNemar", "only A"):
        assert words in text or "right and wrong on the same pictures" in text
    found = package.compare(runs / "a", runs / "b", picture_folder)
    assert found.to_dict()["first"] == printed["first"]
    assert "<table>" in found._repr_html_()


def test_a_model_against_itself(pellucid: Command, runs: Path, picture_folder: Path) -> None:
    done = pellucid("compare", runs / "a", runs / "a", picture_folder, "--part", "val", "--json")
    assert "set aside for validation, 6 of 60 pictures" in done.stderr
    printed = json.loads(done.stdout)
    assert printed["disagree"] == 0
    assert printed["p_value"] == 1.0
    assert printed["first"] == printed["second"]


def test_classes_in_another_order_are_matched_by_name(
    runs: Path, picture_folder: Path, digits: tuple[package.Dataset, package.Dataset]
) -> None:
    chosen = digits[0].subset(np.flatnonzero(digits[0].places < 2))
    names = NAUGHT, ONE
    data = package.Dataset(chosen.images, chosen.places, names, name="chosen")
    turned = package.Dataset(chosen.images, 1 - chosen.places, names[::-1], name="turned")
    one = ImageClassifier.load(runs / "a")
    other = ImageClassifier("lecture", epochs=1).fit(turned)
    found = package.compare(one, other, data)
    assert other.classes_.tolist() == [ONE, NAUGHT]
    assert found.numbers.second.accuracy == other.score(turned)
    assert found.numbers.second.cross_entropy == pytest.approx(
        other.evaluate(turned).cross_entropy, rel=1e-6
    )
    assert found.numbers.first.accuracy == one.score(data)


def test_classes_that_differ(
    pellucid: Command, runs: Path, picture_folder: Path, tmp_path: Path, model_path: Path
) -> None:
    done = pellucid("compare", runs / "a", model_path, picture_folder, "--out", "c", code=1)
    assert "the models' classes differ: only A has naught — 영, one; only B has 0, 1" in done.stderr
    assert not (tmp_path / "c" / "comparison.html").exists()
    pellucid("compare", runs / "a", runs / "b", picture_folder, "--part", "tset", code=2)


@pytest.mark.parametrize(
    ("parts", "asked", "count"),
    [
        (("train", "val", "test"), [], 12),
        (("train", "val", "test"), ["--part", "val"], 14),
        (("train", "val"), [], 14),
        (("train",), [], 3),  # what was drawn from it to validate by
        ((), [], 6),
        ((), ["--part", "val"], 6),
    ],
    ids=lambda each: ",".join(map(str, each)) or "-" if isinstance(each, tuple | list) else None,
)
def test_the_pictures_are_those_that_evaluate_judges_by(
    pellucid: Command,
    picture_folder: Path,
    tmp_path: Path,
    parts: tuple[str, ...],
    asked: list[str],
    count: int,
) -> None:
    """Whether data have a test part, only a validation part, none of them, or no parts at all."""
    for name in (NAUGHT, ONE):
        files = sorted((picture_folder / name).iterdir())
        for part, few in (("train", files[:17]), ("val", files[17:24]), ("test", files[24:])):
            if part in parts or not parts:
                place = tmp_path / "data" / (part if parts else ".") / name
                place.mkdir(parents=True, exist_ok=True)
                for each in few:
                    shutil.copy(each, place)
    for run, units in (("a", 2), ("b", 5)):
        layers = Sequential([Flatten(), Dense(units), ReLU(), Dense(2)])
        ImageClassifier(layers, epochs=1).fit(tmp_path / "data", out=tmp_path / run)
    pages = not asked  # once for each way of dividing the data
    out = ["--out", "c"] if pages else []
    done = pellucid("compare", "a", "b", "data", *asked, "--json", *out)
    printed = json.loads(done.stdout)
    notes = [line for line in done.stderr.splitlines()[:-1] if not line.startswith("task: ")]
    assert printed["count"] == count
    for run, key in (("a", "first"), ("b", "second")):
        out = ["--out", "e"] if pages and run == "a" else []
        judged = pellucid("evaluate", run, "data", *asked, "--json", *out)
        told_there = judged.stderr.splitlines()[:-1]
        assert [line for line in told_there if not line.startswith("task: ")] == notes
        report = json.loads(judged.stdout)
        assert report["count"] == count
        assert report["accuracy"] == printed[key]["accuracy"]
        assert report["cross_entropy"] == pytest.approx(printed[key]["cross_entropy"], rel=1e-6)
    if pages:
        rows, mistakes = (
            list(csv.DictReader((tmp_path / file).read_text(encoding="utf-8").splitlines()))
            for file in ("c/comparison.csv", "e/wrong.csv")
        )
        wrong = {row["path"] for row in mistakes}
        assert wrong == {row["path"] for row in rows if row["guess_a"] != row["true"]}


def test_a_place_that_cannot_be_written_is_refused_before_any_work(
    pellucid: Command, tmp_path: Path
) -> None:
    """No model is read, no picture: there are none."""
    for name in ("comparison.csv", "comparison.html"):
        (tmp_path / name / name).mkdir(parents=True)
        printed = pellucid(
            "compare", "no-model", "no-model", "no-data", "--out", name, code=1
        ).stderr
        assert f"{name}/{name}: cannot be written: it is a folder" in printed
    (tmp_path / "file").write_text("mine")
    printed = pellucid("compare", "no-model", "no-model", "no-data", "--out", "file", code=1).stderr
    assert "file: the folder cannot be made: a file of that name is in the way" in printed
    assert (tmp_path / "file").read_text() == "mine"


def test_answers_that_are_no_numbers(
    pellucid: Command, classifier: ImageClassifier, model_path: Path, tmp_path: Path
) -> None:
    """A model whose numbers overflow on pictures, though not on the one of its self-test."""
    model = classifier.model_
    weights = dict(model.network.weights)
    weights["dense2.kernel"] = weights["dense2.kernel"] * np.float32(3e38)
    pale = np.zeros((1, 8, 8, 1), np.uint8)
    pixels = np.stack([np.full((8, 8, 1), level, np.uint8) for level in (0, 255)] * 10)
    for name in [*model.network.weights]:
        if name.endswith("bias") and not name.startswith("dense2"):
            weights[name] = np.full_like(weights[name], -1e4)  # nothing gets through but brightness
    weights["conv1.kernel"] = np.full_like(weights["conv1.kernel"], 1e4)
    weights["conv2.kernel"] = np.abs(weights["conv2.kernel"]) * np.float32(1e6)
    weights["dense1.kernel"] = np.abs(weights["dense1.kernel"])
    network = Network(model.network.graph, weights)
    save_model(tmp_path / "huge.safetensors", replace(model, network=network), samples=pale)
    names = np.array(list("0123456789"))
    np.savez(tmp_path / "data.npz", x_test=pixels, y_test=names[np.arange(20) % 10])
    for models in ((model_path, "huge.safetensors"), ("huge.safetensors", model_path)):
        printed = pellucid("compare", *models, "data.npz", "--out", "c", code=1).stderr
        assert (
            "[1]: huge.safetensors answers with NaN or infinity; its training diverged" in printed
        )
    assert not (tmp_path / "c").exists()


def test_models_of_different_seeds(runs: Path, picture_folder: Path) -> None:
    """What one model did not learn from, the other did, but for a few pictures."""
    refused: list[str] = []
    for seed in (1, 4):  # the first shares no test picture with seed 0, the other does
        other = ImageClassifier("lecture", epochs=1, seed=seed).fit(picture_folder)
        try:
            found = package.compare(runs / "a", other, picture_folder)
        except DataError as error:
            check_line(error)
            refused.append(str(error))
            continue
        assert 0 < len(found.numbers) < 6
        assert any("are the same, and count" in note for note in found.notes)
    (message,) = refused
    assert "no picture is left to judge both models by" in message


def test_evaluate_without_a_test_part(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data" / "train")
    run = tmp_path / "run"
    ImageClassifier("lecture", epochs=1).fit(tmp_path / "data", out=run)
    done = pellucid("evaluate", "run", "data", "--json")
    assert "there is no test part: judged by what training set aside" in done.stderr
    assert "6 of 60 pictures; the model's weights were chosen by them" in done.stderr
    assert json.loads(done.stdout)["count"] == 6
    done = pellucid("evaluate", "run", "data", "--part", "test", code=1)
    assert "data: no test part; it has train" in done.stderr
    ImageClassifier("lecture", epochs=1, seed=1).fit(picture_folder, out=tmp_path / "other")
    done = pellucid("evaluate", "other", "data", code=1)  # it may have learned any of these
    assert "data: no test part; it has train" in done.stderr
    shutil.copytree(picture_folder, tmp_path / "data" / "val")
    done = pellucid("evaluate", "other", "data", "--json")
    assert "judged by the validation part, 60 pictures" in done.stderr
    assert json.loads(done.stdout)["count"] == 60
    done = pellucid("evaluate", "other", "data/val", "--part", "val")  # what it learned from
    assert "set aside for validation, 6 of 60 pictures" in done.stderr


def test_evaluate_the_validation_pictures(
    pellucid: Command, runs: Path, picture_folder: Path, model_path: Path, tmp_path: Path
) -> None:
    done = pellucid("evaluate", runs / "a", picture_folder, "--part", "val", "--json")
    assert json.loads(done.stdout)["count"] == 6
    assert "set aside for validation, 6 of 60" in done.stderr
    shutil.copytree(picture_folder, tmp_path / "mine")
    (tmp_path / "mine" / ONE / "more.png").write_bytes(
        next((picture_folder / ONE).iterdir()).read_bytes()
    )
    done = pellucid("evaluate", runs / "a", "mine", "--part", "val", code=1)
    assert "mine: is not divided, and the model set nothing of it aside" in done.stderr


def test_bad_files_and_the_cache_are_as_elsewhere(
    pellucid: Command, runs: Path, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    (tmp_path / "data" / "one" / "torn.png").write_bytes(b"<html>")
    models, cache = ["compare", runs / "a", runs / "b", "data"], tmp_path / "cache"
    done = pellucid(*models, "--no-cache", PELLUCID_CACHE=str(cache))
    assert "1 file cannot be used and is left out: one/torn.png" in done.stderr
    assert not cache.exists() or not any(cache.rglob("*.pictures"))
    pellucid(*models, PELLUCID_CACHE=str(cache))
    assert any(cache.rglob("*.pictures"))
    printed = pellucid(*models, "--bad", "error", code=1)
    assert "torn.png: " in printed.stderr
    assert printed.stdout == ""
