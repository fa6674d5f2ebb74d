"""Generators on the command line: trained, taken up again, judged; and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.layers import Dense, Flatten, ReLU, Sequential
from pellucid.training.saved_run import read_saved_run
from tests.cli.running import here
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

SMALL = (
    "--task", "generation", "--epochs", "2", "--width", "4", "--latent", "8", "--batch-size", "16",
    "--engine", "reference",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures without class folders: bright on the left, or on the right."""
    random, place = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "pictures"
    place.mkdir()
    for n in range(40):
        pixels = random.integers(0, 30, (8, 8))
        pixels[2:6, 4 * (n % 2) : 4 * (n % 2) + 4] += 200
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{n:02}.png")
    return place


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    done = here(("train", folder, *SMALL, "--out", place / "run"), place, {})
    assert done.returncode == 0, done.stderr
    return place / "run"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = np.zeros((20, 8, 8, 1), np.uint8)
    images[::2, :, :4] = 200
    layers = Sequential([Flatten(), Dense(4), ReLU(), Dense(2)])
    fitted = pl.ImageClassifier(layers, epochs=3, engine="reference", verbose=0).fit(
        images, ["left", "right"] * 10
    )
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    fitted.save(path)
    return path


def test_training(run: Path) -> None:
    assert {path.name for path in run.iterdir()} >= {
        "config.json", "history.csv", "model.safetensors", "report.html", "samples", "summary.csv",
    }  # fmt: skip
    assert len(list((run / "samples").iterdir())) == 2
    config = json.loads((run / "config.json").read_text())
    assert config["data"]["pictures"] == 36  # a tenth is kept to compare with
    page = (run / "report.html").read_text()
    assert "Generated pictures" in page
    assert "Training" in page


def test_a_run_is_taken_up_again(
    folder: Path, run: Path, tmp_path: Path, pellucid: Command
) -> None:
    generator = pl.ImageGenerator(
        epochs=2, width=4, latent=8, batch_size=16, engine="reference", verbose=0
    )
    splits = pl.data.load(folder, task="generation", validation=0)
    kept = dict(read_saved_run(run).notes)
    with pytest.raises(Died):
        generator.fit(
            splits.train, out=tmp_path / "half", watchers=[Death(4)], minutes=0, notes=kept
        )
    pellucid("train", "--resume", tmp_path / "half")
    expected, found = (
        pl.ImageGenerator.load(each, engine="reference").sample(4)
        for each in (run, tmp_path / "half")
    )
    np.testing.assert_array_equal(found, expected)
    assert (tmp_path / "half" / "report.html").exists()


def test_starting_from_a_generator(
    folder: Path, run: Path, tmp_path: Path, pellucid: Command
) -> None:
    out = tmp_path / "on"
    ran = pellucid(
        "train", folder, "--task", "generation", "--start-from", run, "--epochs", "1", "--out", out,
        "--engine", "reference", "--json",
    )  # fmt: skip
    assert json.loads(ran.stdout)["task"] == "generation"
    model = pl.ImageGenerator.load(out, engine="reference")
    assert (model.latent, model.width) == (8, 4)
    assert (
        model.model_.provenance["start_from"]["from_scratch"] == []
    )  # the discriminator is the run's
    alone = pl.ImageGenerator(
        start_from=run / "model.safetensors", epochs=1, engine="reference", verbose=0
    ).fit(np.zeros((8, 8, 8), np.uint8))
    assert alone.model_.provenance["start_from"]["from_scratch"] == []  # nor that of a model file
    # a step of training moves weights by little
    before = pl.ImageGenerator.load(run, engine="reference").model_.network.weights
    for name, weight in alone.model_.network.weights.items():
        if name.endswith("kernel"):
            assert np.abs(weight - before[name]).max() < 0.01
    pellucid("train", "--resume", out)


def test_judging(folder: Path, run: Path, judge: Path, tmp_path: Path, pellucid: Command) -> None:
    ran = pellucid(
        "evaluate", run, folder, "--judge", judge, "--samples", "50", "--seed", "3", "--json",
        "--out", tmp_path / "judged", "--engine", "reference",
    )  # fmt: skip
    found = json.loads(ran.stdout)
    assert (found["count"], found["learned"], found["test"]) == (50, 36, 4)
    assert [row["name"] for row in found["judged"]["per_class"]] == ["left", "right"]
    splits = pl.data.load(folder, task="generation", validation=0)
    generator = pl.ImageGenerator.load(run, engine="reference")
    report = generator.evaluate(splits, judge, count=50, seed=3)
    assert report.to_dict() == found
    np.testing.assert_array_equal(report.pictures.images, generator.sample(50, seed=3))
    assert (tmp_path / "judged" / "nearest.csv").read_text().count("\n") == 51
    ran = pellucid("evaluate", run, folder, "--samples", "20", "--engine", "reference")
    assert "--judge" in ran.stderr


def test_what_is_refused(
    folder: Path, run: Path, judge: Path, tmp_path: Path, pellucid: Command
) -> None:
    generate = ("train", folder, "--task", "generation", "--out", tmp_path / "x")
    for line, word, code in (
        ((*generate, "--optimizer", "sgd"), "--optimizer", 1),
        ((*generate, "--from", judge), "--from", 1),
        ((*generate, "--detector", "centre"), "--detector", 1),
        ((*generate, "--validation", "0.1"), "--validation", 1),
        ((*generate, "--start-from", judge), "generator", 1),
        ((*generate, "--start-from", run, "--latent", "9"), "latent", 1),
        ((*generate, "--batch-size", "1"), "batch_size", 1),
        ((*generate, "--image-size", "10"), "multiples of 4", 1),
        (("train", folder, "--task", "generation", "--start-from", run, "--out", run), "--out", 2),
        (("train", "mnist", "--width", "8"), "--width", 1),
        (("evaluate", judge, "mnist", "--judge", judge), "--judge", 2),
        (("evaluate", run, folder, "--judge", run), "judge", 1),
        (("evaluate", run, folder, "--bands", "1"), "--bands", 2),
        (("evaluate", run, "mnist"), "28×28", 1),
        (("find-rate", folder, "--task", "generation"), "generation", 1),
    ):
        ran = pellucid(*line, code=code)
        assert word in ran.stderr, (line, ran.stderr)
        assert not (tmp_path / "x" / "model.safetensors").exists()
