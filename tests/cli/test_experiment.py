"""``pellucid experiment`` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image

from pellucid import experiments
from pellucid.errors import DataError
from pellucid.experiments.kept_runs import KeptRuns
from tests.experiments.test_detectors import outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pellucid.experiments import DetectorOutcome
    from tests.cli.conftest import Command


def test_a_folder_with_plot_table_and_record(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    given = ["experiment", "relu", picture_folder, "--epochs", 1, "--seeds", 1, "--out", "tried"]
    done = pellucid(*given, "--image-size", "9x10")
    assert "10×9" in done.stderr
    assert "PReLU, seed 0:" in done.stderr
    assert "accuracy" in done.stdout
    assert "every run" not in done.stdout
    with Image.open(tmp_path / "tried" / "plot.png") as plot:
        assert plot.format == "PNG"
    printed = json.loads((tmp_path / "tried" / "outcome.json").read_text())
    assert len(printed["runs"]) == len(printed["table"]) == 7
    lines = (tmp_path / "tried" / "runs.csv").read_text().splitlines()
    assert len(lines) == 8
    again = pellucid(*given, code=2).stderr
    assert "holds an experiment already" in " ".join(again.replace("│", " ").split())


def test_without_a_folder_the_next_that_is_free(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    given = ["experiment", "relu", picture_folder, "--epochs", 1, "--seeds", 1]
    runs = tmp_path / "runs"
    (runs / "experiment-relu-2").mkdir(parents=True)
    (runs / "experiment-relu-2" / "outcome.json").write_text("kept")
    first = pellucid(*given)
    assert "written to runs/experiment-relu\n" in first.stderr
    second = pellucid(*given, "--json")
    assert "written to runs/experiment-relu-3\n" in second.stderr
    assert (runs / "experiment-relu-2" / "outcome.json").read_text() == "kept"
    record = json.loads((runs / "experiment-relu-3" / "outcome.json").read_text())
    assert record == json.loads(second.stdout)
    assert sorted(each.name for each in runs.iterdir()) == [
        "experiment-relu",
        "experiment-relu-2",
        "experiment-relu-3",
    ]


def test_a_folder_that_cannot_be_is_refused_before_any_work(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("a file")
    given = ["experiment", "relu", picture_folder, "--epochs", 1, "--seeds", 1]
    for out, words in (([], "runs/experiment-relu"), (["--out", "runs/x"], "runs/x")):
        printed = pellucid(*given, *out, code=1).stderr
        assert f"{words}: the folder cannot be made" in printed
        assert "seed 0" not in printed


def in_size(folder: Path, where: Path, side: int) -> Path:
    """A folder's pictures in another size, in another folder, which is returned."""
    for path in sorted(folder.rglob("*.png")):
        to = where / path.relative_to(folder)
        to.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            picture.resize((side, side)).save(to)
    return where


def test_spatial_transformers(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    in_size(picture_folder, tmp_path / "larger", 20)
    given = ["experiment", "spatial-transformer", "larger", "--epochs", 1, "--seeds", 1]
    done = pellucid(*given, "--kind", "rotation", "--out", "tried", "--json")
    assert "rotation: spatial transformer, seed 0:" in done.stderr
    record = json.loads(done.stdout)
    assert record == json.loads((tmp_path / "tried" / "outcome.json").read_text())
    assert [row["kind"] for row in record["table"]] == ["rotation"]
    assert sorted(each.name for each in (tmp_path / "tried").iterdir()) == [
        "outcome.json",
        "plot.png",
        "runs.csv",
    ]
    assert "projective" in pellucid(*given, "--kind", "tilted", code=1).stderr
    refused = pellucid("experiment", "relu", "larger", "--kind", "rotation", code=2).stderr
    assert "relu" in refused
    assert "spatial-transformer" in " ".join(refused.split())


def test_unknown_names(pellucid: Command) -> None:
    printed = pellucid("experiment", "dropout", code=2).stderr
    assert "'dropout'" in printed
    assert "pooling, relu, initialisation" in " ".join(printed.split())


def test_detectors_are_kept_in_the_folder_of_the_experiment(
    pellucid: Command, picture_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    larger = in_size(picture_folder, tmp_path / "larger", 20)
    found = outcome(run("R-CNN", 0.7, 0.1, 20.0), run("Fast R-CNN", 0.6, 0.1, 2.0))
    asked: list[dict[str, object]] = []

    def compared(learned: object, judged: object, **given: object) -> DetectorOutcome:
        asked.append(given)
        KeptRuns.open(tmp_path / "tried", {}).keep_record("R-CNN", 0, found.runs[0].to_dict())
        if len(asked) == 1:
            raise DataError("broken off")
        return found

    monkeypatch.setattr(experiments, "run_detectors", compared)
    given = ["experiment", "detectors", picture_folder, "--limit", 9, "--out", "tried"]
    pellucid(*given, code=1)
    others = [["relu"], ["spatial-transformer", "--kind", "rotation"]]
    for name, *more in others:  # what the first has left is not removed at their end
        refused = pellucid("experiment", name, larger, *more, "--out", "tried", code=1).stderr
        assert "holds an interrupted experiment" in " ".join(refused.split())
    done = pellucid(*given, "--proposals", 77)  # the folder holds what is finished, no experiment
    assert "1 network trained before" in done.stderr
    assert asked[1].keys() - {"progress", "folder"} == {"limit", "proposals"}
    assert (asked[1]["limit"], asked[1]["proposals"]) == (9, 77)
    assert str(asked[1]["folder"]) == "tried"
    assert "Fast R-CNN" in done.stdout
    assert json.loads((tmp_path / "tried" / "outcome.json").read_text()) == found.to_dict()
    assert (tmp_path / "tried" / "plot.png").is_file()
    assert not (tmp_path / "tried" / "unfinished").exists()
    assert "holds an experiment already" in " ".join(
        pellucid(*given, code=2).stderr.replace("│", " ").split()
    )
    wrong = pellucid("experiment", "pooling", picture_folder, "--limit", 9, code=2).stderr
    assert "detectors" in wrong
