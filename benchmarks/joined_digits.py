"""Sequences of one to five spoken digits: recordings of one speaker joined with random pauses.

Recordings are named DIGIT_SPEAKER_TAKE.wav, as in the free-spoken-digit-dataset. A take is in one
part alone. In each pass a speaker's recordings of a part are shuffled and cut into sequences, so
that every one occurs once a pass.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

MOST = 5
"""Digits of a sequence."""

PAUSE = (0.05, 0.4)
"""Seconds of silence between two digits, drawn uniformly."""

AROUND = (0.0, 0.3)
"""Seconds of silence before the first and behind the last."""

TEST, VALIDATION = range(5), range(5, 10)
"""Takes; all others are learned."""

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Take:
    """One recording.

    Attributes:
        path: Where it lies.
        digit: 0 to 9.
        speaker: Who speaks.
        number: Which take of that digit, from 0.
    """

    path: Path
    digit: int
    speaker: str
    number: int

    @classmethod
    def of(cls, path: Path) -> Take:
        """The take of a file's name."""
        digit, speaker, number = path.stem.split("_")
        return cls(path, int(digit), speaker, int(number))

    @property
    def part(self) -> str:
        """The part that it is in."""
        if self.number in TEST:
            return "test"
        return "val" if self.number in VALIDATION else "train"


def sequences(takes: list[Take], passes: int, rng: np.random.Generator) -> Iterator[list[Take]]:
    """Takes of one speaker and part in sequences of 1 to 5, each take once a pass.

    Args:
        takes: In any order.
        passes: How often each occurs.
        rng: What is drawn from.
    """
    for _ in range(passes):
        order = rng.permutation(len(takes)).tolist()
        while order:
            length = int(rng.integers(1, MOST + 1))
            yield [takes[i] for i in order[:length]]
            del order[:length]


def joined(takes: list[Take], rng: np.random.Generator) -> tuple[NDArray[np.float64], int]:
    """The samples of a sequence, with its pauses, and their rate."""
    pieces: list[NDArray[np.float64]] = []
    rate = 0
    for place, take in enumerate(takes):
        samples, rate = soundfile.read(take.path)
        pieces += [_silence(rng, AROUND if place == 0 else PAUSE, rate), samples]
    pieces.append(_silence(rng, AROUND, rate))
    return np.concatenate(pieces), rate


def _silence(
    rng: np.random.Generator, seconds: tuple[float, float], rate: int
) -> NDArray[np.float64]:
    return np.zeros(round(rng.uniform(*seconds) * rate))


def write_joined(source: Path, folder: Path, passes: dict[str, int], seed: int) -> Path:
    """Write joined recordings and their list, with the columns path, text, speaker and split.

    Args:
        source: The folder of single digits.
        folder: Where they are written.
        passes: Of each part, how often a take occurs.
        seed: Equal seeds write equal files.

    Returns:
        The path of the list.
    """
    takes = sorted(map(Take.of, source.glob("*.wav")), key=lambda take: take.path.name)
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = []
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        for speaker in sorted({take.speaker for take in takes}):
            own = [take for take in takes if (take.part, take.speaker) == (part, speaker)]
            for number, sequence in enumerate(sequences(own, passes.get(part, 1), rng)):
                name = f"{part}/{speaker}_{number}.wav"
                samples, rate = joined(sequence, rng)
                soundfile.write(folder / name, samples, rate)
                text = " ".join(WORDS[take.digit] for take in sequence)
                rows.append([name, text, speaker, part])
    path = folder / "joined.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "text", "speaker", "split"])
        writer.writerows(rows)
    return path
