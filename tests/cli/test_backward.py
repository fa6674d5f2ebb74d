"""``pellucid backward``: the backward pass, a gradient's terms, and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

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


def test_the_whole_way(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    text = pellucid("backward", model_path, digit_path, "--label", "3", COLUMNS="80").stdout
    # but for where the picture lies, which is as long as it is
    assert max(map(len, text.replace(str(digit_path.parent), "").splitlines())) <= 80
    assert "\ncross-entropy for 3: " in text
    for part in ("∂loss/∂logit", "conv1", "normalise", "input"):
        assert part in text
    assert "…" not in text


def test_one_weight(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    arguments = ["backward", model_path, digit_path, "--label", "3"]
    arguments += ["--weight", "conv2.kernel", "--at", "1,1,3,5"]
    text = pellucid(*arguments, COLUMNS="80").stdout
    assert text.startswith("∂loss/∂conv2.kernel at 1, 1, 3, 5 = ")
    assert "by a finite difference" in text
    assert "the update (sgd with learning rate " in text
    assert "momentum 0.9, nesterov, the model's own training recipe" in text
    record = json.loads(pellucid(*arguments, "--json").stdout)
    assert record["record"] == "gradient"
    assert abs(record["check"]["difference"]) < 1e-6


def test_one_value(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    arguments = ["backward", model_path, digit_path, "--label", "3", "--layer", "conv1"]
    text = pellucid(*arguments, "--at", "2,3,4").stdout
    assert "│ relu1" in text
    assert "added up " in text


def test_json_and_files(
    pellucid: Command, model_path: Path, digit_path: Path, tmp_path: Path
) -> None:
    arguments = ["backward", model_path, digit_path, "--label", "3"]
    record = json.loads(pellucid(*arguments, "--json").stdout)
    assert [step["name"] for step in record["steps"]][-1] == "input"
    for ending, first in {".html": b"<!doctype html>", ".png": b"\x89PNG", ".json": b"{"}.items():
        out = tmp_path / f"back{ending}"
        pellucid(*arguments, "--out", out)
        assert out.read_bytes().startswith(first)


def test_wrong_use(pellucid: Command, model_path: Path, digit_path: Path) -> None:
    both = [model_path, digit_path]
    assert "no class is called 'ten'" in (
        pellucid("backward", *both, "--label", "ten", code=1).stderr
    )
    some = ["backward", *both, "--label", "3"]
    said = pellucid(*some, "--weight", "conv2.kernl", "--at", "1", code=1).stderr
    assert "did you mean 'conv2.kernel'" in said
    assert "'.xlsx'" in pellucid(*some, "--out", "a.xlsx", code=1).stderr
    assert "--at belongs" in pellucid(*some, "--at", "1", code=2).stderr
    assert "--at belongs" in pellucid(*some, "--weight", "conv1.bias", code=2).stderr
