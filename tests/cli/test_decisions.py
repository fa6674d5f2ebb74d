"""``--decisions``: training, judging and checking by what people decided about pictures."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer

from pellucid.cli.app import app
from pellucid.data.decisions import read_decisions
from pellucid.data.reading import Reading
from pellucid.data.shards.index import ShardIndex
from pellucid.files import load_model
from pellucid.files.feature_file import load_features
from pellucid.files.held_out import held_out, learned_pictures
from pellucid.page.pictures import Finder

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


def test_every_command_that_reads_labels_takes_decisions() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {name: {each.name for each in of.params} for name, of in commands.items()}
    reading = {name for name, of in options.items() if "label_column" in of}
    assert reading >= {"train", "shard", "features", "find-rate", "quantise", "experiment"}
    others = {"page", "generate", "add-class"}  # which read data by other names
    assert {name for name, of in options.items() if "decisions" in of} == reading | others


@pytest.fixture
def decided(picture_folder: Path, tmp_path: Path) -> list[str]:
    """One picture moves, five are left out; the arguments that say so."""
    ones = sorted(f"one/{path.name}" for path in (picture_folder / "one").iterdir())
    lines = [f"{ones[0]},move,naught — 영", *(f"{name},leave-out," for name in ones[1:6])]
    (tmp_path / "d.csv").write_text(COLUMNS + "\n".join(lines), encoding="utf-8")
    return ["--decisions", "d.csv"]


COUNTS = {"keep": 0, "move": 1, "leave-out": 5, "changed": 0}


def test_features_have_the_labels_that_were_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    given = ["features", picture_folder, "--from", "run", "--out", "f.safetensors"]
    assert "1 moved, 5 left out" in pellucid(*given, *decided).stderr
    found = load_features(tmp_path / "f.safetensors")
    assert np.bincount(found.targets).tolist() == [31, 24]
    assert found.decisions is not None
    digest = read_decisions(tmp_path / "d.csv").digest
    assert found.decisions == {"digest": digest, **COUNTS}
    pellucid(*given)
    plain = load_features(tmp_path / "f.safetensors")
    assert np.bincount(plain.targets).tolist() == [30, 30]
    assert plain.decisions is None
    pictures = next((picture_folder / "one").iterdir())
    given = ["features", pictures, pictures, "--from", "run", "--out", "f.npz", *decided]
    assert "--decisions" in pellucid(*given, code=1).stderr


def test_shards_hold_what_was_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    bad = tmp_path / "data" / "one" / "bad.png"
    shutil.copytree(picture_folder, tmp_path / "data")
    bad.write_bytes(b"no picture")
    with (tmp_path / "d.csv").open("a", encoding="utf-8") as file:
        file.write("\none/bad.png,leave-out,\n")
    done = pellucid("shard", "data", "--out", "shards", "--bad", "error", *decided)
    assert "1 moved, 6 left out" in done.stderr
    index = ShardIndex.read(tmp_path / "shards")
    files = index.files("all")
    assert sorted(Counter(file.class_name for file in files).values()) == [24, 31]
    assert len({file.name for file in files}) == 55
    digest = read_decisions(tmp_path / "d.csv").digest
    assert index.decisions == {"digest": digest, **COUNTS, "leave-out": 6}
    written = json.loads((tmp_path / "shards" / "shards.json").read_text("utf-8"))
    assert written["decisions"] == index.decisions
    said = pellucid("shard", "shards", "--out", "more", *decided, code=1).stderr
    assert "shards already" in said
    assert "decisions" not in ShardIndex.read(_plain_shards(pellucid, picture_folder)).to_dict()


def _plain_shards(pellucid: Command, data: Path) -> Path:
    pellucid("shard", data, "--out", data.parent / "plain")
    return data.parent / "plain"


def test_rates_and_experiments_learn_by_what_was_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    few = ["--steps", 20, "--seeds", 2, "--batch-size", 16]
    said = pellucid("find-rate", picture_folder, *few, *decided).stderr
    assert "1 moved, 5 left out" in said
    assert "train with" in said
    assert "--decisions d.csv" in said
    given = ["experiment", "relu", picture_folder, "--epochs", 1, "--seeds", 1]
    done = pellucid(*given, *decided, "--json")
    plain = json.loads(pellucid(*given, "--json").stdout)
    found = json.loads(done.stdout)
    assert found["learned"] + found["judged"] <= 55 < plain["learned"] + plain["judged"] + 5
    (tmp_path / "d.csv").write_text(COLUMNS + "one/none.png,keep,")
    for line in (["find-rate", picture_folder], ["experiment", "relu", picture_folder]):
        assert "d.csv" in pellucid(*line, *decided, code=1).stderr


def test_changed_networks_are_judged_by_what_was_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    given = ["quantise", "run", picture_folder, *decided, "--out", "q.safetensors"]
    assert "1 moved, 5 left out" in pellucid(*given).stderr
    quantised = load_model(tmp_path / "q.safetensors").provenance["quantised"]
    assert quantised["decisions"]["leave-out"] == 5
    learned = learned_pictures(
        picture_folder, load_model(tmp_path / "run" / "model.safetensors"),
        Reading(decisions=tmp_path / "d.csv"),
    )  # fmt: skip
    assert quantised["pictures"] == len(learned)
    edit = ["surgery", "run", "--mute", "conv1:0", *decided]
    assert "1 moved, 5 left out" in pellucid(*edit, "--data", picture_folder).stderr
    assert "--data" in pellucid(*edit, "--out", "s.safetensors", code=2).stderr


def test_pages_show_and_learn_what_was_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run", *decided)
    (tmp_path / "plain.csv").write_text(COLUMNS, encoding="utf-8")
    assert "1 moved, 5 left out" in pellucid("page", "run").stderr  # the run's own
    assert "1 moved, 5 left out" in pellucid("page", "run", picture_folder, *decided).stderr
    assert "moved" not in pellucid("page", "run", picture_folder).stderr
    model = load_model(tmp_path / "run" / "model.safetensors")
    finder = Finder(model, 12, 10**6, 0, True, tmp_path / "d.csv")
    found = finder.find(str(picture_folder))
    assert found.train is not None
    assert found.judge is not None
    assert found.train.fingerprint() == model.provenance["data"]["fingerprint"]
    others, _ = held_out(picture_folder, model, reading=Reading(decisions=tmp_path / "d.csv"))
    assert found.judge.fingerprint() == others.fingerprint()
    left_out = set(sorted(f"one/{path.name}" for path in (picture_folder / "one").iterdir())[1:6])
    assert not left_out & {*(found.train.names or ()), *(found.judge.names or ())}
    one = next((picture_folder / "one").iterdir())
    assert "decisions" in pellucid("page", "run", one, *decided, code=1).stderr


def test_a_further_class_is_learned_beside_what_was_decided(
    pellucid: Command, picture_folder: Path, tmp_path: Path, decided: list[str]
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    given = ["add-class", "run", picture_folder / "one", "--name", "two", *decided]
    done = pellucid(*given, "--data", picture_folder, "--out", "more")
    assert "1 moved, 5 left out" in done.stderr
    assert load_model(tmp_path / "more" / "model.safetensors").provenance["decisions"]["move"] == 1
    assert "--data" in pellucid(*given, "--out", "others", code=2).stderr
