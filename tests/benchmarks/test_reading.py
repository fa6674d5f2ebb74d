"""Reading: everybody reads every picture, twice, and the table compares turn by turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.measure import ContenderError
from benchmarks.reading import (
    HEIGHT,
    READERS,
    READING_HEAD,
    WIDTH,
    Read,
    make_photographs,
    measure_reading,
    reading_rows,
)
from PIL import Image

from benchmarks import tables

if TYPE_CHECKING:
    from pathlib import Path

OURS = Read("pellucid-first-run", 100, [2.0, 1.0, 2.0], [0.1, 0.1, 0.1])
FIRST = Read("pytorch-0", 100, [6.0, 4.0, 4.0], [5.0, 5.0, 5.0])
LAST = Read("pytorch-2", 100, [5.0, 5.0, 5.0], [3.0, 2.0, 2.0])


def test_everybody_reads_every_picture(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    make_photographs(folder, 6)
    files = sorted(folder.rglob("*.jpg"))
    assert [path.parent.name for path in files] == ["cat"] * 3 + ["dog"] * 3
    for path in files:
        with Image.open(path) as image:
            assert image.size == (WIDTH, HEIGHT)
    readers = ["pellucid-first-run", "pellucid-later-run", "pellucid-uncached", "pytorch-1"]
    assert set(readers) < set(READERS)
    reads = measure_reading(folder, readers, turns=1, threads=1, files=tmp_path / "files")
    assert [one.contender for one in reads] == readers
    assert all(len(one.first) == len(one.later) == 1 for one in reads)
    assert [one.pictures for one in reads] == [6, 6, 6, 6]
    kept = {path.parent.name for path in (tmp_path / "files").rglob("*.pictures")}
    assert kept == {"pellucid-first-run", "pellucid-later-run"}


def test_a_reader_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ContenderError, match="pellucid-uncached on nothing: ended with exit code"):
        measure_reading(
            tmp_path / "nothing", ["pellucid-uncached"], turns=1, threads=1, files=tmp_path
        )


def test_the_table() -> None:
    rows = reading_rows("large", [OURS, FIRST, LAST])
    # the best peer is another in the first epoch (6/2, 4/1, 4/2) than in later ones (30, 20, 20)
    assert rows[0] == ["large", "pellucid-first-run", "50", "50%", "3.00", "1,000", "0%", "20.00"]
    assert rows[1] == ["large", "pytorch-0", "25", "50%", "1.00", "20", "0%", "0.40"]
    assert rows[2] == ["large", "pytorch-2", "20", "0%", "0.80", "50", "50%", "1.00"]
    assert all(len(row) == len(READING_HEAD) for row in rows)
    assert reading_rows("large", [OURS])[0][4] == tables.NOTHING
    assert OURS.to_dict()["first_pictures_per_second"] == 50
