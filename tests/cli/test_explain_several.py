"""``pellucid explain`` of several pictures: a PNG of each, and bad files among good ones."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data.asked import names_one
from pellucid.explain.methods import METHODS

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from tests.cli.conftest import Command


def test_several_pictures(
    pellucid: Command, model_path: Path, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    for name in ("a/1.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(digits[1].images[0, ..., 0]).save(tmp_path / name)
    (tmp_path / "b" / "3.png").write_bytes(b"")
    np.savez(tmp_path / "d.npz", x=digits[1].images[:5], y=digits[1].places[:5])
    rest = ["--method", "Grad_CAM", "-o", "out", "--json"]
    done = pellucid("explain", model_path, "a", "b", "d.npz:all:4", "none.png", *rest, code=1)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "1-grad-cam.png", "1-grad-cam-2.png", "2-grad-cam.png", "d.npz-all-4-grad-cam.png",
    }  # fmt: skip
    records = json.loads(done.stdout)
    assert [each["picture"] for each in records] == [
        "a/1.png", "b/1.png", "b/2.png", "d.npz:all[4]",
    ]  # fmt: skip
    assert {each["method"] for each in records} == {"grad-cam"}
    assert "b/3.png" in done.stderr
    assert "none.png" in done.stderr


def test_what_several_pictures_are_written_to(
    pellucid: Command, model_path: Path, tmp_path: Path
) -> None:
    done = pellucid("explain", model_path, "a.png", "b.png", "-o", "both.png", code=2)
    assert "folder" in done.stderr
    (tmp_path / "taken").write_text("mine")
    pellucid("explain", model_path, "a.png", "b.png", "-o", "taken", code=1)
    assert (tmp_path / "taken").read_text() == "mine"


def test_all_methods_of_one_picture(
    pellucid: Command, model_path: Path, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    Image.fromarray(digits[1].images[0, ..., 0]).save(tmp_path / "a.png")
    done = pellucid("explain", model_path, "a.png", "--method", "all", "-o", "sheet.png")
    assert len(done.stdout.splitlines()) == 1 + len(METHODS)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 1000


def test_of_many_pictures_only_the_files_are_made(
    pellucid: Command,
    model_path: Path,
    digits: tuple[Dataset, Dataset],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_module("pellucid.cli.explain"), "MOST_IN_FULL", 3)
    np.savez(tmp_path / "d.npz", x=digits[1].images[:4], y=digits[1].places[:4])
    given = ("explain", model_path, "d.npz:all", "--method", "gradient", "-o")
    done = pellucid(*given, "out")
    assert len(list((tmp_path / "out").iterdir())) == 4
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if "4 pictures" in line]
    assert len(done.stderr.splitlines()) < 4


@pytest.mark.parametrize(
    ("text", "one"),
    [("cat.png", True), ("new/*.png", False), (".", False), ("mnist:test[3]", True),
     ("mnist:test:3", True), ("mnist:test", False), ("mnist:test[x]", True)],
)  # fmt: skip
def test_which_arguments_name_one_picture(text: str, one: bool) -> None:
    assert names_one(text) == one
