"""Commands that a report advises: the model that was judged can answer them."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pellucid import ImageClassifier
from pellucid.files import load_model, save_model
from pellucid.layers import Dense, Flatten, Layer, ReLU, Sequential, Tanh
from pellucid.quantisation import quantise

if TYPE_CHECKING:
    from pellucid import Dataset
    from tests.cli.conftest import Command


def advised(printed: str) -> list[list[str]]:
    """The arguments of every command that explains a mistake."""
    lines = (line.strip() for line in printed.splitlines())
    return [shlex.split(line)[1:] for line in lines if line.startswith("pellucid explain ")]


def save(digits: tuple[Dataset, Dataset], activation: Layer, path: Path) -> None:
    """A network that has hardly learned, and so errs."""
    layers = Sequential([Flatten(), Dense(4), activation, Dense(10)])
    model = ImageClassifier(layers, epochs=1, learning_rate=1e-6, validation=0)
    model.fit(digits[0].subset(range(40))).save(path)


@pytest.fixture
def data(digits: tuple[Dataset, Dataset], tmp_path: Path) -> str:
    """A folder of one picture of each digit."""
    from PIL import Image

    test = digits[1]
    for i, name in enumerate(test.classes):
        (tmp_path / "digits" / name).mkdir(parents=True)
        image = test.images[test.places.tolist().index(i)]
        Image.fromarray(image[..., 0]).save(tmp_path / "digits" / name / "my own.png")
    return "digits"


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("bent", [False, True])
def test_a_mistake_can_be_explained(
    pellucid: Command, digits: tuple[Dataset, Dataset], data: str, tmp_path: Path,
    bent: bool, sharded: bool,
) -> None:  # fmt: skip
    """Also where evidence needs tangents, and where pictures have no files of their own."""
    save(digits, Tanh() if bent else ReLU(), tmp_path / "m.safetensors")
    if sharded:
        pellucid("shard", data, "--out", "shards")
        data = "shards"
    commands = advised(pellucid("evaluate", "m.safetensors", data).stdout)
    assert len(commands) > 3
    for command in (commands[0], commands[-1]):
        assert ("--tangent" in command) == bent
        target = command[command.index("--against") + 1]
        assert f"− logit of {target} =" in pellucid(*command).stdout


def test_limits_are_those_of_the_report(
    pellucid: Command, digits: tuple[Dataset, Dataset], data: str, tmp_path: Path
) -> None:
    save(digits, ReLU(), tmp_path / "m.safetensors")
    given = ["--max-pixels", "1000", "--max-bytes", "123456"]
    command = advised(pellucid("evaluate", "m.safetensors", data, *given).stdout)[0]
    assert command[-4:] == given
    pellucid(*command)


def test_a_quantised_model_is_not_to_be_explained(
    pellucid: Command, digits: tuple[Dataset, Dataset], data: str, tmp_path: Path
) -> None:
    save(digits, ReLU(), tmp_path / "m.safetensors")
    model = load_model(tmp_path / "m.safetensors")
    save_model(tmp_path / "whole.safetensors", quantise(model, digits[0].images[:16]).model)
    done = pellucid("evaluate", "whole.safetensors", data, "--out", "report")
    assert "wrong: " in done.stdout
    assert not advised(done.stdout)
    for name in ("report.html", "wrong.csv"):
        assert "pellucid explain" not in (tmp_path / "report" / name).read_text("utf-8")


def test_data_are_read_as_they_were(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    """Columns and limits that a run was begun with go with what it advises at its end."""
    shutil.copytree(picture_folder, tmp_path / "data")
    paths = sorted((tmp_path / "data").rglob("*.png"))
    lines = [f"{path.relative_to(tmp_path)},{path.parent.name}" for path in paths]
    parts = ["test" if i % 4 == 0 else "train" for i in range(len(lines))]
    table = [f"{line},{part}" for line, part in zip(lines, parts, strict=True)]
    (tmp_path / "all.csv").write_text("\n".join(["file,kind,split", *table]), encoding="utf-8")
    given = ["--path-column=file", "--label-column=kind", "--max-bytes=123456"]
    begin = ["train", "all.csv", *given, "--epochs", 1, "--no-report", "--out", "run"]
    printed = pellucid(*begin).stderr
    (judge,) = [line for line in printed.splitlines() if line.startswith("judge it: ")]
    command = shlex.split(judge.removeprefix("judge it: pellucid "))
    assert command[-3:] == given
    pellucid(*command)
    printed = pellucid("train", "--resume", "run", "--epochs", 2, code=1).stderr
    command = shlex.split(printed.rpartition(": pellucid ")[2])
    assert (command[0], Path(command[1]).name) == ("train", "all.csv")
    assert command[4:7] == given
    pellucid(*command, "--no-report", "--out", "more")
