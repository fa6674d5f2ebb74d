"""A picture that is not as the network takes it: what is made of it is said."""

from __future__ import annotations

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
    assert told["colour"] == "colour.png is 8×8, colour; the network sees it as 8×8, grey\n"
    assert told["wide"] == "wide.png is 8×16, grey; the network sees it as 8×8, grey\n"
