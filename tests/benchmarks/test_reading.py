"""Reading: everybody reads every picture, twice, and the table compares turn by turn."""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.measure import ContenderError
from benchmarks.reading import (
    LARGE,
    READERS,
    READING_HEAD,
    SMALL,
    Made,
    Read,
    make_photographs,
    measure_reading,
    reading_rows,
)
from benchmarks.tasks import Options, reading_table
from PIL import Image

from benchmarks import reading, reading_worker, tables, tasks

if TYPE_CHECKING:
    from pathlib import Path

OURS = Read("pellucid-first-run", 100, [2.0, 1.0, 2.0], [0.1, 0.1, 0.1])
FIRST = Read("pytorch-0", 100, [6.0, 4.0, 4.0], [5.0, 5.0, 5.0])
LAST = Read("pytorch-2", 100, [5.0, 5.0, 5.0], [3.0, 2.0, 2.0])


@pytest.mark.parametrize("made", [LARGE, SMALL], ids=["large", "small"])
def test_photographs_are_made(tmp_path: Path, made: Made) -> None:
    make_photographs(tmp_path, replace(made, count=6))
    files = sorted(tmp_path.rglob("*.jpg"))
    assert [path.parent.name for path in files] == ["cat"] * 3 + ["dog"] * 3
    for path in files:
        with Image.open(path) as image:
            assert image.size == (made.width, made.height)


def test_everybody_reads_every_picture(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    make_photographs(folder, replace(LARGE, count=6))
    readers = ["pellucid-first-run", "pellucid-later-run", "pellucid-uncached"]
    assert {*readers, "pytorch-1"} < set(READERS)
    reads = measure_reading(
        folder, readers, side=LARGE.side, turns=1, threads=1, files=tmp_path / "files"
    )
    assert [one.contender for one in reads] == readers
    assert all(len(one.first) == len(one.later) == 1 for one in reads)
    assert {one.pictures for one in reads} == {6}
    kept = {path.parent.name for path in (tmp_path / "files").rglob("*.pictures")}
    assert kept == {"pellucid-first-run", "pellucid-later-run"}
    once = reading._read("pytorch-1", folder, LARGE.side, tmp_path / "none", 1, tmp_path / "files")
    assert once["pictures"] == 6  # one turn is enough: it takes seconds to import PyTorch


def test_pytorch_without_workers(tmp_path: Path) -> None:
    """In this process, since it takes seconds to start one that imports PyTorch."""
    make_photographs(tmp_path, replace(SMALL, count=5))
    epochs = reading_worker._pytorch("pytorch-0", tmp_path, 16, 2, "")()
    assert [sorted(epochs(epoch)) for epoch in range(2)] == [[1, 2, 2]] * 2


def test_a_reader_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ContenderError, match="pellucid-uncached on nothing: ended with exit code"):
        measure_reading(
            tmp_path / "nothing", ["pellucid-uncached"],
            side=8, turns=1, threads=1, files=tmp_path,
        )  # fmt: skip


def test_small_photographs_are_like_those_of_cifar_10(tmp_path: Path) -> None:
    """CIFAR-10's thousand test cats as JPEG of Pillow's default quality: 921 bytes each."""
    for name in ("one", "other"):
        make_photographs(tmp_path / name, replace(SMALL, count=50))
    one, other = (sorted((tmp_path / name).rglob("*.jpg")) for name in ("one", "other"))
    assert 800 < statistics.mean(path.stat().st_size for path in one) < 1100
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    assert len({path.read_bytes() for path in one}) == 50


def test_made_and_given_pictures_in_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read(
        name: str, folder: Path, side: int, cache: Path, _threads: int, _files: Path
    ) -> dict[str, float]:  # in this process
        epochs = reading_worker._own(name, folder, side, 2, str(cache))()
        return {"pictures": sum(epochs(0)), "first": 0.5, "later": 0.25}

    monkeypatch.setattr(reading, "_read", read)
    monkeypatch.setattr(tasks, "READERS", ("pellucid-later-run", "pellucid-uncached"))
    options = Options(threads=1, turns=1, seconds=1.0, files=tmp_path / "files")
    made = [replace(LARGE, count=2), replace(SMALL, count=4)]
    table, values = reading_table(None, 64, options, made)
    assert capsys.readouterr().out == table + "\n"
    rows = [line.strip("|").split(" | ")[:2] for line in table.splitlines()[2:]]
    assert [[cell.strip() for cell in row] for row in rows] == [
        [folder, reader]
        for folder in ("large", "small")
        for reader in ("pellucid-later-run", "pellucid-uncached")
    ]
    assert {name: [one["pictures"] for one in reads] for name, reads in values.items()} == {
        "large": [2, 2],
        "small": [4, 4],
    }
    given = tmp_path / "files" / "small"
    monkeypatch.setattr(tasks, "READERS", ("pellucid-later-run",))
    _, values = reading_table(given, 16, options, made)
    assert values.keys() == {"small"}


def test_the_table() -> None:
    rows = reading_rows("large", [OURS, FIRST, LAST])
    # the best peer is another in the first epoch (6/2, 4/1, 4/2) than in later ones (30, 20, 20)
    assert rows[0] == ["large", "pellucid-first-run", "50", "50%", "3.00", "1,000", "0%", "20.00"]
    assert rows[1] == ["large", "pytorch-0", "25", "50%", "1.00", "20", "0%", "0.40"]
    assert rows[2] == ["large", "pytorch-2", "20", "0%", "0.80", "50", "50%", "1.00"]
    assert all(len(row) == len(READING_HEAD) for row in rows)
    assert reading_rows("large", [OURS])[0][4] == tables.NOTHING
    assert OURS.to_dict()["first_pictures_per_second"] == 50
