"""What commands write never replaces what they read, and is named as what it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pellucid import ImageClassifier
    from tests.cli.conftest import Command

EXAMPLE = Path(__file__).parents[2] / "examples" / "digit-7.png"

COMMANDS = {
    "explain": ["explain", "m.safetensors", "p.png"],
    "kernels": ["kernels", "m.safetensors"],
    "filter": ["filter", "p.png", "--kernel", "blur"],
    "trace": ["trace", "m.safetensors", "p.png"],
    "backward": ["backward", "m.safetensors", "p.png", "--label", "7"],
    "surgery": ["surgery", "m.safetensors", "--mute", "conv1:3"],
}


@pytest.fixture
def here(classifier: ImageClassifier, tmp_path: Path) -> Path:
    """A folder with a model and a picture."""
    classifier.save(tmp_path / "m.safetensors")
    shutil.copy(EXAMPLE, tmp_path / "p.png")
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_no_input_is_replaced(name: str, pellucid: Command, here: Path) -> None:
    kept = {path: path.read_bytes() for path in here.iterdir()}
    for target in ("m.safetensors", "p.png", "./p.png"):
        if name in ("kernels", "surgery") and target != "m.safetensors":
            continue  # they read no picture
        code = 2 if name == "surgery" else 1
        done = pellucid(*COMMANDS[name], "--out", target, code=code)
        assert done.stdout == ""
    assert {path: path.read_bytes() for path in here.iterdir()} == kept


@pytest.mark.parametrize("name", COMMANDS)
def test_the_ending_says_what_is_written(name: str, pellucid: Command, here: Path) -> None:
    done = pellucid(*COMMANDS[name], "--out", "o.jpg", code=1)
    assert "o.jpg: the ending says what is written, one of ." in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (here / "o.jpg").exists()


def test_one_value_is_drawn_alone(pellucid: Command, here: Path) -> None:
    value = ["--layer", "conv2", "--at", "1,2,5"]
    pellucid(*COMMANDS["trace"], *value, "--out", "v.png")
    pellucid(*COMMANDS["trace"], "--out", "t.png")
    sizes = [(here / name).stat().st_size for name in ("v.png", "t.png")]
    assert sizes[0] < sizes[1]
    done = pellucid(*COMMANDS["trace"], *value, "--out", "v.xlsx", code=1)
    assert "one of .html, .json, .png; got '.xlsx'" in done.stderr
