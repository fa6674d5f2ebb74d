"""Class names on the command line: given once for the data, or for a model that is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

NAMES = ["cat", "sea lion", "owl"]


def test_names_from_training_to_prediction(pellucid: Command, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 90, (30, 12, 12)).astype(np.uint8)
    places = np.arange(30) % 3
    pixels[np.arange(30), 4 * places] += 120
    np.savez(tmp_path / "a.npz", x=pixels, y=places)
    Image.fromarray(pixels[0]).save(tmp_path / "one.png")
    (tmp_path / "names.txt").write_text("\n".join(NAMES))
    options = ("--arch", "lenet5-original", "--no-report", "-o", "run")
    done = pellucid("train", "a.npz", *options, "-e", "1", "--classes", "names.txt")
    assert "cat 10" in done.stderr + done.stdout
    (tmp_path / "names.txt").unlink()
    done = pellucid("predict", "run", "one.png", "--json")
    assert all(name in done.stdout for name in NAMES)
    done = pellucid("evaluate", "run", "a.npz", "--json")
    assert json.loads(done.stdout)["classes"] == NAMES
    assert json.loads(done.stdout)["count"] == 3  # what was set aside for the test
    done = pellucid("evaluate", "run", "a.npz", "--json", "--classes", "a,b,c")
    assert json.loads(done.stdout)["classes"] == ["a", "b", "c"]
    assert json.loads(done.stdout)["count"] == 3
    done = pellucid("backward", "run", "one.png", "--label", "b", "--classes", "a,b,c", "--json")
    assert json.loads(done.stdout)["label"] == "b"
    done = pellucid("predict", "run", "one.png", "--classes", "a,b", code=1)
    assert "2 class names" in done.stderr
    done = pellucid("train", "a.npz", "-o", "other", "--classes", "a,b,B", code=1)
    assert "'B' and 'b'" in done.stderr
    assert not (tmp_path / "other").exists()
