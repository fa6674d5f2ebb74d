"""``python -m benchmarks.watching``: what it costs a training to be watched.

The same steps are taken in turns: without ``live`` files, with them, and with somebody who renews
``wanted.json`` every 2 seconds, so that the weights are laid out too. What is compared is the
processor time of a step, which other processes on the machine change least, and the time. A round
has each of the three once, in an order that changes from round to round, and gives their ratios;
the table has the median of all rounds and the lowest and highest. Since these ratios differ by more
than the cost from round to round, the table also has what share of the training's time its loop
waits for the run's folder: between steps for what is asked, after steps for what is written.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import data
from pellucid.architectures import ARCHITECTURES
from pellucid.data import Preprocessing
from pellucid.data.dataset import Dataset
from pellucid.engines import get_engine
from pellucid.files import Model
from pellucid.graph import Network, classifier_weights
from pellucid.layers import Normalise, Sequential
from pellucid.training import make_recipe, train
from pellucid.training.live.formats import LIVE, WANTED
from pellucid.training.objective import training_step
from pellucid.training.provenance import provenance
from pellucid.training.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pellucid.engines import Program
    from pellucid.training import Progress, TrainingResult

MODES = ("without", "live", "watched")

RENEW = """
import sys, time
from pathlib import Path
from pellucid.training.live import renew_wanted
while True:
    renew_wanted(Path(sys.argv[1]))
    time.sleep(2)
"""


@dataclass(frozen=True)
class Lesson:
    """What is learned: an architecture by name, pictures at random unless they are MNIST's.

    Attributes:
        architecture: By name.
        shape: Of a picture; none: MNIST's.
        batch: Pictures a step.
    """

    architecture: str
    shape: tuple[int, int, int] | None
    batch: int

    def pictures(self) -> Dataset:
        """What is learned from."""
        if self.shape is None:
            return data.load("mnist").train
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (512, *self.shape), np.uint8)
        return Dataset(images, np.arange(512) % 10, tuple("0123456789"), name="noise")


LESSONS = (
    Lesson("lenet5", None, 64),
    Lesson("resnet20", (32, 32, 3), 32),
    Lesson("mobilenet-v1", (64, 64, 3), 16),
)


WARM_UP = 1.5
"""Seconds before what is measured: modules are imported, and the first weights laid out."""


class _Enough(BaseException):
    """Training has gone on for long enough."""


@contextmanager
def _watched(run: Path) -> Iterator[None]:
    """Somebody watches a run, in a process of their own."""
    with subprocess.Popen([sys.executable, "-c", RENEW, str(run)]) as process:
        try:
            while not (run / LIVE / WANTED).exists() and process.poll() is None:
                time.sleep(0.05)
            yield
        finally:
            process.kill()


@dataclass(frozen=True)
class Cost:
    """What a picture cost in one measurement, in seconds.

    Attributes:
        processor: Of processor time.
        wall: Of time.
        own: Of time that the loop waits for the run's folder.
    """

    processor: float
    wall: float
    own: float


class TimedFolder(RunFolder):
    """A run's folder that measures how long the loop waits for it between and after steps."""

    waited = 0.0

    def after_step(self, progress: Progress) -> None:
        """Show how far it is."""
        began = time.perf_counter()
        super().after_step(progress)
        self.waited += time.perf_counter() - began

    def due(self) -> bool:
        """Look what is asked."""
        began = time.perf_counter()
        found = super().due()
        self.waited += time.perf_counter() - began
        return found


@dataclass
class Stopwatch:
    """A watcher that measures steps for some seconds, and then ends training.

    Attributes:
        folder: The run's, which is notified before.
        seconds: To measure.
        warm_up: Seconds before that.
        cost: What was measured.
    """

    folder: TimedFolder
    seconds: float
    warm_up: float
    cost: Cost = field(init=False)
    _now: tuple[float, ...] = field(default=(0.0, 0.0, 0.0), init=False)
    _left_out: tuple[float, ...] = field(default=(0.0, 0.0, 0.0), init=False)
    _start: float = field(default=0.0, init=False)
    _began: tuple[float, ...] | None = field(default=None, init=False)
    _images: int = field(default=0, init=False)
    _last: int = field(default=0, init=False)

    def after_step(self, progress: Progress) -> None:
        """Count it."""
        self._images += progress.images - self._last
        self._last = progress.images
        self._now = tuple(
            one - other for one, other in zip(self._clocks(), self._left_out, strict=True)
        )
        now = (*self._now, self._images)
        self._start = self._start or now[1]
        if self._began is None:
            if now[1] - self._start >= self.warm_up:
                self._began = now
        elif now[1] - self._began[1] >= self.seconds:
            *spent, images = (one - other for one, other in zip(now, self._began, strict=True))
            self.cost = Cost(*(each / images for each in spent))
            raise _Enough

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """The next epoch counts from 0; the end of this one, where all is kept, counts nowhere."""
        self._last = 0
        self._left_out = tuple(
            one - other for one, other in zip(self._clocks(), self._now, strict=True)
        )

    def _clocks(self) -> tuple[float, float, float]:
        return time.process_time(), time.perf_counter(), self.folder.waited


def measure(
    lesson: Lesson, seconds: float, rounds: int, place: Path, warm_up: float = WARM_UP
) -> dict[str, list[Cost]]:
    """What pictures cost in each round, by mode.

    Args:
        lesson: What is learned.
        seconds: Of each measurement.
        rounds: How many.
        place: A folder for the runs.
        warm_up: Seconds of steps before each measurement.
    """
    pictures = lesson.pictures()
    recipe = make_recipe(epochs=10_000, batch_size=lesson.batch, learning_rate=1e-4)
    channels = pictures.image_shape[2]
    layers: list[Any] = [
        Normalise([128.0] * channels, [64.0] * channels),
        ARCHITECTURES[lesson.architecture](10),
    ]
    graph = Sequential(layers).graph(pictures.image_shape)
    network = Network(graph, classifier_weights(graph, 0))
    model = Model(
        network, pictures.classes, Preprocessing(*pictures.image_shape),
        provenance(lesson.architecture, recipe, pictures, None, "native"),
    )  # fmt: skip
    program = get_engine("native").load(network, training_step(network, recipe))
    found: dict[str, list[Cost]] = {mode: [] for mode in MODES}
    for number in range(rounds):
        for mode in (*MODES[number % 3 :], *MODES[: number % 3]):
            run = place / f"{number}-{mode}"
            folder = TimedFolder(run, model, live=mode != "without")
            watch = Stopwatch(folder, seconds, warm_up)
            try:
                with _watched(run) if mode == "watched" else nullcontext():
                    train(program, pictures, recipe, watchers=[folder, watch])
            except _Enough:
                found[mode].append(watch.cost)
            finally:
                folder.close()
    return found


def lines(lesson: Lesson, found: dict[str, list[Cost]]) -> list[str]:
    """A table's rows of a lesson: what each mode costs beyond none."""
    rows = []
    for mode in MODES:
        cells = []
        for name in ("processor", "wall"):
            ratios = [
                100.0 * (getattr(one, name) / getattr(other, name) - 1.0)
                for one, other in zip(found[mode], found["without"], strict=True)
            ]
            cells.append(
                f"{statistics.median(ratios):+.1f} % ({min(ratios):+.1f} to {max(ratios):+.1f})"
            )
        shares = [100.0 * cost.own / cost.wall for cost in found[mode]]
        cells.append(f"{statistics.median(shares):.2f} % (to {max(shares):.2f})")
        speed = statistics.median(1.0 / cost.wall for cost in found[mode])
        rows.append(f"| {lesson.architecture} | {mode} | {' | '.join(cells)} | {speed:,.0f} |")
    return rows


HEAD = (
    "| network | | processor time | time | of it waiting for the folder | pictures a second |\n"
    "|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watching", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=[each.architecture for each in LESSONS])
    asked = parser.parse_args(arguments)
    print(HEAD)
    for lesson in LESSONS:
        if asked.only not in (None, lesson.architecture):
            continue
        with tempfile.TemporaryDirectory() as place:
            found = measure(lesson, asked.seconds, asked.rounds, Path(place))
        for line in lines(lesson, found):
            print(line, flush=True)


if __name__ == "__main__":
    main()
