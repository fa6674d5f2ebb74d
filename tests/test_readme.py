"""README's examples, run as they stand, on few pictures so that it does not take minutes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import pellucid as pl
from pellucid.data import Splits

if TYPE_CHECKING:
    import pytest

README = Path(__file__).parent.parent / "README.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_commands_name_what_a_newcomer_has() -> None:
    """The demonstration's run and the picture beside it, photographs excepted."""
    text = README.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("$ pellucid ")]
    for line in (line for line in lines if "photos" not in line):
        for name in re.findall(r"\S+\.(?:png|jpg)", line.split("#")[0].split("--out")[0]):
            assert (README.parent / name).is_file(), line
        if " train " not in line:
            assert re.findall(r"runs/\S+", line.split("--out")[0]) in ([], ["runs/demo"]), line
    demo = (README.parent / "scripts" / "demo").read_text(encoding="utf-8")
    assert "run=${1:-runs/demo}" in demo
    assert "source .venv/bin/activate" in demo
    assert demo.count('echo "  pellucid ') == 3


def test_there_are_two_examples() -> None:
    assert len(blocks()) == 2
    assert blocks()[0].count("\n") <= 25


def test_the_first_picture_is_what_a_command_draws() -> None:
    """The caption holds the command; the picture has the size that it gives."""
    text = README.read_text(encoding="utf-8")
    picture, caption = re.findall(r"!\[[^\]]*\]\((\S+\.png)\)\s+\*(.*?)\*\n", text, re.DOTALL)[0]
    (command,) = re.findall(r"`pellucid trace ([^`]+)`", caption)
    model, image, out, file = command.split()
    assert (model, out) == ("runs/demo", "--out")
    assert (README.parent / image).is_file()
    assert file.endswith(".png")
    with Image.open(README.parent / picture) as drawn:
        assert drawn.width == 1830


def test_examples_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = pl.data.load("mnist")
    assert full.validation is not None
    assert full.test is not None
    few = Splits(
        full.train.subset(range(1500)),
        full.validation.subset(range(300)),
        full.test.subset(range(300)),
    )
    monkeypatch.setattr(pl.data, "load", lambda name: {"mnist": few}[name])
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks():
        exec(block, names)  # noqa: S102 - the README is ours
    printed = capsys.readouterr().out
    assert re.search(r"\d\d\.\d\d% right, cross-entropy \d\.\d{4}", printed)
    assert "(28, 28, 32) True" in printed
    again = names["again"]
    assert isinstance(again, pl.ImageClassifier)
    assert few.test is not None
    assert again.score(few.test) > 0.8  # 1 500 digits, twice: far from chance, far from all
    mine = names["model"]
    assert isinstance(mine, pl.ImageClassifier)
    assert mine.set_params(epochs=2, batch_size=32).fit(few.train).score(few.test) > 0.8
