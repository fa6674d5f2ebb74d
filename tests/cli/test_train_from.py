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
from pellucid.training.saved_run import read_saved_run
from tests.transfer.made import body_file, pictures

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
    assert (run / "report.html").exists()
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


def test_numbers_and_arrays(pellucid: Command, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    x, y = pictures(60, 0, channels=1)
    np.savez(tmp_path / "data.npz", x=x.repeat(2, axis=1), y=y + 0.5 * (np.arange(60) % 3))
    common = ["--engine", "reference", "--validation", "0.2"]
    pellucid("train", "data.npz", *common, "--from", body, "--out", "run", "--loss", "huber")
    printed = pellucid("evaluate", "run", "data.npz", "--json").stdout
    assert json.loads(printed)["r2"] > 0.2


def test_what_is_refused(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(body, run / "model.safetensors")
    for more, words, code in (
        (["--from", "nothing.safetensors"], "nothing.safetensors", 1),
        (["--from", "efficientnet-lite7"], "efficientnet-lite0", 1),
        (["--from", body, "--start-from", body], "--start-from", 1),
        (["--from", body, "--epochs", 2], "--fine-tune", 1),
        (["--fine-tune", 2], "--from", 1),
        (["--from", body, "--fine-tune", "all", "-a", "vgg-small"], "vgg-small", 1),
        (["--from", "run", "--out", "run", "--overwrite"], "is read by this command", 2),
    ):
        done = pellucid("train", folder, *more, code=code)
        assert words in done.stderr
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
