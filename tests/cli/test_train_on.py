"""Training on from a run by decisions, and what that changed, picture by picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data.decisions import Decision
from pellucid.data.reading import Reading
from pellucid.errors import DataError
from pellucid.evaluation.change import WAYS
from pellucid.evaluation.changes import find_changes
from pellucid.files import load_model
from pellucid.files.decisions import write_decisions
from pellucid.files.held_out import held_out
from pellucid.training.train_on import train_on_arguments
from tests.transfer.made import body_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.mark.parametrize("on_a_body", [False, True])
def test_from_decisions_to_what_changed(
    pellucid: Command, picture_folder: Path, tmp_path: Path, on_a_body: bool
) -> None:
    begin = ["train", picture_folder, "--no-report", "--seed", 5, "--validation", "0.3"]
    start = ["--from", body_file(tmp_path, 1)] if on_a_body else ["--epochs", 1]
    pellucid(*begin, *start, "--out", "a run")
    run, decisions = tmp_path / "a run", tmp_path / "d.csv"
    names = held_out(picture_folder, load_model(run / "model.safetensors"), part="val")[0].names
    assert names is not None
    others = sorted(f"one/{each.name}" for each in (picture_folder / "one").iterdir())
    gone = [name for name in others if name not in names][:5]
    rows = [
        *(Decision(name, "leave-out") for name in gone),
        Decision(names[0], "leave-out"),
        Decision(names[1], "keep"),
    ]
    write_decisions(decisions, rows)
    epochs = None if on_a_body else 6
    arguments = train_on_arguments(run, decisions, tmp_path / "on", epochs=epochs)
    pellucid(*arguments, "--no-report")
    before, after = (ImageClassifier.load(path) for path in (run, tmp_path / "on"))
    origin = after.model_.provenance
    assert origin["decisions"]["leave-out"] == 6
    assert ("transfer" in origin) == on_a_body
    assert origin["recipe"]["seed"] == 5
    if not on_a_body:
        assert origin["start_from"]["name"] == "a run"
        assert origin["recipe"]["epochs"] == 6

    reading = Reading(decisions=decisions)
    found = find_changes(before, after, picture_folder, reading=reading)
    pictures, _ = held_out(picture_folder, before.model_, part="val", reading=reading)
    assert pictures.names == names[1:]
    answers = [each.predict_proba(pictures.images) for each in (before, after)]
    said = [each.argmax(axis=1) for each in answers]
    changed = np.flatnonzero(said[0] != said[1]).tolist()
    assert found.pictures == len(pictures)
    assert found.right == tuple(int((each == pictures.places).sum()) for each in said)
    assert sorted(each.index for each in found.rows) == changed
    for each in found.rows:
        i = each.index
        true = int(pictures.places[i])
        way = (
            "broken" if said[0][i] == true else "corrected" if said[1][i] == true else "still wrong"
        )
        assert (each.path, each.way) == (pictures.names[i], way)
        assert each.before == pictures.classes[said[0][i]]
        assert each.confidence_after == pytest.approx(answers[1][i].max(), abs=1e-6)
        image = found.picture(i)
        assert image is not None
        assert np.array_equal(image, pictures.images[i])
    assert sum(found.counts.values()) == len(found.rows)
    assert list(found.counts) == list(WAYS)
    assert json.loads(json.dumps(found.to_dict()))["pictures"] == len(pictures)
    assert f"{len(changed)} answer" in found.to_html()
    found.show()


def test_a_run_that_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        train_on_arguments(tmp_path / "none", "d.csv", "out")
