"""``pellucid train`` on data as people have them: bad files, copies, wrong labels, leaks."""

from __future__ import annotations

import csv
import json
import re
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageClassifier, data
from pellucid.cli.leakage import leakage_notes
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.quarantine import QuarantineWarning
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

REPORT = {
    "confusion.csv", "confusion.png", "per_class.csv", "report.html", "summary.csv", "wrong.csv"
}  # fmt: skip


@pytest.fixture
def parts(picture_folder: Path, tmp_path: Path) -> Path:
    """The same zeros and ones, divided: 40 to train with, 20 to test with."""
    for class_name in ("naught — 영", "one"):
        for i, picture in enumerate(sorted((picture_folder / class_name).iterdir())):
            folder = tmp_path / "parts" / ("train" if i < 20 else "test") / class_name
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, folder / picture.name)
    return tmp_path / "parts"


def any_picture(folder: Path) -> Path:
    return min(folder.iterdir())


def spoil(root: Path, part: str = "") -> None:
    """Three files that cannot be used."""
    folder = root / part / "one"
    (folder / "page.jpg").write_text("<!doctype html>")
    (folder / "empty.png").touch()
    cut = any_picture(folder)
    (folder / "cut\nshort.png").write_bytes(cut.read_bytes()[:90])


# ------------------------------------------------------------------------------------ bad files


def test_bad_files_are_set_aside_and_listed(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    """Training is as without them; the model is judged by the same part as well."""
    shutil.copytree(picture_folder, tmp_path / "data")
    spoil(tmp_path / "data")
    common = ["--epochs", 1, "--batch-size", 8, "--no-report"]
    done = pellucid("train", "data", *common, "--out", "run", "--json")
    assert json.loads(done.stdout)["quarantined"] == 3
    assert "3 files cannot be used and are left out, the first: one/cut\\nshort.png" in done.stderr
    with (tmp_path / "run" / "quarantined.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["one/cut\\nshort.png", "one/empty.png", "one/page.jpg"]
    assert {(row["class"], row["part"]) for row in rows} == {("one", "all")}
    assert "empty, 0 bytes" in rows[1]["reason"]
    judged = pellucid("evaluate", "run", "data", "--json")
    assert "set aside for the test, 6 of 60 pictures" in judged.stderr

    clean = json.loads(pellucid("train", picture_folder, *common, "--out", "c", "--json").stdout)
    results = json.loads(done.stdout)
    for result in (clean, results):
        for row in (result["best"], *result["history"]):
            row.pop("images_per_second", None)
            row.pop("seconds", None)
            row.pop("waited", None)
    assert results["history"] == clean["history"]
    assert not (tmp_path / "c" / "quarantined.csv").exists()
    pellucid("train", picture_folder, *common, "--out", "run", "--overwrite")
    assert not (tmp_path / "run" / "quarantined.csv").exists()


def test_or_they_stop_training(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    (tmp_path / "data" / "one" / "empty.png").touch()
    done = pellucid("train", "data", "--bad", "error", "--out", "run", code=1)
    assert "empty.png: empty, 0 bytes" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_limit_of_pixels_holds_for_judging_too(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    Image.new("L", (40, 40)).save(tmp_path / "data" / "one" / "huge.png")
    train = ["train", "data", "--epochs", 1, "--max-pixels", 100, "--no-report"]
    done = pellucid(*train, "--out", "run")
    assert "1 file cannot be used and is left out: one/huge.png: " in done.stderr
    assert "make the picture smaller, or allow more: --max-pixels, where a command" in done.stderr
    judged = pellucid("evaluate", "run", "data").stderr
    assert "one/huge.png" in judged
    assert "set aside for the test, 6 of 60 pictures" in judged
    all_of_them = pellucid("evaluate", "run", "data", "--max-pixels", 10_000)
    assert "of 61 pictures: data" in all_of_them.stdout.splitlines()[0]


def test_a_model_cannot_lift_the_limit_of_pixels(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    assert MAX_PIXELS < 10**9
    train = ["train", picture_folder, "--epochs", 1, "--max-pixels", 10**9, "--no-report"]
    pellucid(*train, "--out", "run")
    done = pellucid("evaluate", "run", picture_folder)
    assert "the model learned from larger pictures, too: --max-pixels 1000000000" in done.stderr
    done = pellucid("evaluate", "run", picture_folder, "--max-pixels", 10**9)
    assert "larger pictures" not in done.stderr


def test_in_python_they_are_warned_of(picture_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    spoil(tmp_path / "data")
    model = ImageClassifier("lecture", epochs=1)
    with pytest.warns(QuarantineWarning, match="3 files cannot be used"):
        model.fit(tmp_path / "data")
    assert model.classes_.tolist() == ["naught — 영", "one"]


def test_finding_a_rate_reports_them_as_training_does(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(picture_folder, tmp_path / "data")
    spoil(tmp_path / "data")
    printed = pellucid("find-rate", "data", "--steps", 20).stderr.splitlines()
    assert printed[0].startswith("3 files cannot be used and are left out, the first: one/cut")


# ------------------------------------------------------------------------ what spoils the result


def test_conflicting_labels(pellucid: Command, parts: Path, tmp_path: Path) -> None:
    picture = any_picture(parts / "train" / "one")
    shutil.copy(picture, parts / "train" / "naught — 영" / "also.png")
    done = pellucid("train", "parts", "--epochs", 1, "--out", "run", code=1)
    assert f"train/one/{picture.name}: 2 times the same pixels, in the classes" in done.stderr
    assert done.stderr.endswith("(to train anyway: --allow conflicting-labels)\n")
    assert not (tmp_path / "run").exists()
    pellucid("train", "parts", "--epochs", 1, "--allow", "leakage", code=1)
    allowed = ["--allow", "leakage", "--allow", "conflicting-labels"]
    done = pellucid("train", "parts", "--epochs", 1, "--no-report", "--out", "run", *allowed)
    assert "1 finding that would spoil the result, allowed: conflicting-labels" in done.stderr
    pellucid("train", "--resume", "run")  # what was allowed stays allowed


def test_leakage(pellucid: Command, parts: Path, tmp_path: Path) -> None:
    """Between parts that were given: also from pictures of which validation is then drawn."""
    for picture in (parts / "train" / "one").iterdir():
        shutil.copy(picture, parts / "test" / "one" / f"copy of {picture.name}")
    done = pellucid("train", "parts", "--epochs", 1, "--validation", 10, code=1)
    printed = (
        r"train/one/(\d+\.png), test/one/copy of \1: 2 times the same pixels, in the parts train"
    )
    assert re.search(printed, done.stderr)
    assert "and test (and 19 more of the kind" in done.stderr
    assert done.stderr.endswith("(to train anyway: --allow leakage)\n")
    done = pellucid("train", "parts", "--epochs", 1, "--out", "run", "--allow", "leakage")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "20 findings that would spoil the result, allowed: leakage" in page


def test_one_class(pellucid: Command, picture_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(picture_folder / "one", tmp_path / "single" / "one")
    done = pellucid("train", "single", code=1)
    assert "one class only, one" in done.stderr
    assert "--allow one-class" in done.stderr
    train = ["train", "single", "--epochs", 1, "--no-report"]
    pellucid(*train, "--allow", "one-class", "--out", "run")
    judged = json.loads(pellucid("evaluate", "run", "single", "--json").stdout)
    assert judged["classes"] == ["one"]
    assert judged["count"] == 3


@pytest.mark.parametrize("wrong", ["everything", "duplicates", ""])
def test_nothing_else_can_be_allowed(pellucid: Command, wrong: str) -> None:
    printed = pellucid("train", "nowhere", "--allow", wrong, code=2, COLUMNS="200").stderr
    assert f"'{wrong}'" in printed
    assert "one-class, conflicting-labels, leakage" in printed


def test_many_copies_in_parts_that_were_drawn_stop_training(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    for class_name in ("naught — 영", "one"):
        shutil.copytree(picture_folder / class_name, tmp_path / "data" / class_name)
        for picture in list((tmp_path / "data" / class_name).iterdir()):
            shutil.copy(picture, picture.with_name(f"copy of {picture.name}"))
    train = ["train", "data", "--epochs", 1, "--no-report"]
    refused = pellucid(*train, code=1).stderr
    done = pellucid(*train, "--allow", "leakage")
    splits = data.load(tmp_path / "data")
    assert splits.drawn == ("validation", "test")
    assert splits.validation is not None
    assert splits.test is not None
    names = [
        {name.replace("copy of ", "") for name in part.names or ()}
        for part in (splits.train, splits.validation, splits.test)
    ]
    shared = sum(
        any(name.replace("copy of ", "") in names[other] for other in range(3) if other != own)
        for own, part in ((1, splits.validation), (2, splits.test))
        for name in part.names or ()
    )
    assert shared > 10
    total = len(splits.validation) + len(splits.test)
    words = f"copies of pictures were drawn into several parts: {shared} of {total} in validation"
    assert words in done.stderr
    assert words in refused
    assert "(to train anyway: --allow leakage)" in refused


def test_few_copies_in_parts_that_were_drawn_are_a_remark() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (400, 4, 4, 1), np.uint8)
    pictures[2] = pictures[0]
    whole = data.Dataset(pictures, np.arange(400) % 2, ("a", "b"), name="made")
    train, test = whole.subset(range(1, 360)), whole.subset([0, *range(360, 400)])
    splits = data.Splits(train, None, test, drawn=("test",))
    (note,) = leakage_notes(splits, "made", ())
    assert "1 of 41 in test can also be seen elsewhere" in note
    assert note.endswith("pellucid check lists them")


def test_parts_that_were_given_are_not_drawn(parts: Path) -> None:
    assert data.load(parts).drawn == ("validation",)
    assert data.load(parts, validation=0).drawn == ()


@pytest.mark.parametrize("seed", range(3))
def test_arrays_are_looked_at_as_well(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
    y = np.arange(40) % 2
    test = x[30:].copy()
    arrays = {"x": x, "y": y, "x_test": test, "y_test": y[30:]}
    with pytest.raises(DataError, match=r"arrays: .*test\[\d+\].*--allow leakage"):
        leakage_notes(data.load(arrays), "arrays", ())
    test[:, 0, 0, 0] ^= 1
    assert leakage_notes(data.load(arrays), "arrays", ()) == ()


# ------------------------------------------------------------------------------- what is written


def test_a_run_folder_holds_a_report(pellucid: Command, parts: Path, tmp_path: Path) -> None:
    done = pellucid("train", "parts", "--epochs", 2, "--out", "run", "--batch-size", 8)
    assert {file.name for file in (tmp_path / "run").iterdir()} == REPORT | {
        "config.json", "history.csv", "model.safetensors", "last.safetensors",
        "previous.safetensors", "live",
    }  # fmt: skip
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "run, judged by validation" in page
    assert "Loss by epoch" in page
    assert "report written to run/report.html" in done.stderr
    pellucid("train", "parts", "--epochs", 1, "--out", "none", "--validation", 0)
    page = (tmp_path / "none" / "report.html").read_text(encoding="utf-8")
    assert "none, judged by test" in page


def test_without_other_pictures_there_is_no_report(
    pellucid: Command, parts: Path, tmp_path: Path
) -> None:
    shutil.rmtree(parts / "test")
    done = pellucid("train", "parts", "--epochs", 1, "--out", "run", "--validation", 0)
    assert "no report: there are no pictures that were not learned" in done.stderr
    assert not REPORT & {file.name for file in (tmp_path / "run").iterdir()}


def test_a_report_is_of_the_model_beside_it(pellucid: Command, parts: Path, tmp_path: Path) -> None:
    """Another run in its place takes the earlier one's report away, even if it has none itself."""
    pellucid("train", "parts", "--epochs", 1, "--out", "run")
    assert (tmp_path / "run" / "report.html").exists()
    pellucid("train", "parts", "--epochs", 1, "--out", "run", "--overwrite", "--no-report")
    assert not REPORT & {file.name for file in (tmp_path / "run").iterdir()}


def test_what_goes_wrong_is_said(pellucid: Command, parts: Path, tmp_path: Path) -> None:
    rate = ["--learning-rate", 1e-7, "--schedule", "constant"]
    done = pellucid("train", "parts", "--epochs", 3, *rate, "--out", "run", "--json")
    kinds = [each["kind"] for each in json.loads(done.stdout)["diagnoses"]]
    assert "low_rate" in kinds
    assert "what stands out: in 3 epochs the loss only went from" in done.stderr
    assert "is too low; the default is 0.018" in done.stderr
    assert "is too low; the default is 0.018" in (tmp_path / "run" / "report.html").read_text(
        "utf-8"
    )


# ------------------------------------------------------------------------------------ going on


def test_settings_of_the_data_are_kept_or_refused(
    pellucid: Command, parts: Path, tmp_path: Path
) -> None:
    Image.new("L", (40, 40)).save(parts / "train" / "one" / "huge.png")
    train = ["train", "parts", "--epochs", 1, "--max-pixels", 100, "--no-cache", "--no-report"]
    pellucid(*train, "--out", "run")
    done = pellucid("train", "--resume", "run", "--no-report")
    assert "one/huge.png" in done.stderr
    printed = pellucid("train", "--resume", "run", "--max-pixels", 9999, code=1).stderr
    assert "max_pixels: 100 → 9999" in printed
    printed = pellucid("train", "--resume", "run", "--bad", "error", code=1).stderr
    assert "huge.png" in printed


def test_nothing_is_kept_unless_wanted(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    train = ["train", picture_folder, "--epochs", 1, "--engine", "reference"]  # keeps no code
    train += ["--no-report"]
    pellucid(*train, "--no-cache", "--out", "run", PELLUCID_CACHE=str(cache))
    assert not cache.exists()
    evaluate = ["evaluate", "run", picture_folder, "--engine", "reference"]
    pellucid(*evaluate, "--no-cache", PELLUCID_CACHE=str(cache))
    assert not cache.exists()
    for command in (evaluate, train):
        pellucid(*command, PELLUCID_CACHE=str(cache))
        assert any(cache.rglob("*.pictures"))
        shutil.rmtree(cache)


def test_a_bad_file_stops_judging_where_that_is_wanted(
    pellucid: Command, picture_folder: Path, tmp_path: Path
) -> None:
    pellucid("train", picture_folder, "--epochs", 1, "--no-report", "--out", "run")
    shutil.copytree(picture_folder, tmp_path / "data")
    (tmp_path / "data" / "one" / "torn.png").write_bytes(b"<html>")
    done = pellucid("evaluate", "run", "data")
    assert "1 file cannot be used and is left out: one/torn.png" in done.stderr
    printed = pellucid("evaluate", "run", "data", "--bad", "error", "--out", "judged", code=1)
    assert "torn.png: " in printed.stderr
    assert printed.stdout == ""
    pellucid("evaluate", "run", "data", "--bad", "perhaps", code=2)
