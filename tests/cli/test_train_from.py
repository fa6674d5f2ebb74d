"""``pellucid train --from``: a head on a trained body."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.files.feature_file import load_features
from pellucid.training import Stopped
from pellucid.training.saved_run import read_saved_run
from tests.transfer.made import body_file, pictures, uncut_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of several sizes and kinds: colour, grey, transparent."""
    x, y = pictures(60, 0)
    for k, (pixels, label) in enumerate(zip(x, y, strict=True)):
        place = tmp_path / "stripes" / ("up" if label else "down")
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(pixels).resize((30 + k, 24 + k), Image.Resampling.NEAREST)
        image = image.convert(("RGB", "L", "RGBA")[k % 3])
        image.save(place / f"{k}.png")
    return tmp_path / "stripes"


def test_a_run_from_first_to_last(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    common = ["train", folder, "--engine", "reference"]
    done = pellucid(*common, "--from", body, "--out", "run", PELLUCID_CACHE=str(tmp_path / "c"))
    assert "body: body3.safetensors up to dropout1" in done.stderr
    assert "learning rate" not in done.stderr
    run = tmp_path / "run"
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    assert config["preprocessing"]["resize"] == "crop"
    assert config["transfer"]["fine_tune"] is None
    assert config["recipe"]["epochs"] == config["recipe"]["head_epochs"] == 1
    page = (run / "report.html").read_text("utf-8")
    assert "body: body3.safetensors up to dropout1" in page
    assert "head: weight decay" in page
    assert len((run / "history.csv").read_text("utf-8").splitlines()) == 2
    assert read_saved_run(run).finished
    before = (run / "model.safetensors").read_bytes()
    body.unlink()  # what it learned from is not needed any more
    (run / "report.html").unlink()
    pellucid("train", "--resume", "run")
    assert (run / "report.html").exists()
    assert (run / "model.safetensors").read_bytes() == before
    judged = pellucid("evaluate", "run", folder, "--json").stdout
    assert json.loads(judged)["accuracy"] > 0.8
    pellucid("predict", "run", folder / "up" / "1.png")
    # the run is a body, too; and a start from which everything learns
    printed = pellucid(*common, "--from", "run", "--out", "second", "--fine-tune", "all", "-e", "1")
    assert "fine-tuned from normalise1" in printed.stderr
    assert "epoch 2/2" in printed.stderr
    pellucid(*common, "--start-from", "run", "--out", "third", "-e", "1", "--no-report")


def test_folds_and_the_hint(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    common = ["train", folder, "--engine", "reference", "--no-report"]
    told = pellucid(*common, "--from", body, "--folds", 4, "--out", "run", "--json")
    judged = json.loads(told.stdout)["folds"]
    assert judged == json.loads((tmp_path / "run" / "folds.json").read_text("utf-8"))
    assert judged["count"] == 54  # those to test by are left alone
    assert judged["low"] < judged["value"] <= judged["high"]
    assert "cross-validation of the head, 4 folds" in told.stderr
    assert "weight decay" in told.stderr
    small = pellucid(*common, "-e", 1, "-a", "lenet5", "--out", "run", "--overwrite")
    assert not (tmp_path / "run" / "folds.json").exists()
    assert "--from" not in small.stderr  # a body tells little of small pictures
    for path in folder.glob("*/*.png"):
        Image.open(path).resize((120, 100)).save(path)
    size = ["--image-size", 28, "-e", 1, "-a", "lenet5"]
    large = pellucid(*common, *size, "--out", "large")
    assert large.stderr.count("--from efficientnet-lite0") == 1
    one = folder / "one"
    one.mkdir()
    Image.new("RGB", (90, 90), (3, 200, 7)).save(one / "a.png")
    for more, words, code in (
        (["--from", body, "--folds", 5], "one", 1),
        (["--folds", 5], "--from", 2),
        (["--from", body, "--folds", 5, "--fine-tune", 1], "--fine-tune", 2),
    ):
        assert words in pellucid(*common, *more, "--out", "no", code=code).stderr


def test_numbers_and_arrays(pellucid: Command, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    x, y = pictures(60, 0, channels=1)
    np.savez(tmp_path / "data.npz", x=x.repeat(2, axis=1), y=y + 0.5 * (np.arange(60) % 3))
    common = ["--engine", "reference", "--validation", "0.2"]
    pellucid("train", "data.npz", *common, "--from", body, "--out", "run", "--loss", "huber")
    printed = pellucid("evaluate", "run", "data.npz", "--json").stdout
    assert json.loads(printed)["r2"] > 0.2


def test_near_copies_across_the_parts(
    pellucid: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A validation picture that is a learned one with other bits is said to be no new picture."""
    body = body_file(tmp_path)
    common = ["train", folder, "--engine", "reference", "--from", body, "--no-report"]
    plain = pellucid(*common, "--out", "plain")
    assert "near copies across the parts" not in plain.stderr
    kept = load_features(tmp_path / "plain" / "features.safetensors")
    held, learned = (kept.names[kept.part(part)[0]] for part in ("validation", "train"))
    Image.open(folder / learned).convert("RGB").point(lambda v: v + 1).save(folder / held)
    told = pellucid(*common, "--out", "run").stderr
    assert "near copies across the parts: 1 of 6 validation pictures" in told
    assert f"{held} to {learned}" in told

    def stop(*_: object, **__: object) -> None:
        raise Stopped("stopped", 143)  # as SIGTERM does; Ctrl-C would end the tests

    monkeypatch.setattr("pellucid.transfer.out_of_fold.fit_head", stop)
    stopped = pellucid(*common, "--folds", 5, "--out", "folds", code=143).stderr
    assert "stopped while the folds were judged" in stopped
    monkeypatch.undo()
    pellucid("train", "--resume", "folds")
    assert json.loads((tmp_path / "folds" / "folds.json").read_text("utf-8"))["folds"] == 5


def test_what_is_refused(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(body, run / "model.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(body.read_bytes()[:-9])
    uncut_files(tmp_path)
    for more, words, code in (
        (["--from", "nothing.safetensors"], "pellucid: nothing.safetensors: ", 1),
        (["--start-from", "nothing.safetensors"], "pellucid: nothing.safetensors: ", 1),
        (["--from", "damaged.safetensors"], "pellucid: damaged.safetensors: ", 1),
        (["--from", "efficientnet-lite7"], "efficientnet-lite0", 1),
        (["--from", body, "--start-from", body], "--start-from", 1),
        (["--from", "flat.safetensors"], "flat.safetensors: has no place to cut", 1),
        (["--from", "conv.safetensors"], "conv.safetensors: has no place to cut", 1),
        (["--from", body, "--epochs", 2], "--fine-tune", 1),
        (["--fine-tune", 2], "--from", 1),
        (["--from", body, "--fine-tune", "all", "-a", "vgg-small"], "vgg-small", 1),
        (["--from", "run", "--out", "run", "--overwrite"], "is read by this command", 2),
    ):
        done = pellucid("train", folder, *more, code=code)
        assert words in done.stderr
        assert "2 classes" not in done.stderr  # said before the pictures cost any time
    assert (run / "model.safetensors").read_bytes() == body.read_bytes()


def test_features_as_files(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    common = ["features", folder, "--from", body_file(tmp_path), "--engine", "reference"]
    for ending in ("npz", "csv", "safetensors"):
        pellucid(*common, "--out", f"f.{ending}", PELLUCID_CACHE=str(tmp_path / "cache"))
    arrays = np.load(tmp_path / "f.npz")
    assert arrays["features"].shape == (60, 24)
    assert sorted(set(arrays["classes"][arrays["targets"]])) == ["down", "up"]
    rows = list(csv.reader((tmp_path / "f.csv").read_text("utf-8").splitlines()))
    assert rows[0][:4] == ["name", "part", "label", "feature0"]
    assert rows[1][0].endswith(".png")
    np.testing.assert_allclose(np.array(rows[9][3:], float), arrays["features"][8], rtol=1e-6)
    kept = load_features(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(kept.features, arrays["features"])
    assert "f.txt" in pellucid(*common, "--out", "f.txt", code=1).stderr


def test_nearest_and_a_further_class(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    quick = ["--engine", "reference"]
    pellucid("train", folder, *quick, "--from", body, "--no-report", "--out", "run")
    one = folder / "up" / "1.png"
    answered = pellucid("predict", "run", one, *quick, "--nearest", 3, "--json").stdout
    near = json.loads(answered)[0]["nearest"]
    assert len(near) == 3
    assert near[0]["similarity"] >= near[1]["similarity"] >= near[2]["similarity"]
    kept = load_features(tmp_path / "run" / "features.safetensors")
    learned = [kept.names[row] for row in kept.part("train")]
    if "up/1.png" in learned:
        assert near[0]["name"] == "up/1.png"
        assert near[0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert (
        "nearest training pictures"
        in pellucid("predict", "run", one, *quick, "--nearest", 1).stdout
    )
    dots = tmp_path / "dots"
    dots.mkdir()
    random = np.random.default_rng(3)
    for k in range(20):
        pixels = (random.integers(0, 2, (12, 12, 3)) * 200).astype(np.uint8)
        Image.fromarray(pixels).save(dots / f"{k}.png")
    (dots / "broken.png").write_bytes(b"no picture")
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    told = pellucid("add-class", "run", dots, *quick, "--out", "more", "--json")
    assert "broken.png" in told.stderr
    found = json.loads(told.stdout)
    assert found["classes"] == ["down", "up", "dots"]
    assert found["new_class"] == 1.0
    assert found["new_class_pictures"] == 2  # a tenth of 20
    assert found["old_classes_pictures"] == len(kept.part("validation"))
    assert found["old_classes_after"] > 0.7
    judged = pellucid("predict", "more", dots / "3.png", *quick, "--json").stdout
    assert json.loads(judged)[0]["class"] == "dots"
    shutil.copy(tmp_path / "run" / "model.safetensors", tmp_path / "alone.safetensors")
    pellucid("add-class", "alone.safetensors", dots, *quick, "--data", folder, "--out", "third")
    with_data = load_features(tmp_path / "third" / "features.safetensors")
    np.testing.assert_array_equal(
        with_data.features, load_features(tmp_path / "more" / "features.safetensors").features
    )
    single = ["add-class", "run", dots / "3.png", "--name", "dots", "--out", "single", "--json"]
    assert json.loads(pellucid(*single, *quick).stdout)["classes"] == ["down", "up", "dots"]
    counted = pellucid("add-class", "run", dots, *quick, "--out", "counted")
    assert "2 validation pictures of dots: 2 right" in counted.stderr
    again = ["add-class", "more", folder / "up", "--name", "again", *quick]
    pellucid("train", folder, "-e", 1, "-a", "lenet5", *quick, "--no-report", "--out", "fourth")
    pellucid(*again, "--out", "fourth", "--overwrite")
    left = {each.name for each in (tmp_path / "fourth").iterdir() if each.name[0] != "."}
    assert left == {"model.safetensors", "features.safetensors", "config.json"}
    for arguments, words, code in (
        (["add-class", "alone.safetensors", dots], "--data", 1),
        (["add-class", "run", dots, "--name", " up "], "up", 1),
        (["add-class", "run", dots, "--name", " "], "--name", 2),
        (["add-class", "run", tmp_path / "none"], "none", 1),
        (["add-class", "run", dots, "--out", "run", "--overwrite"], "is read by", 2),
        (["add-class", "run", dots, "--out", "more"], "holds a run already", 1),
        (["add-class", "run", dots / "3.png"], "--name", 2),
        (["predict", "alone.safetensors", one, "--nearest", 2], "features.safetensors", 1),
        (["predict", "run", one, "--nearest", 2, "--out", "x.csv"], "--nearest", 2),
    ):
        assert words in pellucid(*arguments, *quick, code=code).stderr
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before


def test_check_with_features(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "up" / "1.png", folder / "down" / "mistaken.png")
    common = ["check", folder, "--from", body_file(tmp_path), "--engine", "reference", "--json"]
    told = json.loads(pellucid(*common, "--with-features").stdout)
    doubts = [each for each in told["findings"] if each["kind"] == "likely-wrong-label"]
    assert "down/mistaken.png" in [name for each in doubts for name in each["names"]]
    assert len(doubts) < 10
    plain = json.loads(pellucid(*common).stdout)
    assert "likely-wrong-label" not in [each["kind"] for each in plain["findings"]]
