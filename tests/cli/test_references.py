"""Pictures out of data sets on the command line: wherever a picture goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier
    from tests.cli.conftest import Command


@pytest.fixture
def arrays(digits: tuple[Dataset, Dataset], tmp_path: Path) -> Path:
    few = digits[1].subset(range(50))
    np.savez(tmp_path / "d.npz", x=few.images, y=few.places)
    return tmp_path


def test_a_picture_of_a_data_set_is_that_picture(
    pellucid: Command, model_path: Path, arrays: Path, digits: tuple[Dataset, Dataset],
    classifier: ImageClassifier,
) -> None:  # fmt: skip
    found = json.loads(pellucid("trace", model_path, "d.npz:all[7]", "--json").stdout)
    expected = classifier.trace(digits[1].images[7]).to_dict(values=False)
    expected = json.loads(json.dumps(expected))
    assert {key: found[key] for key in expected} == expected
    label = digits[1].classes[digits[1].places[7]]
    output = pellucid("backward", model_path, "d.npz:all:7", "--label", label)
    assert f"d.npz:all[7] is of the class {label}" in output.stderr


def test_the_truth_is_the_class_that_the_data_set_gives(
    pellucid: Command, model_path: Path, arrays: Path, digits: tuple[Dataset, Dataset]
) -> None:
    label = digits[1].classes[digits[1].places[7]]
    output = json.loads(pellucid("lecture", model_path, "d.npz:all:7", "--json").stdout)
    assert (output["truth"], output["truth_given"]) == (label, True)
    other = "3" if label != "3" else "4"
    for command in ("backward", "lecture"):
        printed = pellucid(command, model_path, "d.npz:all:7", "--json").stdout
        assert (
            printed
            == pellucid(command, model_path, "d.npz:all:7", "--json", "--label", label).stdout
        )
        assert (
            printed
            != pellucid(command, model_path, "d.npz:all:7", "--json", "--label", other).stdout
        )


def test_classes_are_printed_of_few_pictures_only(
    pellucid: Command, model_path: Path, arrays: Path
) -> None:
    done = pellucid("predict", model_path, "d.npz:all", "-o", "p.csv")
    assert "d.npz:all[" not in done.stderr
    assert len((arrays / "p.csv").read_text().splitlines()) == 51
    few = [f"d.npz:all:{k}" for k in range(3)]
    done = pellucid("predict", model_path, *few)
    assert done.stderr.count("is of the class") == 3


@pytest.mark.parametrize(
    "command", ["trace M P", "backward M P --label 3", "lecture M P", "surgery M P --mute conv1:0",
                "predict M P", "filter P --kernel blur"],
)  # fmt: skip
def test_every_command_says_how_many_pictures_there_are(
    pellucid: Command, model_path: Path, arrays: Path, command: str
) -> None:
    words = [{"M": model_path, "P": "d.npz:all:50"}.get(word, word) for word in command.split()]
    done = pellucid(*words, code=1)
    assert "d.npz:all[50]" in done.stderr
    assert "50 pictures" in done.stderr
    assert "0 to 49" in done.stderr
