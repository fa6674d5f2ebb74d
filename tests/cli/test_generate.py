"""``pellucid generate``: sheets of pictures, ways between two, and the nearest that was learned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageGenerator
from pellucid.errors import ShapeError
from pellucid.evaluation.nearest import nearest_pictures
from pellucid.show.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

IMAGES = np.random.default_rng(3).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)


@pytest.fixture
def generator(tmp_path: Path) -> ImageGenerator:
    """A generator, which is also kept in a file, with the pictures that it learned from."""
    made = ImageGenerator(
        epochs=1, batch_size=10, width=2, latent=4, engine="reference", verbose=0
    ).fit(IMAGES)
    made.save(tmp_path / "m.safetensors")
    y = np.arange(20) % 2
    np.savez(tmp_path / "data.npz", x=IMAGES, y=y, x_test=IMAGES[:2], y_test=y[:2])
    return made


def test_sheets(generator: ImageGenerator, pellucid: Command, tmp_path: Path) -> None:
    own = ("--engine", "reference", "--json")
    done = pellucid("generate", "m.safetensors", "--count", 5, "--seed", 2, "-o", "a.png", *own)
    assert json.loads(done.stdout) == {"file": "a.png", "pictures": 5, "distances": []}
    expected = contact_sheet(generator.sample(5, seed=2), [str(n) for n in range(5)])
    with Image.open(tmp_path / "a.png") as found:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    pellucid("generate", "m.safetensors", "--count", 3, "--to", 7, "-o", "b.png", *own)
    expected = contact_sheet(generator.interpolate(0, 7, steps=3), ["0%", "50%", "100%"])
    with Image.open(tmp_path / "b.png") as found:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_the_nearest_that_was_learned(generator: ImageGenerator, pellucid: Command) -> None:
    words = ("generate", "m.safetensors", "--count", 3, "-o", "a.png", "--engine", "reference")
    found = json.loads(pellucid(*words, "--nearest", "data.npz", "--json").stdout)["distances"]
    samples = generator.sample(3).astype(np.float64)
    off = ((samples[:, np.newaxis] - IMAGES.astype(np.float64)) ** 2).mean(axis=(2, 3, 4))
    np.testing.assert_allclose(found, np.sqrt(off.min(axis=1)))
    assert "grey levels" in pellucid(*words, "--nearest", "data.npz").stdout
    pellucid(*words, "--nearest", "mnist", code=1)


def test_what_is_refused(generator: ImageGenerator, pellucid: Command) -> None:
    pellucid("generate", "m.safetensors", "-o", "a.jpg", code=1)
    pellucid("generate", "m.safetensors", "-o", "m.safetensors", code=1)
    pellucid("generate", "m.safetensors", "-o", "a.png", "--count", 1, "--to", 3, code=2)
    pellucid("predict", "m.safetensors", "data.npz", code=1)
    assert generator.latent == 4


def test_import(generator: ImageGenerator, pellucid: Command) -> None:
    pellucid("export", "m.safetensors", "-o", "m.onnx")
    done = pellucid("import", "m.onnx", "-o", "again.safetensors")
    assert f"noise of 1×1×{generator.latent} (generating pictures)" in done.stdout


def test_nearest_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.evaluation.nearest.AT_ONCE", 3 * 64)  # several blocks
    places, distances = nearest_pictures(IMAGES[[7, 0, 19]], IMAGES)
    assert places.tolist() == [7, 0, 19]
    assert distances.tolist() == [0.0, 0.0, 0.0]
    twice = np.concatenate([IMAGES[:5], IMAGES[:5]])
    places, distances = nearest_pictures(IMAGES[4:5] ^ 1, twice)
    assert places.tolist() == [4]  # of equals the first
    assert distances.tolist() == [1.0]
    with pytest.raises(ShapeError):
        nearest_pictures(IMAGES, IMAGES[:, :4])
