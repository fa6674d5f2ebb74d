"""Joined digits: takes kept apart, each once a pass, the same for the same seed."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from benchmarks.joined_digits import MOST, WORDS, Take, sequences, write_joined

from tests.data.sound.tones import tone, wav

if TYPE_CHECKING:
    from pathlib import Path

RATE = 4000


def digits(folder: Path) -> Path:
    """Takes 0, 7 and 12 of three digits by two speakers: tones of 0.1 s."""
    folder.mkdir()
    for digit in (0, 3, 7):
        for speaker in ("ann", "bob"):
            for take in (0, 7, 12):
                samples = tone(300 + 100 * digit, 0.1, RATE)
                (folder / f"{digit}_{speaker}_{take}.wav").write_bytes(wav(samples, RATE))
    return folder


def test_takes_are_kept_apart(tmp_path: Path) -> None:
    source = digits(tmp_path / "digits")
    path = write_joined(source, tmp_path / "one", {"train": 2, "test": 3}, seed=5)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    for part, passes in (("train", 2), ("val", 1), ("test", 3)):
        of_part = [row for row in rows if row["split"] == part]
        words = [word for row in of_part for word in row["text"].split()]
        assert sorted(words) == sorted(["zero", "three", "seven"] * 2 * passes)
        assert {row["speaker"] for row in of_part} == {"ann", "bob"}
        assert all(row["path"].startswith(f"{part}/") for row in of_part)
    for row in rows:
        samples, rate = soundfile.read(path.parent / row["path"])
        count = len(row["text"].split())
        assert 1 <= count <= MOST
        assert rate == RATE
        loud = re.findall("1+", "".join("01"[each] for each in blocks(samples)))
        assert len(loud) == count  # pauses part the digits
    again = write_joined(source, tmp_path / "two", {"train": 2, "test": 3}, seed=5)
    assert again.read_text() == path.read_text()
    for row in rows:
        one, two = (place.parent / row["path"] for place in (path, again))
        assert one.read_bytes() == two.read_bytes()
    other = write_joined(source, tmp_path / "three", {"train": 2, "test": 3}, seed=6)
    assert other.read_text() != path.read_text()


def blocks(samples: np.ndarray) -> list[int]:
    """Whether anything sounds in each 20 ms."""
    size = RATE // 50
    return [int(np.abs(samples[k : k + size]).max() > 0.1) for k in range(0, len(samples), size)]


def test_a_take_says_its_part(tmp_path: Path) -> None:
    take = Take.of(tmp_path / "3_ann_12.wav")
    assert (WORDS[take.digit], take.speaker, take.number, take.part) == (
        "three",
        "ann",
        12,
        "train",
    )
    parts = [Take.of(tmp_path / f"3_ann_{number}.wav").part for number in (0, 4, 5, 9, 10, 49)]
    assert parts == ["test", "test", "val", "val", "train", "train"]
    takes = [Take.of(tmp_path / f"{digit}_ann_0.wav") for digit in range(10)]
    found = list(sequences(takes, 4, np.random.Generator(np.random.PCG64(0))))
    assert {len(each) for each in found} <= set(range(1, MOST + 1))
    assert sum(map(len, found)) == 40
