"""``pellucid experiment`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_folder_with_plot_table_and_record(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    given = ["experiment", "relu", picture_folder, "--epochs", 1, "--seeds", 1, "--out", "tried"]
    done = pellucid(*given)
    assert "PReLU, seed 0:" in done.stderr
    assert "accuracy (median)" in done.stdout
    with Image.open(tmp_path / "tried" / "plot.png") as plot:
        assert plot.format == "PNG"
    told = json.loads((tmp_path / "tried" / "outcome.json").read_text())
    assert len(told["runs"]) == len(told["table"]) == 7
    lines = (tmp_path / "tried" / "runs.csv").read_text().splitlines()
    assert len(lines) == 8
    again = pellucid(*given, code=2).stderr
    assert "holds an experiment already" in " ".join(again.replace("│", " ").split())


def test_unknown_names(pellucid: Command) -> None:
    told = pellucid("experiment", "dropout", code=2).stderr
    assert "none of pooling, relu, initialisation" in " ".join(told.replace("│", " ").split())
