"""``pellucid surgery`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageClassifier

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from tests.cli.conftest import Command


@pytest.fixture
def arrays(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    """The test digits as a folder that is all test."""
    data = digits[1]
    for i in range(60):
        folder = tmp_path / "digits" / "test" / data.classes[data.places[i]]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(data.images[i, :, :, 0]).save(folder / f"{i}.png")
    Image.fromarray(data.images[0, :, :, 0]).save(tmp_path / "digit.png")
    return tmp_path / "digits"


def test_a_picture_and_many(
    pellucid: Command, model_path: Path, arrays: Path, tmp_path: Path
) -> None:
    content = model_path.read_bytes()
    given = ["surgery", model_path, "digit.png", "--data", arrays, "--remove", "relu1"]
    given += ["--mute", "conv2:3", "--swap", "pool1", "--kernel", "conv1:0=sharpen"]
    given += ["--set", "conv1.bias:4=0.5", "--out", "changed.safetensors"]
    done = pellucid(*given)
    assert "60 pictures" in done.stdout
    assert "the guess" in done.stdout
    lines = done.stdout.replace("│", " ").splitlines()
    changes = {words[0]: words[1] for words in map(str.split, lines) if len(words) == 2}
    assert set(changes) >= {"conv1", "pool1", "conv2", "dense2"}
    assert "changed model written to changed.safetensors" in done.stderr
    assert model_path.read_bytes() == content
    printed = json.loads(pellucid(*given, "--json").stdout)
    assert [each["edit"] for each in printed["edits"]] == [
        "kernel",
        "set",
        "mute",
        "swap",
        "remove",
    ]

    before, after = (
        ImageClassifier.load(path) for path in (model_path, tmp_path / "changed.safetensors")
    )
    files = sorted(arrays.rglob("*.png"))
    one, two = (each.predict(files) for each in (before, after))
    assert len(printed["data"]["flips"]) == (one != two).sum()
    truth = np.array([path.parent.name for path in files])
    assert printed["data"]["first"]["classification_error"] == pytest.approx((one != truth).mean())
    assert printed["data"]["second"]["classification_error"] == pytest.approx((two != truth).mean())
    layers = {each["layer"]: each["change"] for each in printed["picture"]["layers"]}
    assert "relu1" not in layers
    assert changes["dense2"] == f"{layers['dense2']:.2%}"
    probabilities = [each["probabilities"][1] for each in printed["picture"]["classes"]]
    np.testing.assert_allclose(
        probabilities, after.predict_proba([tmp_path / "digit.png"])[0], rtol=1e-4, atol=1e-7
    )


def test_layers_that_change_for_a_picture(
    pellucid: Command, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    ImageClassifier("vgg-small", epochs=1).fit(digits[0].subset(range(64))).save(
        tmp_path / "deep.safetensors"
    )
    Image.fromarray(digits[1].images[0, :, :, 0]).save(tmp_path / "digit.png")
    given = ["surgery", "deep.safetensors", "digit.png", "--mute"]
    printed = pellucid(*given, "conv1:0").stdout
    layers = json.loads(pellucid(*given, "conv1:0", "--json").stdout)["picture"]["layers"]
    changed = [each["layer"] for each in layers if each["change"]]
    assert len(changed) > 12
    assert f"and {len(changed) - 12} layers more, " in printed
    assert "most: " in printed
    for layer in changed[:12]:
        assert f" {layer} " in printed
    assert f" {changed[12]} " not in printed.split("change of its output")[1].split("and ")[0]
    assert "normalise" not in printed
    last = layers[-1]["layer"]
    printed = pellucid(*given[:-1], "--set", f"{last}.bias:0=7").stdout
    assert f" {last} " in printed
    assert changed[0] not in printed
    again = json.loads(pellucid(*given, "conv1:0", "--out", "muted.safetensors", "--json").stdout)
    assert again["picture"]["layers"] == layers
    given[1] = "muted.safetensors"  # muted already
    assert "no layer's output changes for this picture" in pellucid(*given, "conv1:0").stdout


def test_bad_input(pellucid: Command, model_path: Path, arrays: Path) -> None:
    for arguments, code, words in (
        (["digit.png"], 2, "nothing to change"),
        (["--mute", "conv1:0"], 2, "give a picture, --data or --out"),
        (["digit.png", "--mute", "conv1"], 2, "is not of the form conv2:3"),
        (["digit.png", "--set", "conv1.bias:1=x"], 2, "is not of the form"),
        (["digit.png", "--mute", "conv1:99"], 1, "maps or units 0 to 31, got 99"),
        (["digit.png", "--kernel", "conv1:0=sobel"], 1, "unknown kernel 'sobel'"),
        (["digit.png", "--swap", "relu1"], 1, "cannot be swapped"),
        (["--mute", "conv1:0", "--out", model_path], 2, "that is the model itself"),
        (["--mute", "conv1:0", "--out", "digits"], 1, "digits: the ending says what is written"),
    ):
        printed = pellucid("surgery", model_path, *arguments, code=code).stderr
        assert words in " ".join(printed.replace("│", " ").split())
    assert arrays.is_dir()
