"""``pellucid trace``: the steps, a value's terms, and files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from tests.cli.conftest import Command


@pytest.fixture(scope="session")
def digit_path(digits: tuple[Dataset, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digit") / "digit.png"
    Image.fromarray(digits[1].images[0, ..., 0]).save(path)
    return path


def test_all_steps(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    text = pellucid("trace", model_path, digit_path, COLUMNS="80").stdout
    # but for where the picture lies, which is as long as it is
    assert max(map(len, text.replace(str(digit_path.parent), "").splitlines())) <= 80
    for part in ("step 1, convolution", "step 1(b), ReLU", "step 2, max pooling", "8×8×32"):
        assert part in text
    assert len(re.findall(r"^ *\d +[\d.]+%( +█+)?$", text, re.MULTILINE)) == 10


def test_one_value(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    arguments = ["trace", model_path, digit_path, "--layer", "conv2", "--at", "1,2,5"]
    text = pellucid(*arguments, COLUMNS="80").stdout
    assert max(map(len, text.replace(str(digit_path.parent), "").splitlines())) <= 80
    assert text.startswith("conv2 at 1, 2, 5 = ")
    assert "and 276 smaller terms (--all prints them all)" in text
    assert text.count("│ pool1 │") == 12
    assert "then relu2 (relu) at 1, 2, 5" in text
    record: dict[str, Any] = json.loads(pellucid(*arguments, "--json").stdout)
    assert len(record["terms"]) == 288
    everything = pellucid(*arguments, "--all", COLUMNS="80").stdout
    assert everything.count("│ pool1 │") == 288
    sizes = [abs(term["product"]) for term in record["terms"]]
    largest = f"{max(sizes):.6g}"
    assert largest in text


@pytest.mark.parametrize(
    ("layer", "at", "message"),
    [
        ("pool1", "1,2,5", "winner: "),
        ("probabilities", "3", "the sum of all is "),
        ("normalise", "0,3,0", "(pixel − mean)/std with mean "),
        ("relu1", "1,2,5", "a function of one value"),
    ],
)
def test_other_kinds_of_values(
    layer: str, at: str, message: str, pellucid: Command, model_path: Path, digit_path: Path
) -> None:
    text = pellucid("trace", model_path, digit_path, "--layer", layer, "--at", at).stdout
    assert message in text


def test_json_and_files(
    pellucid: Command, model_path: Path, digit_path: Path, tmp_path: Path
) -> None:
    record = json.loads(pellucid("trace", model_path, digit_path, "--json").stdout)
    assert record["steps"][3]["shape"] == [8, 8, 32]
    assert "values" not in record["steps"][3]
    for ending, first in {".html": b"<!doctype html>", ".png": b"\x89PNG", ".xlsx": b"PK"}.items():
        out = tmp_path / f"trace{ending}"
        done = pellucid("trace", model_path, digit_path, "--out", out)
        assert "written to" in done.stderr
        assert out.read_bytes().startswith(first)
    pellucid("trace", model_path, digit_path, "--out", "trace.json")
    message = json.loads((tmp_path / "trace.json").read_text("utf-8"))
    assert len(message["steps"][3]["values"]) == 8


def test_wrong_use(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    both = [model_path, digit_path]
    said = pellucid("trace", *both, "--layer", "con2", "--at", "1,2,5", code=1).stderr
    assert "did you mean 'conv2'" in said
    said = pellucid("trace", *both, "--layer", "conv2", "--at", "1,2,64", code=1).stderr
    assert "from 0, 0, 0 to 3, 3, 63, got 1, 2, 64" in said
    assert "'.pdf'" in pellucid("trace", *both, "--out", "a.pdf", code=1).stderr
    pellucid("trace", model_path, "nothing.png", code=1)
    assert "give both" in pellucid("trace", *both, "--layer", "conv2", code=2).stderr
    assert "3,7,5" in pellucid("trace", *both, "--layer", "conv2", "--at", "a", code=2).stderr
