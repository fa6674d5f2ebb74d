"""``pellucid filter`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:20, :30]
    pixels = np.stack([rows * 12, columns * 8, (rows * columns) % 256], axis=2)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_picture_its_plot_and_a_pixel(pellucid: Command, photo: Path, tmp_path: Path) -> None:
    done = pellucid(
        "filter", photo, "--kernel", "blur", "--at", "0,4", "--out", "out.png", "--plot", "p.png"
    )
    assert "30×20 pixels (width×height), colour" in done.stdout
    assert "pixel -1,3: 0 × 1 = 0  (border)" in done.stdout
    assert "sum 288 ÷ 9 = 32; in the picture 32" in done.stdout
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (30, 20)
    with Image.open(tmp_path / "p.png") as plot:
        assert plot.format == "PNG"


def test_a_product_with_a_black_pixel_is_zero_without_a_sign(
    pellucid: Command, tmp_path: Path
) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "black.png")
    done = pellucid("filter", "black.png", "--kernel", "sobel-x", "--at", "1,1")
    assert "0 × −1 = 0" in done.stdout
    assert "−0" not in done.stdout


def test_json_and_matrices(pellucid: Command, photo: Path) -> None:
    given = ["filter", photo, "--matrix", "0 -1 0; -1 5 -1; 0 -1 0", "--divisor", 2, "--json"]
    printed = json.loads(pellucid(*given).stdout)
    assert (printed["kernel"], printed["divisor"], printed["matrix"][1]) == (
        "custom",
        2,
        [-1, 5, -1],
    )
    pixel = json.loads(pellucid(*given, "--at", "3,3").stdout)
    assert [each["channel"] for each in pixel["channels"]] == ["red", "green", "blue"]


def test_the_gallery(pellucid: Command, photo: Path, tmp_path: Path) -> None:
    pellucid("filter", photo, "--kernel", "all", "--out", "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 600


def test_bad_input_keeps_what_is_there(pellucid: Command, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "out.png").write_text("mine")
    for arguments, code, words in (
        (["--kernel", "embos"], 1, "did you mean 'emboss'"),
        (["--matrix", "1 2; 3"], 1, "different lengths"),
        (["--kernel", "blur", "--at", "20,0"], 1, "rows 0 to 19"),
        (["--kernel", "blur", "--at", "1,2,3"], 2, "is not row,column"),
        (["--kernel", "blur", "--border", "wrap"], 1, "edge, zeros, reflect"),
        (["--kernel", "blur", "--divisor", "3"], 2, "--matrix only"),
        ([], 2, "one of --kernel and --matrix"),
    ):
        printed = pellucid("filter", photo, *arguments, "--out", "out.png", code=code).stderr
        assert words in " ".join(printed.replace("│", " ").split())
    content = photo.read_bytes()
    pellucid("filter", photo, "--kernel", "blur", "--out", "./photo.png", code=1)
    assert photo.read_bytes() == content
    (tmp_path / "web.jpg").write_text("<html>")
    pellucid("filter", "web.jpg", "--kernel", "blur", "--out", "out.png", code=1)
    assert (tmp_path / "out.png").read_text() == "mine"
