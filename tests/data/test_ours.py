"""What Pellucid wrote is no data: runs, reports, experiments, models, caches, drawings."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.folder import scan_folder
from pellucid.data.ours import drawing, is_drawing, own_folder
from pellucid.errors import DataError
from pellucid.files import write_file
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = json.dumps({"recipe": {}, "classes": ["a"], "preprocessing": {}}).encode()
PICTURE = encoded(noise(0, 6, 5))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return picture_folder(tmp_path / "pets", {"cat": 10, "dog": 10})


def left_out(root: Path) -> str:
    """What a scan says, after the two classes were found whole."""
    found = scan_folder(root)
    assert found.classes == ("cat", "dog")
    assert len(found.parts["all"]) == 20
    (note,) = [note for note in found.notes if "written by Pellucid" in note]
    return note


def test_runs_of_today(pets: Path) -> None:
    model = pl.ImageClassifier("lenet5", epochs=1, image_size=(28, 28))
    model.fit(pets, out=pets / "runs" / "deep" / "first")
    kept = {path.name for path in (pets / "runs" / "deep" / "first").iterdir()}
    assert {"model.safetensors", "config.json", "history.csv"} <= kept
    assert left_out(pets).endswith("runs")
    again = pl.ImageClassifier("lenet5", epochs=1, image_size=(28, 28)).fit(pets)
    assert again.model_.classes == ("cat", "dog")


@pytest.mark.parametrize(
    "files",
    [
        {".pellucid-lock": b""},  # killed at once
        {"config.json": CONFIG},
        {"config.json": CONFIG, ".pellucid-lock": b"", "last.safetensors": b"torn"},
        {"sub/config.json": CONFIG, "sub/history.csv": b"", "sub/confusion.png": b""},
    ],
)
@pytest.mark.parametrize("name", ["runs", "wolf", "cat/runs", "cat/deep/er"])
def test_runs_that_were_killed_wherever_they_lie(
    pets: Path, files: dict[str, bytes], name: str
) -> None:
    for file, content in files.items():
        write(pets / name / file, content)
    if "sub/confusion.png" in files:
        write(pets / name / "sub" / "confusion.png", drawing(PICTURE))
    assert left_out(pets).startswith("left out, written by Pellucid")


def test_a_class_may_be_called_runs(pets: Path) -> None:
    picture_folder(pets, {"runs": 3, "report": 3})
    write(pets / "runs" / "config.json", b'{"classes": 2}')
    write(pets / "report" / "model.safetensors", b"of another program")
    found = scan_folder(pets)
    assert found.classes == ("cat", "dog", "report", "runs")
    assert len(found.parts["all"]) == 26


def test_a_run_beside_pictures_is_refused(pets: Path) -> None:
    write(pets / "cat" / "config.json", CONFIG)
    with pytest.raises(DataError, match=r"cat: holds a run of Pellucid, and beside it 10 pict"):
        scan_folder(pets)


def test_a_run_in_the_datas_own_folder_or_a_part(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"train/cat": 2, "train/dog": 2, "test/cat": 1})
    for name in ("config.json", "train/config.json"):
        write(tmp_path / name, CONFIG)
    assert scan_folder(tmp_path).classes == ("cat", "dog")


def test_reports_and_experiments(pets: Path) -> None:
    model = pl.ImageClassifier("lenet5", epochs=1, image_size=(28, 28)).fit(pets)
    from pellucid.evaluation.run_report import write_report

    data = pl.data.load(pets, image_size=(28, 28)).train
    write_report(pets / "judged", model.evaluate(data), data)
    for name, content in (
        ("plot.png", PICTURE), ("runs.csv", b""), ("outcome.json", b'{"experiment": "relu"}'),
    ):  # fmt: skip
        write(pets / "why" / name, content)
    model.save(write(pets / "models" / "a.txt", b"").with_name("pets.safetensors"))
    note = left_out(pets)
    assert "a report" in note
    assert "an experiment" in note
    assert "models" in note
    assert note.endswith("judged and 2 more")


def test_caches(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_CACHE", str(pets / "cache"))
    pl.data.load(pets)
    pl.data.load(pets, cache=pets / "other")
    assert list((pets / "cache" / "pictures").glob("*.pictures"))
    assert left_out(pets).endswith("(a cache): cache and 1 more")
    for folder in ("cache", "cache/pictures", "other"):  # as versions before wrote them
        (pets / folder / "CACHEDIR.TAG").unlink()
    assert left_out(pets).endswith("cache and 1 more")


def test_drawings_of_explanations_and_filters(pets: Path) -> None:
    write_file(pets / "cat" / "why.png", PICTURE)
    (pets / "drawn").mkdir()
    write_file(pets / "drawn" / "a.png", PICTURE)
    assert "(drawings, a drawing)" in left_out(pets)
    assert own_folder(pets / "drawn") == "drawings"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16"])
def test_the_mark_changes_no_pixel(tmp_path: Path, mode: str) -> None:
    content = io.BytesIO()
    Image.new(mode, (7, 5), 1).save(content, "PNG")
    marked = drawing(content.getvalue())
    assert drawing(marked) == marked
    path = write(tmp_path / "a.png", marked)
    assert is_drawing(path)
    assert not is_drawing(write(tmp_path / "b.png", content.getvalue()))
    with Image.open(path) as found, Image.open(content) as given:
        found.load()
        assert found.mode == given.mode
        assert np.array_equal(np.array(found), np.array(given))


def test_a_folder_of_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "runs" / "a" / "config.json", CONFIG)
    for root in (tmp_path, tmp_path / "runs", tmp_path / "runs" / "a"):
        with pytest.raises(DataError, match="that Pellucid wrote, no data"):
            scan_folder(root)
