"""Generators opened up on the command line: traces, gradients, ONNX files; and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import DataError
from tests.estimators.test_generator import made, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.estimators import ImageGenerator
    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def generator() -> ImageGenerator:
    return made(epochs=1).fit(pictures())


@pytest.fixture(scope="module")
def file(generator: ImageGenerator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generator") / "model.safetensors"
    generator.save(path)
    return path


def test_on_the_command_line(
    file: Path, generator: ImageGenerator, tmp_path: Path, pellucid: Command
) -> None:
    plain = ("--engine", "reference")
    ran = pellucid("trace", file, "--sample", "0/2", "--json", *plain)
    assert json.loads(ran.stdout)["answer"] == generator.sample(3)[2].tolist()
    ran = pellucid("trace", file, "--sample", "0/2", "--layer", "generator2", "--at", "1,2,3",
                   "--json", "--out", tmp_path / "t.html", *plain)  # fmt: skip
    assert json.loads(ran.stdout)["layer"] == "generator2"
    for ending in ("xlsx", "json"):
        pellucid("trace", file, "--sample", "0/2", "--out", tmp_path / f"t.{ending}", *plain)
    ran = pellucid("trace", file, "--sample", "0/2", "--score", "--json", *plain)
    assert json.loads(ran.stdout)["classes"] == ["real"]
    ran = pellucid("backward", file, "--sample", "0/2", "--json", *plain)
    assert json.loads(ran.stdout)["loss"] == pytest.approx(generator.backward((0, 2)).loss)
    pellucid("backward", file, "--sample", "0/2", "--pixel", "1,6", "--label", "200",
             "--weight", "generator1.kernel", "--at", "0,1,2,3", *plain)  # fmt: skip
    pellucid("export", file, "--out", tmp_path / "g.onnx")
    pellucid("verify", file, tmp_path / "g.onnx")


def test_what_is_refused(file: Path, pellucid: Command) -> None:
    for line, word, code in (
        (("trace", file), "--sample", 2),
        (("trace", file, "mnist:test:0"), "--sample", 1),
        (("trace", file, "mnist:test:0", "--sample", "0/1"), "--sample", 2),
        (("trace", file, "mnist:test:0", "--score"), "--score", 2),
        (("trace", file, "--sample", "0"), "0/3", 2),
        (("backward", file, "--sample", "0/1", "--pixel", "1,2"), "grey level", 2),
        (("backward", file, "--sample", "0/1", "--pixel", "1,99", "--label", "3"), "7", 1),
        (("backward", file, "--sample", "0/1", "--label", "real"), "--label", 2),
        (("backward", file, "mnist:test:0", "--pixel", "1,2"), "--pixel", 2),
        (("trace", file, "--sample", "0/1", "--word", "2"), "--word", 2),
        (("backward", file, "--sample", "0/1", "--invert"), "--invert", 2),
        (("export", file, "--classes", "a,b", "--out", "no.onnx"), "--classes", 1),
        (("explain", file, "mnist:test:0"), "heatmaps", 1),
        (("compare", file, file, "mnist"), "evaluate", 1),
        (("verify", file, file, "mnist:test:0"), "leave the pictures out", 1),
        (("page", file, "mnist:test:0"), "leave the pictures", 1),
    ):
        ran = pellucid(*line, code=code)
        assert word in ran.stderr, (line, ran.stderr)


def test_other_models_make_no_pictures(tmp_path: Path, pellucid: Command) -> None:
    classifier = pl.ImageClassifier(epochs=1, architecture="lecture", engine="reference", verbose=0)
    labels = [str(n % 2) for n in range(8)]
    classifier.fit(np.zeros((8, 28, 28), np.uint8), labels)
    path = tmp_path / "classifier.safetensors"
    classifier.save(path)
    for command in ("trace", "backward"):
        assert "makes no pictures" in pellucid(command, path, "--sample", "0/1", code=1).stderr
    with pytest.raises(DataError):
        pl.ImageGenerator.load(path)
