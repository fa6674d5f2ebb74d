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


def test_what_excites_feature_maps(pellucid: Command, model_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(3):
        Image.new("L", (28, 28), 60 + 60 * k).save(folder / f"grey{k}.png")
    (folder / "no-picture.png").write_bytes(b"nothing")
    asked = ("kernels", model_path, "--deconv", folder, "--layer", "relu1")
    done = pellucid(*asked, "--maps", "3,0,3", "--out", "maps.png", code=1)
    assert "no-picture.png" in done.stderr
    assert "2 of its feature maps" in done.stdout
    with Image.open(tmp_path / "maps.png") as picture:
        assert picture.format == "PNG"
    (folder / "no-picture.png").unlink()
    values = json.loads(pellucid(*asked, "--json", "--out", "maps.html").stdout)
    assert len(values["maps"]) == 6
    assert values["maps"][0]["patches"][0]["label"].startswith("grey")
    assert "<svg" in (tmp_path / "maps.html").read_text("utf-8")
    assert "0 to 31" in pellucid(*asked, "--maps", "32", code=1).stderr
    pellucid(*asked, "--maps", "a", code=2)
    pellucid("kernels", model_path, "--maps", "0", code=2)
