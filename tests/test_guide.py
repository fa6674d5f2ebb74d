"""The commands of README and of docs/photos.md, run as a newcomer would, on few pictures."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from pellucid.cli.app import app
from tests.cli.running import Completed, here

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "photos.md"
SHORTER = {"find-rate": ["--steps", "20"], "train": ["--epochs", "2"]}
"""What keeps a command of the guide from taking minutes; the last of an option counts."""


def commands(path: Path) -> list[list[str]]:
    """The arguments of every ``$ pellucid …`` in a text."""
    blocks = re.findall(r"```console\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line[:2] == "$ "]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line[0] == "pellucid"]


def run(arguments: list[str], folder: Path) -> Completed:
    done = here(tuple(arguments), folder, {"COLUMNS": "200"})
    assert done.returncode == 0, (arguments, done.stderr)
    return done


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Folders of red and of blue pictures, a file that is none, and a new picture."""
    random = np.random.default_rng(0)
    for class_name, channel in (("cat", 0), ("dog", 2)):
        (tmp_path / "my-photos" / class_name).mkdir(parents=True)
        for i in range(30):
            pixels = random.integers(0, 100, (16, 16, 3), dtype=np.uint8)
            pixels[..., channel] += 150
            Image.fromarray(pixels).save(tmp_path / "my-photos" / class_name / f"{i}.jpg")
    shutil.copy(tmp_path / "my-photos" / "dog" / "7.jpg", tmp_path / "new.jpg")
    (tmp_path / "my-photos" / "cat" / "page.jpg").write_text("<html>")
    return tmp_path


@pytest.mark.parametrize("path", [ROOT / "README.md", GUIDE], ids=lambda path: path.name)
def test_commands_are_spelt_as_the_program_has_them(path: Path) -> None:
    """Names, options and their values, without doing anything."""
    group = typer.main.get_command(app)
    found = commands(path)
    assert len(found) > 6
    for name, *arguments in found:
        context = group.make_context("pellucid", [name, *arguments])
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        assert command is not None, name
        command.make_context(name, arguments)


def test_the_guide_from_first_to_last(photos: Path) -> None:
    printed: dict[str, Completed] = {}
    for name, *arguments in commands(GUIDE):
        shorter = SHORTER.get(name, []) if "--resume" not in arguments else []
        if "--start-from" in arguments:
            shorter = [*shorter, "--no-report"]  # the first training's is looked at
        done = run([name, *arguments, *shorter], photos)
        printed.setdefault(name, done)
    assert "cat/page.jpg" in printed["find-rate"].stderr
    assert "dog" in printed["predict"].stdout
    folder = photos / "runs" / "photos"
    names = re.findall(r"`([a-z_]+\.(?:safetensors|json|csv|html|png))`", GUIDE.read_text("utf-8"))
    kept = {file.name for file in folder.iterdir()}
    assert kept - {"test", "live"} == {
        name for name in names if name not in ("list.csv", "check.html")
    }
    for written in (
        "check.html", "batch.png", "predictions.csv", "runs/photos/test/report.html",
        "runs/photos/test/predictions.csv",
    ):  # fmt: skip
        assert (photos / written).stat().st_size > 100


def test_what_the_guide_says_stops_training_can_be_allowed() -> None:
    from pellucid.cli.leakage import ALLOWABLE

    assert tuple(re.findall(r"`--allow ([a-z-]+)`", GUIDE.read_text("utf-8"))) == ALLOWABLE
