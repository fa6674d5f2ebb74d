"""``pellucid explain``: evidence and heatmaps on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from tests.cli.conftest import Command


@pytest.fixture
def digit(digits: tuple[Dataset, Dataset], tmp_path: Path) -> str:
    Image.fromarray(digits[1].images[0, ..., 0]).save(tmp_path / "digit.png")
    return "digit.png"


def test_evidence_adds_up_on_the_screen(
    pellucid: Command, model_path: Path, digit: str, tmp_path: Path
) -> None:
    done = pellucid("explain", model_path, digit, "--out", "map.png")
    assert "picture written to map.png" in done.stderr
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 800
    shares = {}
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.replace("┃", "│").split("│")]
        if len(cells) == 4:
            shares[cells[1]] = cells[2]
    parts = [
        float(v.replace("−", "-"))
        for name, v in shares.items()
        if name == "pixels" or "bias of" in name
    ]
    assert sum(parts) == pytest.approx(float(shares["by the engine"].replace("−", "-")), abs=1e-3)
    assert "it can say" in done.stdout
    assert "it cannot say" in done.stdout


def test_json_is_the_record(pellucid: Command, model_path: Path, digit: str) -> None:
    values = json.loads(
        pellucid(
            "explain", model_path, digit, "--method", "grad-cam", "--layer", "conv1",
            "--target", "3", "--against", "8", "--json",
        ).stdout
    )  # fmt: skip
    assert (values["method"], values["layer"]) == ("grad-cam", "conv1")
    assert (values["target"], values["against"]) == ("3", "8")


def test_what_fails_the_randomisation_test_is_marked(
    pellucid: Command, model_path: Path, digit: str
) -> None:
    done = pellucid("explain", model_path, digit, "--method", "guided-backpropagation")
    assert "fails the randomisation test" in done.stdout
    done = pellucid("explain", model_path, digit, "--method", "deconvnet", "--layer", "conv2")
    assert "whatever the class" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "grad-cam", "--layer", "conv3"], "did you mean 'conv2'"),
        (["--method", "grad"], "'grad-cam'"),
        (["--target", "cat"], "no class is called 'cat'"),
        (["--method", "occlusion", "--size", "9"], "size must be a whole number from 1 to 8"),
        (["--method", "gradient", "--layer", "conv1"], "gradient has no option 'layer'"),
        (["--out", "none/map.png"], "none"),
    ],
)
def test_bad_wishes(
    pellucid: Command, model_path: Path, digit: str, arguments: list[str], message: str
) -> None:
    assert message in pellucid("explain", model_path, digit, *arguments, code=1).stderr
