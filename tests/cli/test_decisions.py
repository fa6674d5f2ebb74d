"""``--decisions``: training, judging and checking by what people decided about pictures."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decisions import read_decisions
from pellucid.files import load_model
from pellucid.files.held_out import held_out, learned_pictures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

COLUMNS = "path,decision,label\n"


def test_a_run_keeps_its_decisions_and_refuses_others(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    ones = sorted(f"one/{path.name}" for path in (picture_folder / "one").iterdir())
    lines = [f"{ones[0]},move,naught — 영", *(f"{name},leave-out," for name in ones[1:6])]
    decisions = tmp_path / "d.csv"
    decisions.write_text(COLUMNS + "\n".join(lines), encoding="utf-8")
    begin = ["train", picture_folder, "--epochs", 2, "--no-report"]
    said = pellucid(*begin, "--decisions", "d.csv", "--out", "run").stderr
    assert "decisions of d.csv: 0 kept, 1 moved, 5 left out" in said
    model = load_model(tmp_path / "run" / "model.safetensors")
    kept = model.provenance["decisions"]
    assert kept["digest"] == read_decisions(decisions).digest
    assert (kept["keep"], kept["move"], kept["leave-out"], kept["changed"]) == (0, 1, 5, 0)

    pellucid(*begin, "--out", "plain")
    plain = load_model(tmp_path / "plain" / "model.safetensors")
    assert "decisions" not in plain.provenance
    assert plain.provenance["data"]["fingerprint"] == kept["before"]

    # what was set aside is found whatever is known of the decisions, and none of it was learned
    from pellucid.data.reading import Reading

    judged = {}
    for name, each in (("run", model), ("plain", plain)):
        for decided in (None, decisions):
            reading = Reading(decisions=decided)
            pictures, notes = held_out(picture_folder, each, part="val", reading=reading)
            learned = learned_pictures(picture_folder, each, reading)
            assert not {*(pictures.names or ())} & {*(learned.names or ())}
            assert len(pictures) + len(learned) < 60
            judged[name, decided] = pictures.names, pictures.fingerprint()
            assert any("--decisions" in line for line in notes) == (name == "run" and not decided)
    assert judged["run", None] == judged["plain", None]
    assert judged["run", decisions] == judged["plain", decisions]

    for name in ("evaluate", "compare"):
        models = ["run"] if name == "evaluate" else ["run", "plain"]
        done = pellucid(name, *models, picture_folder, "--decisions", "d.csv", "--json")
        assert "1 moved, 5 left out" in done.stderr
        assert json.loads(done.stdout)

    pellucid("train", "--resume", "run")  # it has ended, with the same decisions
    decisions.write_text(COLUMNS + "\n".join(lines[:-1]), encoding="utf-8")
    said = pellucid("train", "--resume", "run", code=1).stderr
    assert "d.csv now says something else" in said
    assert "--start-from" in said
    decisions.unlink()
    assert "d.csv" in pellucid("train", "--resume", "run", code=1).stderr
    decisions.write_text(COLUMNS + lines[0], encoding="utf-8")
    said = pellucid("train", "--resume", "plain", "--decisions", "d.csv", code=1).stderr
    assert "plain: began without any" in said


def test_check_looks_at_data_as_decisions_leave_them(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    first = min((tmp_path / "data" / "one").iterdir())
    shutil.copy(first, tmp_path / "data" / "naught — 영" / "copy.png")
    said = pellucid("check", "data", code=1).stderr
    assert "would spoil the result" in said
    lines = f"naught — 영/copy.png,leave-out,\none/{first.name},keep,\n"
    (tmp_path / "d.csv").write_text(COLUMNS + lines, encoding="utf-8")
    found = json.loads(pellucid("check", "data", "--decisions", "d.csv", "--json").stdout)
    assert not found["spoiled"]
    assert found["pictures"] == 60
    (tmp_path / "d.csv").write_text(COLUMNS + lines + "three/1.png,keep,", encoding="utf-8")
    said = pellucid("check", "data", "--decisions", "d.csv", code=1).stderr
    assert "d.csv, line 4: data has no picture 'three/1.png'" in said


def test_pictures_of_arrays(pellucid: Command, tmp_path: Path) -> None:
    images = np.arange(60 * 36).reshape(60, 6, 6) % 251
    np.savez(tmp_path / "a.npz", x=images.astype(np.uint8), y=np.arange(60) % 2)
    (tmp_path / "d.csv").write_text(COLUMNS + "all[3],leave-out,\nall[4],move,1\n")
    given = ["--decisions", "d.csv", "--no-report", "--epochs", 1]
    pellucid("train", "a.npz", *given, "--out", "run")
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.provenance["decisions"]["move"] == 1
    said = pellucid("evaluate", "run", "a.npz", "--decisions", "d.csv").stderr
    assert "judged by what was set aside for the test, 6 of 60 pictures" in said
    said = pellucid("evaluate", "run", "a.npz").stderr
    assert "judged by what was set aside for the test, 6 of 60 pictures" in said
