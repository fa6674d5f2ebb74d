"""``pellucid kernels``: learned kernels on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_kernels_as_a_picture_and_as_numbers(
    pellucid: Command, model_path: Path, tmp_path: Path
) -> None:
    done = pellucid("kernels", model_path, "--out", "kernels.png")
    assert "conv1: 32 kernels 3×3×1" in done.stdout
    with Image.open(tmp_path / "kernels.png") as picture:
        assert picture.format == "PNG"
    values = json.loads(pellucid("kernels", model_path, "--layer", "conv2", "--json").stdout)
    assert (values["number"], values["channels"]) == (64, 32)
    assert len(values["nearest"]) == 64
    assert 0 < values["by_chance"] < 1
    assert "of 20 random kernels of this size, 19 stay within" in done.stdout
    assert done.stdout.count("│ kernel ") == 32
    assert "and 60 more" in pellucid("kernels", model_path, "--layer", "conv2", "--most", 4).stdout


def test_layers_without_kernels(pellucid: Command, model_path: Path) -> None:
    done = pellucid("kernels", model_path, "--layer", "dense1", code=1)
    assert "has no kernels; convolutions are conv1, conv2" in done.stderr
    assert "did you mean" in pellucid("kernels", model_path, "--layer", "conv9", code=1).stderr
