"""The Python examples of the pages on surgery, comparisons and experiments, run on few pictures."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from benchmarks.drives import Drive, write_list
from PIL import Image

import pellucid as pl
from pellucid.data import Splits
from tests.data.sound.spoken import recordings
from tests.data.sound.tones import sweeps
from tests.transfer.made import body_file

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset

DOCS = Path(__file__).parent.parent / "docs"


def example(page: str) -> str:
    """The page's Python, block after block."""
    found = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found
    return "\n".join(found)


@pytest.fixture
def folder(
    digits: tuple[Dataset, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with photos and a run, as the examples have them."""
    for label, name in ((0, "cat"), (1, "dog")):
        (tmp_path / "my-photos" / name).mkdir(parents=True)
        for i in np.flatnonzero(digits[0].places == label)[:40]:
            picture = Image.fromarray(digits[0].images[i, ..., 0])
            picture.save(tmp_path / "my-photos" / name / f"{i}.png")
    shutil.copy(next((tmp_path / "my-photos" / "cat").iterdir()), tmp_path / "cat.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_operation() -> None:
    """The page of the operation that is added agrees with PyTorch's, and its formula with both."""
    names: dict[str, Any] = {"__name__": __name__}  # a dataclass looks it up
    source = example("adding-an-operation.md")
    exec(compile(source, "softsign.py", "exec", dont_inherit=True), names)  # noqa: S102 - ours
    operation, x = names["Softsign"](), np.array([[-1e4, -3.0, -0.25, 0.0, 1.0, 2e6]])
    at = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.softsign(at)
    (slopes,) = torch.autograd.grad(expected.sum(), at)
    y = operation.function(x)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-9)
    np.testing.assert_allclose(operation.derivative(x, y), slopes.numpy(), rtol=1e-9)
    formula = operation.formula_of("X").replace("ABS", "abs").replace("X", "(-3.0)")
    assert eval(formula) == -0.75  # noqa: S307 - ours


def test_surgery(folder: Path) -> None:
    pl.ImageClassifier("lecture", epochs=2).fit("my-photos", out="runs/photos")
    names: dict[str, Any] = {}
    exec(example("surgery.md"), names)  # noqa: S102 - our own
    assert pl.load("changed.safetensors").predict("cat.jpg") == names["changed"].predict("cat.jpg")
    assert names["effect"].layers["conv1"] == 0.0 < names["effect"].layers["dense2"]
    assert len(names["pictures"]) > 0


def test_speech(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings(tmp_path, {"train": 8, "val": 2, "test": 2}).rename(tmp_path / "calls.csv")
    (tmp_path / "new").mkdir()
    shutil.copy(tmp_path / "test0.wav", tmp_path / "new" / "1.wav")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example("speech.md"), names)  # noqa: S102 - our own
    assert names["report"].count == 2


def test_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweeps(tmp_path / "birds", names=("robin", "wren"))
    first = next((tmp_path / "birds" / "robin").iterdir())
    first.rename(first.with_name("1.wav"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example("sound.md"), names)  # noqa: S102 - our own
    assert names["model"].model_.preprocessing.sound.seconds == 1.0


def test_transfer(folder: Path) -> None:
    names: dict[str, Any] = {}
    text = example("transfer.md")
    assert '"efficientnet-lite0"' in text
    body = body_file(folder)  # a small one
    exec(text.replace('"efficientnet-lite0"', repr(str(body))), names)  # noqa: S102 - our own
    assert names["features"].shape == (1, 24)
    assert (folder / "runs" / "photos" / "features.safetensors").exists()


def test_compare(folder: Path) -> None:
    for run, epochs in (("first", 1), ("second", 2)):
        pl.ImageClassifier("lecture", epochs=epochs).fit("my-photos", out=f"runs/{run}")
    names: dict[str, Any] = {}
    exec(example("compare.md"), names)  # noqa: S102 - our own
    assert len(names["found"].numbers) == 8
    assert sorted(each.name for each in (folder / "compared").iterdir()) == [
        "comparison.csv",
        "comparison.html",
    ]


def test_experiments(
    digits: tuple[Dataset, Dataset], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Splits(digits[0].subset(range(128)), digits[1].subset(range(50)), None)
    monkeypatch.setattr(pl.data, "load", lambda name: {"mnist": few}[name])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(example("experiments.md"), names)  # noqa: S102 - our own
    assert [row["variant"] for row in names["found"].table] == ["3×3", "7×7"]
    assert len(names["found"].runs) == 6
    with Image.open("kernels.png") as plot:
        assert plot.width > 1000


def test_tasks() -> None:
    names: dict[str, Any] = {}
    exec(example("tasks.md"), names)  # noqa: S102 - our own
    assert names["model"].predict(names["pixels"][:3]).shape == (3, 2)
    assert isinstance(names["numbers"].predict(names["pixels"][0]), float)


def test_driving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        row
        for seed in range(2)
        for row in Drive.random(seed, 50).write(tmp_path, str(seed), 24, 48)
    ]
    path = write_list(tmp_path / "drive.csv", rows)
    path.write_text(path.read_text().replace("angle", "steering"))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"pl": pl}
    text = example("driving.md")
    assert '"pilotnet"' in text
    text = text.replace('"pilotnet"', '"lecture", epochs=1').replace("rows:100", "rows:10")
    exec(text, names)  # noqa: S102 - our own
    assert names["splits"].train.own * 3 == len(names["splits"].train)
    assert names["model"].evaluate(names["splits"].test).in_bands([0.1]).bands[-1].above == 0.1


def test_captions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(example("captions.md").replace("epochs=2, ", "epochs=1, hidden=8, "), found)  # noqa: S102 - our own
    assert isinstance(found["model"].predict(found["images"][0]), str)
    assert found["one"].looked.shape[0] == len(found["one"].words)


def test_detection() -> None:
    names: dict[str, Any] = {}
    exec(example("detection.md"), names)  # noqa: S102 - our own
    assert len(names["found"].boxes) == len(names["found"].classes)
