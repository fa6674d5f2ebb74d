"""``pellucid check``: what it prints, writes and leaves with."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid.data.augment import augmented_batch, get_augmentation
from pellucid.data.load import load
from pellucid.training.batches import batches

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def pictures(picture_folder: Path, tmp_path: Path) -> Path:
    """A copy that may be spoiled."""
    return shutil.copytree(picture_folder, tmp_path / "pictures")


def test_nothing_spoils(pellucid: Command, pictures: Path) -> None:
    done = pellucid("check", "pictures", "--no-near", COLUMNS="80")
    assert "pictures: 60 pictures that can be used, 2 classes" in done.stdout
    assert "naught — 영" in done.stdout
    assert "8×8" in done.stdout
    assert "Nothing was found that must be corrected before training" in done.stdout
    assert done.stderr == ""


def test_what_spoils_is_named_and_leaves_with_1(pellucid: Command, pictures: Path) -> None:
    first = min((pictures / "one").iterdir())
    shutil.copy(first, pictures / "naught — 영" / "\x1b[31mred.png")
    done = pellucid("check", "pictures", "--no-near", code=1, COLUMNS="80")
    assert "The same picture in several classes (1)" in done.stdout
    assert f"one/{first.name}" in done.stdout
    assert "\\x1b[31mred.png" in done.stdout
    assert "\x1b[31mred" not in done.stdout + done.stderr
    assert "1 finding would spoil the result, the first: " in done.stderr
    assert done.stderr.endswith("2 times the same file, in the classes naught — 영, one\n")


def test_warnings_leave_with_0(pellucid: Command, pictures: Path) -> None:
    for i in range(7):
        (pictures / "one" / f"empty{i}.jpg").write_bytes(b"")
    done = pellucid("check", "pictures", "--no-near")
    assert "Files that cannot be used (7)" in done.stdout
    assert "one/empty4.jpg: empty, 0 bytes" in done.stdout
    assert "one/empty5.jpg" not in done.stdout
    assert "and 2 more" in done.stdout


def test_json_is_one_document(pellucid: Command, pictures: Path) -> None:
    (pictures / "one" / "empty.jpg").write_bytes(b"")
    values = json.loads(pellucid("check", "pictures", "--json", "--no-near").stdout)
    assert values["pictures"] == 60
    assert values["spoiled"] is False
    assert [finding["names"] for finding in values["findings"]] == [["one/empty.jpg"]]
    shutil.rmtree(pictures / "one")
    assert json.loads(pellucid("check", "pictures", "--json", code=1).stdout)["spoiled"] is True


def test_near_duplicates_unless_unwanted(pellucid: Command, pictures: Path) -> None:
    first = min((pictures / "naught — 영").iterdir())
    Image.open(first).resize((56, 56)).save(pictures / "one" / "large.jpg")
    found = json.loads(pellucid("check", "pictures", "--json").stdout)["findings"]
    names = [finding["names"] for finding in found if finding["kind"] == "near-conflict"]
    assert any("one/large.jpg" in group for group in names)
    assert json.loads(pellucid("check", "pictures", "--json", "--no-near").stdout)["findings"] == []


def test_the_page(pellucid: Command, pictures: Path, tmp_path: Path) -> None:
    shutil.copy(min((pictures / "one").iterdir()), pictures / "one" / "<b>copy.png")
    done = pellucid("check", "pictures", "--no-near", "--html", "page.html")
    assert "page written to page.html" in done.stderr
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "one/&lt;b&gt;copy.png" in page
    assert "<b>copy" not in page
    assert page.count("data:image/png;base64,") == 2
    done = pellucid("check", "pictures", "--no-near", "--html", "nowhere/page.html", code=1)
    assert "nowhere" in done.stderr


@pytest.mark.parametrize("preset", ["none", "digits", "digits,mixup=0.6"])
def test_a_batch_as_the_network_sees_it(
    pellucid: Command, pictures: Path, tmp_path: Path, preset: str
) -> None:
    """The pixels of the sheet are those of the first batch that training would take."""
    done = pellucid(
        "check", "pictures", "--no-near", "--show-batch", "batch.png", "--augment", preset,
        "--image-size", "20x24", "--seed", 3,
    )  # fmt: skip
    assert "batch written to batch.png" in done.stderr
    assert "class 0 is naught — 영" in done.stderr
    train = load(pictures, image_size=(20, 24), seed=3).train
    indices = next(batches(len(train), 32, seed=3, epoch=0))
    expected, _ = augmented_batch(
        train.images, train.places, indices, get_augmentation(preset), classes=2, seed=3, epoch=0
    )
    sheet = np.array(Image.open(tmp_path / "batch.png"))
    factor = 4  # of 24 pixels to at most 112
    for i in range(32):
        top, left = 8 + i // 8 * (20 * factor + 26), 8 + i % 8 * (24 * factor + 8)
        shown = sheet[top : top + 20 * factor : factor, left : left + 24 * factor : factor]
        np.testing.assert_array_equal(shown, np.broadcast_to(expected[i], (20, 24, 3)))


def test_what_is_wrong_use(pellucid: Command, pictures: Path) -> None:
    done = pellucid("check", "pictures", "--augment", "fotos", code=1)
    assert all(name in done.stderr for name in ("'fotos'", "'photos'"))
    assert "did you mean" in pellucid("check", "picture", code=1).stderr
    pellucid("check", code=2)
    pellucid("check", "pictures", "--image-size", "big", code=2)
