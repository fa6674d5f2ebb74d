"""From a folder of JPEG files to batches: the first epoch, and every later one.

The package decodes a picture once, and reads plain pixels in every later epoch and every later run;
PyTorch's ``DataLoader`` decodes it again each time. All files are in the system's memory before
anything is measured, so that the disk does not count.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import ROOT, ContenderError, environment
from benchmarks.tables import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

READERS = (
    "pellucid-first-run",
    "pellucid-later-run",
    "pellucid-uncached",
    "pytorch-0",
    "pytorch-1",
    "pytorch-2",
)
"""PyTorch with 0, 1 and 2 workers; the package with an empty cache, a filled one, and none."""

SIDE = 64
"""Height and width that pictures are brought to, where nothing else is said."""

BATCH = 32


@dataclass(frozen=True)
class Made:
    """Photographs that are made, and what is read of them.

    Attributes:
        name: What they are called.
        count: How many there are.
        width: Of each file.
        height: Of each file.
        quality: Of JPEG.
        detail: Pairs of a number and a strength: a layer of that many patches in height and width.
        side: Height and width that they are brought to.
    """

    name: str
    count: int
    width: int
    height: int
    quality: int
    detail: tuple[tuple[int, int], ...]
    side: int


LARGE = Made("large", 1000, 640, 480, 90, ((4, 60), (16, 30), (64, 12), (256, 6)), side=64)
SMALL = Made("small", 10_000, 32, 32, 75, ((2, 60), (8, 30), (32, 12)), side=32)
"""Files of a kilobyte, as those of CIFAR-10 are: opening one takes longer than decoding it."""


@dataclass(frozen=True)
class Read:
    """How fast a contender reads.

    Attributes:
        contender: Its name.
        pictures: How many an epoch has.
        first: Seconds of the first epoch, from the folder's path on, in each turn.
        later: Seconds of the epoch after it.
    """

    contender: str
    pictures: int
    first: list[float]
    later: list[float]

    @property
    def peer(self) -> bool:
        """Whether it is somebody else's."""
        return self.contender.startswith("pytorch")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        speeds = {
            f"{which}_pictures_per_second": self.pictures / statistics.median(seconds)
            for which, seconds in (("first", self.first), ("later", self.later))
        }
        return {**asdict(self), **speeds}


def make_photographs(root: Path, made: Made) -> None:
    """Write JPEG files that are as hard to decode as photographs: detail of every size."""
    from PIL import Image

    random = np.random.default_rng(0)
    for i in range(made.count):
        picture = np.zeros((made.height, made.width, 3), np.float32)
        for side, strength in made.detail:
            layer = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
            size = made.width, made.height
            large = Image.fromarray(layer).resize(size, Image.Resampling.BICUBIC)
            picture += (np.asarray(large, np.float32) - 127.5) * (strength / 60)
        path = root / ("cat", "dog")[i % 2] / f"{i:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(picture + 127.5, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(path, quality=made.quality)


def measure_reading(
    folder: Path, readers: Sequence[str], *, side: int, turns: int, threads: int, files: Path
) -> list[Read]:
    """Let all read, taking turns; a first turn of each, not counted, warms the system up.

    Args:
        folder: Pictures, one folder per class.
        readers: Some of :data:`READERS`.
        side: Height and width that all bring the pictures to.
        turns: How often each reads.
        threads: That PyTorch may use in its main process; decoding takes all processors.
        files: A folder for what contenders keep.

    Raises:
        ContenderError: If one fails.
    """
    found: dict[str, list[dict[str, float]]] = {name: [] for name in readers}
    for turn in range(turns + 1):
        for name in readers:
            cache = files / "reading" / folder.name / name
            if name == "pellucid-first-run":
                shutil.rmtree(cache, ignore_errors=True)
            answer = _read(name, folder, side, cache, threads, files)
            if turn:
                found[name].append(answer)
    return [
        Read(
            name,
            int(answers[0]["pictures"]),
            [answer["first"] for answer in answers],
            [answer["later"] for answer in answers],
        )
        for name, answers in found.items()
    ]


def reading_rows(name: str, reads: Sequence[Read]) -> list[list[str]]:
    """A row for each contender."""
    peers = [one for one in reads if one.peer]
    best = {
        which: min(peers, key=lambda one: statistics.median(getattr(one, which)), default=None)
        for which in ("first", "later")
    }
    rows = []
    for one in reads:
        cells = [name, one.contender]
        for which, peer in best.items():
            seconds: list[float] = getattr(one, which)
            median = statistics.median(seconds)
            times = NOTHING
            if peer is not None:
                pairs = zip(getattr(peer, which), seconds, strict=True)
                times = f"{statistics.median(theirs / mine for theirs, mine in pairs):.2f}"
            spread = (max(seconds) - min(seconds)) / median
            cells += [f"{one.pictures / median:,.0f}", f"{spread:.0%}", times]
        rows.append(cells)
    return rows


READING_HEAD = [
    "pictures", "contender", "files/s, first epoch", "spread", "÷ best peer",
    "files/s, later epochs", "spread", "÷ best peer",
]  # fmt: skip


def _read(
    name: str, folder: Path, side: int, cache: Path, threads: int, files: Path
) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.reading_worker", name, str(folder.absolute())]
    done = subprocess.run(
        [*command, str(side), str(BATCH), str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(threads, files, {}),
        check=False,
    )
    if done.returncode:
        raise ContenderError(f"{name} on {folder.name}: ended with exit code {done.returncode}")
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values
