"""A picture that is not as the network takes it: what is made of it is said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from tests.cli.conftest import Command


@pytest.mark.parametrize("rest", [["trace"], ["predict"], ["explain", "--method", "grad-cam"]])
def test_another_size_is_reported(
    rest: list[str], pellucid: Command, model_path: Path, tmp_path: Path
) -> None:
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    for name, picture in (
        ("same.png", pixels[..., 0]),
        ("colour.png", pixels),
        ("wide.png", np.tile(pixels[..., 0], (1, 2))),
    ):
        Image.fromarray(picture).save(tmp_path / name)
    printed = {}
    for name in ("same", "colour", "wide"):
        said = pellucid(rest[0], model_path, f"{name}.png", *rest[1:]).stderr.splitlines(True)
        printed[name] = "".join(line for line in said if not line.startswith("warning: "))
    assert printed["same"] == ""
    for name, facts in (
        ("colour", "8×8 .* colour.* 8×8, grey"),
        ("wide", "16×8 .*width×height.* 8×8"),
    ):
        assert re.match(rf"{name}\.png is {facts}", printed[name])
        assert printed[name].count("\n") == 1


@pytest.mark.parametrize(
    "rest",
    [
        ["trace"],
        ["backward", "--label", "3"],
        ["explain", "--method", "grad-cam"],
        ["predict"],
        ["lecture"],
        ["surgery", "--mute", "conv1:0"],
    ],
)
def test_a_picture_unlike_the_learned_ones(
    rest: list[str],
    pellucid: Command,
    model_path: Path,
    digits: tuple[Dataset, Dataset],
    tmp_path: Path,
) -> None:
    """Black on white, of a network that learned white on black: said, and --invert helps."""
    Image.fromarray(255 - digits[1].images[0, ..., 0]).save(tmp_path / "black.png")
    said = pellucid(rest[0], model_path, "black.png", *rest[1:]).stderr
    assert "black.png is unlike" in said
    assert "--invert" in said
    done = pellucid(rest[0], model_path, "black.png", *rest[1:], "--invert", "--json")
    assert "unlike" not in done.stderr
    record = json.loads(done.stdout)
    seen = record[0] if rest[0] == "predict" else record["looked_at"]
    assert seen["inverted"] is True
    assert seen["unlike"] is None
