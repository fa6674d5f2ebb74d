"""Networks with trained weights, named on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.interop.pretrained import PRETRAINED
from pellucid.interop.pretrained.class_names import imagenet_classes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

NAME = "efficientnet-lite0"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Networks that take small pictures, which cost less, and a picture."""
    monkeypatch.setitem(PRETRAINED, NAME, replace(PRETRAINED[NAME], side=32))
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo.png")


COMMANDS = {
    "backward": ("photo.png", "--label", "tench", "--json"),
    "compare": (NAME, "list.csv", "--json"),
    "evaluate": ("list.csv", "--json"),
    "explain": ("photo.png", "--method", "gradient", "--json"),
    "kernels": ("--json",),
    "lecture": ("photo.png", "--json"),
    "mistakes": ("list.csv", "--json"),
    "predict": ("photo.png", "--label", "Traffic-Light", "--json"),
    "surgery": ("photo.png", "--mute", "stem:0", "--json"),
    "trace": ("photo.png", "--json"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_name(name: str, pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\nphoto.png,tench\n", encoding="utf-8")
    engine = () if name == "kernels" else ("--engine", "reference")
    done = pellucid(name, NAME, *COMMANDS[name], *engine)
    assert json.loads(done.stdout)


def test_answers_with_imagenets_classes(pellucid: Command) -> None:
    done = pellucid("predict", NAME, "photo.png", "--json", "--engine", "reference")
    (answer,) = json.loads(done.stdout)
    assert list(answer["probabilities"]) == list(imagenet_classes())
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_a_file_of_that_name_is_mentioned(pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    done = pellucid("predict", NAME, "photo.png", "--engine", "reference")
    assert f"./{NAME}" in done.stderr
    assert "is empty" in pellucid("predict", f"./{NAME}", "photo.png", code=1).stderr


def test_without_the_package(pellucid: Command, tmp_path: Path) -> None:
    gone = "No" + PRETRAINED[NAME].module
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRETRAINED, NAME, replace(PRETRAINED[NAME], module=gone))
        done = pellucid("predict", NAME, "photo.png", code=1, PELLUCID_CACHE="off")
    assert done.stderr.endswith('pip install "pellucid[pretrained]"\n')
    assert done.stderr.count("\n") == 1


def test_an_unknown_name(pellucid: Command) -> None:
    done = pellucid("predict", "efficientnet", "photo.png", code=1)
    assert NAME in done.stderr
