"""``pellucid page``: which pictures a page shows, what it learns from, and what is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data.ours import own_folder
from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model, save_model
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from tests.engines.networks import network

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

CLASSES = ("cat", "dog", "owl")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of pictures of 8×7."""
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    graph = Sequential([Conv2D(2, 3), ReLU(), MaxPool(2), Flatten(), Dense(3)]).graph((8, 7, 1))
    save_model(path, Model(network(graph), CLASSES, Preprocessing(8, 7, 1)))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures of each class."""
    random = np.random.default_rng(5)
    for name in CLASSES:
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 256, (8, 7), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    return tmp_path / "data"


def read(page: Path) -> dict[str, Any]:
    (text,) = re.findall(r'id="page">(.*?)</script>', page.read_text())
    found: dict[str, Any] = json.loads(text)
    return found


def test_of_data_every_class_is_shown_by_turns(
    pellucid: Command, small: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "net.html"
    done = pellucid("page", small, folder, "--samples", 6, "--no-learn", "-o", out)
    data = read(out)
    assert data["samples"]["truths"] == [0, 1, 2, 0, 1, 2]
    assert data["samples"]["names"][:2] == ["cat/0.png", "dog/0.png"]
    assert data["learn"] is None
    assert "6 of 30 pictures" in done.stderr
    assert str(out) in done.stdout


def test_pictures_without_labels(
    pellucid: Command, small: Path, folder: Path, tmp_path: Path
) -> None:
    out, cats = tmp_path / "net.html", folder / "cat"
    (cats / "3.png").write_bytes(b"none")
    for named in (cats, f"{cats}/*.png"):
        done = pellucid("page", small, named, "-o", out)
        samples = read(out)["samples"]
        assert samples["names"] == [f"{k}.png" for k in range(10) if k != 3]
        assert samples["truths"] == [None] * 9
        lines = done.stderr.splitlines()
        assert any("3.png" in line and "left out" in line for line in lines)
        assert any("learns nothing" in line for line in lines)
    pellucid("page", small, cats / "4.png", cats / "1.png", "-o", out, "--title", "Two <b>")
    data = read(out)
    assert (data["title"], data["samples"]["names"]) == ("Two <b>", ["4.png", "1.png"])


def test_a_run_shows_the_data_that_it_learned_from(
    pellucid: Command, small: Path, folder: Path, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "net.html"
    pellucid(
        "train", folder, "--from", small, "--fine-tune", "all", "--epochs", 1,
        "--batch-size", 4, "--seed", 3, "--no-report", "--out", run,
    )  # fmt: skip
    done = pellucid("page", run, "-o", out)
    data = read(out)
    assert str(folder) in done.stderr
    learned = pellucid("evaluate", run, folder).stderr
    (count,) = re.findall(r"judged by what was set aside for the test, (\d+) of 30", learned)
    assert data["learn"]["judge"]["count"] == int(count)
    assert data["learn"]["train"]["count"] + data["learn"]["judge"]["count"] < 30
    assert len(data["samples"]["names"]) == int(count)
    folder.rename(tmp_path / "elsewhere")
    done = pellucid("page", run, "-o", out, "--language", "ko")
    assert read(out)["samples"]["names"] == ["noise", "grey"]
    assert 'data-language="ko"' in out.read_text()
    assert "cannot be used" in done.stderr


@pytest.mark.parametrize(
    ("named", "options", "code", "message"),
    [
        ("nothing", [], 1, "there is no such file"),
        ("empty", [], 1, "no pictures"),
        ("other", [], 1, "owl"),
        ("text.png", [], 1, "no picture"),
        ("data/cat", ["--learn"], 1, "nothing can be learned"),
        ("data", ["-o", "net.pdf"], 1, ".html"),
        ("data", ["-o", "data/cat/1.png"], 1, ".html"),
        ("page.html", ["-o", "page.html"], 1, "is read by this command"),
        ("data", ["--language", "fr"], 2, "ko"),
    ],
)
def test_what_is_refused_in_a_line(
    pellucid: Command,
    small: Path,
    folder: Path,
    named: str,
    options: list[str],
    code: int,
    message: str,
) -> None:
    home = folder.parent
    (home / "empty").mkdir()
    (home / "other" / "horse").mkdir(parents=True)
    Image.new("L", (7, 8)).save(home / "other" / "horse" / "1.png")
    for name in ("text.png", "page.html"):
        (home / name).write_bytes(b"no picture")
    done = pellucid("page", small, named, *options, code=code)
    assert message in done.stderr
    assert not (home / "net.html").exists()
    assert (home / "page.html").read_bytes() == b"no picture"


def test_pages_in_a_folder_of_data_are_ours(pellucid: Command, small: Path, folder: Path) -> None:
    (folder / "pages").mkdir()
    picture = folder / "cat" / "1.png"
    pellucid("page", small, picture, "-o", folder / "pages" / "net.html")
    assert own_folder(folder / "cat") is None
    assert own_folder(folder / "pages") is not None
