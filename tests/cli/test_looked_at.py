"""A picture that is not as the network takes it: what is made of it is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.mark.parametrize(
    "rest", [["trace"], ["backward", "--label", "3"], ["explain", "--method", "grad-cam"]]
)
def test_another_size_is_told(
    rest: list[str], pellucid: Command, model_path: Path, tmp_path: Path
) -> None:
    pixels = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    for name, picture in (
        ("same.png", pixels[..., 0]),
        ("colour.png", pixels),
        ("wide.png", np.tile(pixels[..., 0], (1, 2))),
    ):
        Image.fromarray(picture).save(tmp_path / name)
    told = {
        name: pellucid(rest[0], model_path, f"{name}.png", *rest[1:]).stderr
        for name in ("same", "colour", "wide")
    }
    assert told["same"] == ""
    for name, facts in (
        ("colour", "8×8 .* colour.* 8×8, grey"),
        ("wide", "16×8 .*width×height.* 8×8"),
    ):
        assert re.match(rf"{name}\.png is {facts}", told[name])
        assert told[name].count("\n") == 1
