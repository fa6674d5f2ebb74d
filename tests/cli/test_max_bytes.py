"""``--max-bytes`` in commands that look at a picture of a compressed data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import pellucid as pl
from pellucid.cli.app import app
from pellucid.data import packed
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and its data in a file that shrinks to less than a twentieth."""
    folder = tmp_path_factory.mktemp("home")
    x = np.zeros((400, 8, 8), np.uint8)
    x[::2] = 200
    y = np.arange(400) % 2
    np.savez_compressed(folder / "data.npz", x=x, y=y)
    layers = pl.layers.Sequential([pl.layers.Flatten(), pl.layers.Dense(2)])
    pl.ImageClassifier(layers, epochs=1).fit(folder / "data.npz").save(folder / "m.safetensors")
    Image.fromarray(x[1]).save(folder / "good.png")
    return folder


@pytest.mark.parametrize("part", ["all", "train", "test"])
@pytest.mark.parametrize(
    "command",
    [
        ("predict",), ("explain",), ("trace",), ("backward", "--label", "0"), ("lecture",),
        ("surgery", "--mute", "dense1:0"), ("filter", "--kernel", "sobel-x"),
    ],
)  # fmt: skip
def test_what_the_message_advises_helps(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    part: str,
) -> None:
    monkeypatch.setattr(packed, "MAX_BYTES", 1000)
    name, *options = command
    models = [] if name == "filter" else [str(home / "m.safetensors")]
    if name in ("explain", "filter"):
        options += ["--out", str(tmp_path / "out.png")]
    words = [name, *models, f"{home / 'data.npz'}:{part}[0]", *options]
    for extra, refused in (((), True), (("--max-bytes", "1000000"), False)):
        ran = CliRunner().invoke(app, [*words, *extra])
        said = " ".join(f"{ran.exception} {ran.output}".split())
        assert ("are allowed" in said and "--max-bytes" in said) is refused, said
        assert not isinstance(ran.exception, DataError) or refused, said
        assert refused or ran.exit_code == 0, said


def test_a_picture_of_data_takes_it_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match="max_bytes"):
        pl.data.picture(f"{home / 'data.npz'}:all[0]")
    found = pl.data.picture(f"{home / 'data.npz'}:all[0]", max_bytes=10**6)
    assert found.pixels.max() == 200


@pytest.mark.parametrize("wrong", ["data.npz:foo[1]", "data.npz[1]", "data.npz:1", "mnist:foo[1]"])
def test_a_wrong_part_costs_no_other_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.chdir(home)
    words = ["predict", "m.safetensors", "good.png", wrong, "data.npz:all[3]", "--json"]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 1
    assert '"good.png"' in ran.stdout
    assert '"data.npz:all[3]"' in ran.stdout
    assert wrong in ran.output
    assert "part" in ran.output
