"""``pellucid find-rate``."""

from __future__ import annotations

import json
import re
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
    given = ["--batch-size", 32, "--weight-decay", 0.001]
    search = ["--out", "my curve.png", "--steps", 60, "--highest", 0.1]
    done = pellucid("find-rate", picture_folder, *given, *search)
    first, *others = done.stdout.splitlines()
    found = re.fullmatch(
        r"suggested learning rate: (\S+) \(default: 0\.025 for batches of 32\)", first
    )
    assert found is not None, first
    suggestion = float(found[1])
    assert 0.025 / 5 < suggestion < 0.025 * 5
    assert others[1].startswith("short trainings at 0.025 end at a loss of ")
    assert others[2].startswith("the loss fell from ")
    assert "curve written to my curve.png" in done.stderr
    with Image.open(tmp_path / "my curve.png") as image:
        assert image.format == "PNG"
    command = shlex.split(done.stderr.splitlines()[-1].partition(": ")[2])
    rate = [] if suggestion == 0.025 else ["--learning-rate", f"{suggestion:.2g}"]
    assert command == [
        "pellucid", "train", str(picture_folder), "--batch-size", "32", "--weight-decay", "0.001",
        *rate,
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
    printed = pellucid("find-rate", "data", *search, code=1).stderr
    assert "--allow conflicting-labels" in printed
    assert "torn.png" in pellucid("find-rate", "data", "--bad", "error", code=1).stderr
    given = ["--max-pixels", "900", "--allow", "conflicting-labels", "--no-cache"]
    cache = tmp_path / "cache"
    done = pellucid("find-rate", "data", *search, *given, PELLUCID_CACHE=str(cache))
    assert "1 file cannot be used and is left out: one/torn.png" in done.stderr
    assert not (cache / "pictures").exists()
    pellucid("find-rate", "data", *search, *given[:-1], PELLUCID_CACHE=str(cache))
    assert any((cache / "pictures").iterdir())
    command = shlex.split(done.stderr.splitlines()[-1].partition(": ")[2])
    assert command[3:7] == ["--batch-size", "8", *given[:2]]
    pellucid(*command[1:], "--epochs", 1)
    assert "too many pixels" in pellucid("find-rate", "data", "--max-pixels", 9, code=1).stderr
    pellucid("find-rate", "data", "--allow", "one-class", code=2)


def test_json(pellucid: Command, picture_folder: Path) -> None:
    search = ["--engine", "reference", "--steps", 20, "--highest", 1]
    values = json.loads(pellucid("find-rate", picture_folder, "--json", *search).stdout)
    assert values.keys() == {
        "suggestion", "end_of_fall", "usual", "doubt", "uncertain", "exploded", "without", "rates",
        "losses", "smoothed", "by_seed", "tried",
    }  # fmt: skip
    assert values["rates"][0] == 1e-5
    assert len(values["losses"]) == len(values["rates"]) <= 20


def test_no_suggestion(pellucid: Command, picture_folder: Path) -> None:
    low = ["--lowest", 1e-10, "--highest", 1e-9, "--steps", 20, "--engine", "reference"]
    done = pellucid("find-rate", picture_folder, *low)
    assert done.stdout.startswith(
        "no learning rate to suggest: the loss did not fall by 5% between 1e-10"
    )
    assert "default learning rate: 0.018 for batches of 16" in done.stdout
    command = done.stderr.splitlines()[-1].removeprefix("train with the default rate: ")
    assert shlex.split(command) == [
        "pellucid", "train", str(picture_folder), "--engine", "reference",
    ]  # fmt: skip


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
    "arguments",
    [[], ["mnist", "--steps", "3"], ["mnist", "--seeds", "1"], ["mnist", "--image-size", "big"]],
)
def test_wrong_use_is_exit_code_2(pellucid: Command, arguments: list[str]) -> None:
    pellucid("find-rate", *arguments, code=2)
