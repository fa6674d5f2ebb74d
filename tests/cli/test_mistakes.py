"""``pellucid mistakes``: from a run to decisions, and to a run that learned from them."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pellucid.files import load_model
from tests.evaluation.number_pictures import bars, switched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_from_a_run_to_decisions_and_on(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(picture_folder, data)
    naught = "naught — 영"
    wrong = sorted((data / "one").iterdir())[4]
    shutil.move(wrong, data / naught / wrong.name)
    path = f"{naught}/{wrong.name}"
    pellucid("train", "data", "--epochs", 8, "--out", "run", "--no-report", "--seed", 3)
    asked = ["mistakes", "run", "--part", "all", "--nearest", 3]
    done = pellucid(*asked, "--json", "--csv", "m.csv", "--html", "m.html")
    found = json.loads(done.stdout)
    assert found["of"] == len(found["mistakes"]) == sum(each["wrong"] for each in found["parts"])
    assert sum(each["pictures"] for each in found["parts"]) == 60
    first = found["mistakes"][0]
    assert (first["path"], first["true"], first["answered"]) == (path, naught, "one")
    assert first["suspicious"]
    assert len(first["neighbours"]) == 3
    assert path not in {each["name"] for each in first["neighbours"]}
    assert wrong.name in (tmp_path / "m.html").read_text(encoding="utf-8")

    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [each["path"] for each in rows] == [each["path"] for each in found["mistakes"]]
    rows[0]["decision"] = "move"
    for each in rows[1:]:
        each["decision"] = "keep"
    with (tmp_path / "d.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    train = ["train", "data", "--epochs", 1, "--no-report", "--decisions", "d.csv"]
    pellucid(*train, "--start-from", "run", "--out", "again")
    kept = load_model(tmp_path / "again" / "model.safetensors").provenance["decisions"]
    assert (kept["move"], kept["keep"]) == (1, len(rows) - 1)

    # the run knows its data and its decisions, from any folder
    found = json.loads(pellucid("mistakes", "again", "--part", "all", "--json").stdout)
    assert path not in {each["path"] for each in found["mistakes"]}
    assert any("1 moved" in note for note in found["notes"])
    open_ones = pellucid("mistakes", "again", "--undecided", "--json", "--top", 2)
    assert len(json.loads(open_ones.stdout)["mistakes"]) <= 2
    printed = pellucid("mistakes", "run", "--top", 1, "--decisions", "d.csv").stdout
    assert "answered otherwise than labelled" in printed
    some = pellucid("mistakes", "run", "data", "--true", "one", "--suspicious", "--json").stdout
    assert {each["true"] for each in json.loads(some)["mistakes"]} <= {"one"}
    other = pellucid("mistakes", "run", "--from", "again", "--part", "train", "--json").stdout
    assert {each["part"] for each in json.loads(other)["mistakes"]} <= {"train"}


def test_numbers_from_a_run_to_decisions(pellucid: Command, tmp_path: Path) -> None:
    images, true = bars(90, seed=4)
    given, wrong = switched(true, 0, 2, seed=5)
    lines = ["path,grey,place"]
    for i, (image, values) in enumerate(zip(images, given.tolist(), strict=True)):
        Image.fromarray(image).save(tmp_path / f"{i:02}.png")
        lines.append(f"{i:02}.png,{','.join(map(repr, values))}")
    (tmp_path / "bars.csv").write_text("\n".join(lines), encoding="utf-8")
    columns = "--label-column", "grey,place"
    pellucid("train", "bars.csv", *columns, "--epochs", 8, "--out", "run", "--no-report")
    asked = ["mistakes", "run", "--part", "all", "--json"]
    done = pellucid(*asked, "--nearest", 2, "--csv", "m.csv", "--html", "m.html")
    found = json.loads(done.stdout)
    assert (found["of"], found["classes"]) == (90, ["grey", "place"])
    switched_names = {f"{i:02}.png" for i in wrong.tolist()}
    assert {each["path"] for each in found["mistakes"][:2]} == switched_names
    assert "grey" in (tmp_path / "m.html").read_text(encoding="utf-8")
    doubted = json.loads(pellucid(*asked, "--suspicious").stdout)["mistakes"]
    learned = {each["path"] for each in found["mistakes"] if each["part"] == "train"}
    assert learned & switched_names <= {each["path"] for each in doubted}
    assert {each["part"] for each in doubted} == {"train"}  # the others are too few
    printed = pellucid("mistakes", "run", "--top", 1).stdout
    assert "standard deviations off on average" in printed
    said = pellucid("mistakes", "run", "--true", "1", code=1).stderr
    assert "numbers" in said

    with (tmp_path / "m.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:2]
    with (tmp_path / "d.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows({**each, "decision": "move"} for each in rows)
    again = json.loads(pellucid(*asked, "--decisions", "d.csv").stdout)
    by_path = {each["path"]: each for each in again["mistakes"]}
    for row in rows:
        assert by_path[row["path"]]["decision"] == "move"
        now = [each["true"] for each in by_path[row["path"]]["numbers"]]
        assert now == [float(each) for each in row["label"].split(";")]


def test_what_cannot_be_asked(pellucid: Command, model_path: Path, tmp_path: Path) -> None:
    assert "does not say which data" in pellucid("mistakes", model_path, code=1).stderr
    said = pellucid("mistakes", model_path, "mnist", "--part", "tset", code=2).stderr
    assert "did you mean" in said
    images = np.arange(60 * 64).reshape(60, 8, 8) % 251
    np.savez(tmp_path / "a.npz", x=images.astype(np.uint8), y=np.arange(60) % 10)
    done = pellucid("mistakes", model_path, "a.npz", "--json")
    found = json.loads(done.stdout)
    assert [each["part"] for each in found["parts"]] == ["all"]  # which it did not learn from
    assert {each["by"] for each in found["mistakes"]} == {"network"}
    assert "learned from none of these pictures" in found["notes"][0]
    (tmp_path / "d.csv").write_text("path,decision\nall[99],keep\nall[3],keep\n")
    said = pellucid("mistakes", model_path, "a.npz", "--decisions", "d.csv", code=1).stderr
    assert "d.csv, line 2" in said
