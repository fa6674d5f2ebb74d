"""``pellucid find-rate``."""

from __future__ import annotations

import json
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_suggestion_its_curve_and_how_to_train_with_it(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    given = ["--batch-size", 8, "--optimizer", "adam"]
    done = pellucid("find-rate", picture_folder, *given, "--out", "my curve.png", "--steps", 60)
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("suggested learning rate: ")
    suggestion = float(first.split()[-1])
    assert 1e-6 < suggestion < 1
    assert second.startswith("the loss fell from ")
    assert "curve written to my curve.png" in done.stderr
    with Image.open(tmp_path / "my curve.png") as image:
        assert image.format == "PNG"
    command = shlex.split(done.stderr.splitlines()[-1].removeprefix("train with it: "))
    assert command == [
        "pellucid", "train", str(picture_folder), "--batch-size", "8", "--optimizer", "adam",
        "--learning-rate", f"{suggestion:.2g}",
    ]  # fmt: skip
    assert not (tmp_path / "runs").exists()
    pellucid(*command[1:], "--epochs", 1)


def test_data_are_read_as_in_training(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    """The same flags, remarks and refusals; what was given comes back in the command to train."""
    shutil.copytree(picture_folder, tmp_path / "data")
    first = next((tmp_path / "data" / "one").iterdir())
    shutil.copy(first, tmp_path / "data" / "naught — 영" / "copy.png")
    (tmp_path / "data" / "one" / "torn.png").write_bytes(first.read_bytes()[:40])
    search = ["--steps", 20, "--batch-size", 8]
    told = pellucid("find-rate", "data", *search, code=1).stderr
    assert "--allow conflicting-labels" in told
    assert "torn.png" in pellucid("find-rate", "data", "--bad", "error", code=1).stderr
    given = ["--max-pixels", "900", "--allow", "conflicting-labels", "--no-cache"]
    cache = tmp_path / "cache"
    done = pellucid("find-rate", "data", *search, *given, PELLUCID_CACHE=str(cache))
    assert "1 file cannot be used and is left out: one/torn.png" in done.stderr
    assert not (cache / "pictures").exists()
    pellucid("find-rate", "data", *search, *given[:-1], PELLUCID_CACHE=str(cache))
    assert any((cache / "pictures").iterdir())
    command = shlex.split(done.stderr.splitlines()[-1].removeprefix("train with it: "))
    assert command[3:-2] == ["--batch-size", "8", *given]
    pellucid(*command[1:], "--epochs", 1)
    assert "too many pixels" in pellucid("find-rate", "data", "--max-pixels", 9, code=1).stderr
    pellucid("find-rate", "data", "--allow", "one-class", code=2)


def test_json(pellucid: Command, picture_folder: Path) -> None:
    search = ["--engine", "reference", "--steps", 20, "--highest", 1]
    values = json.loads(pellucid("find-rate", picture_folder, "--json", *search).stdout)
    assert values.keys() == {
        "suggestion", "uncertain", "exploded", "rates", "losses", "smoothed",
    }  # fmt: skip
    assert values["rates"][0] == 1e-6
    assert len(values["losses"]) == len(values["rates"]) <= 20


def test_no_suggestion(pellucid: Command, picture_folder: Path) -> None:
    low = ["--lowest", 1e-10, "--highest", 1e-9, "--steps", 20, "--engine", "reference"]
    done = pellucid("find-rate", picture_folder, *low)
    assert done.stdout.startswith(
        "no learning rate to suggest: the loss did not fall between 1e-10"
    )
    assert "train with it" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere"),
        (["mnist", "--architecture", "lectur"], "did you mean 'lecture'"),
        (["mnist", "--optimizer", "lion"], "unknown optimizer 'lion'"),
        (["mnist", "--out", "none/curve.png"], "there is no folder none"),
        (["mnist", "--lowest", "0"], "lowest must be a finite number"),
        (["mnist", "--lowest", "1", "--highest", "0.1"], "must be below the highest"),
    ],
)
def test_what_fails_says_why(pellucid: Command, arguments: list[str], message: str) -> None:
    assert message in pellucid("find-rate", *arguments, code=1).stderr


@pytest.mark.parametrize(
    "arguments", [[], ["mnist", "--steps", "3"], ["mnist", "--image-size", "big"]]
)
def test_wrong_use_is_exit_code_2(pellucid: Command, arguments: list[str]) -> None:
    pellucid("find-rate", *arguments, code=2)
