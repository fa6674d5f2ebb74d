"""``python -m benchmarks.winograd_accuracy``: does a network learn as well by Winograd's algorithm?

The same trainings twice, with it and without: same seeds, so same first weights and same order of
pictures. What differs are the last bits of sums; where a training leads is partly luck, and the
question is whether the luck is worse on one side. So accuracies on the test part are compared in
pairs, seed by seed, with the interval of Student's t.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine, tables
from pellucid import ImageClassifier, data
from pellucid.engines.native.kernels import registry
from pellucid.engines.native.kernels.winograd import Winograd
from pellucid.engines.native.report import report
from pellucid.engines.native.runtime.host.this_machine import host_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pellucid.data import Dataset, Splits

RESULTS = Path(__file__).parent / "results"

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Lesson:
    """What is learned.

    Attributes:
        name: For people.
        architecture: By name.
        epochs: How often each picture is seen.
        learned: How many pictures are learned at most.
        judged: How many of the test part.
        shuffled: Whether pictures come in an order that is chance already; others are shuffled.
    """

    name: str
    architecture: str
    epochs: int
    learned: int
    judged: int
    shuffled: bool

    def of(self, pictures: Splits) -> tuple[Dataset, Dataset]:
        """What is learned, and what is judged."""
        assert pictures.test is not None, "the folder needs a part named test"
        learn, judge = (
            np.arange(len(part)) if self.shuffled else part.order(0, 0)
            for part in (pictures.train, pictures.test)
        )
        return (
            pictures.train.subset(learn[: self.learned]),
            pictures.test.subset(judge[: self.judged]),
        )


DIGITS = Lesson("MNIST", "lecture", 4, 10_000, 10_000, shuffled=True)
PHOTOS = Lesson("photographs 32×32 of ten classes", "vgg-small", 4, 2_000, 4_000, shuffled=False)


@dataclass(frozen=True)
class Pairs:
    """Accuracies of the same trainings, with the algorithm and without.

    Attributes:
        lesson: What was learned.
        architecture: The network.
        epochs: How often each picture was seen.
        learned: Pictures that were learned.
        judged: Pictures of the test part.
        seeds: Of each pair.
        winograd: Accuracies with it, of each seed.
        direct: Without it.
        seconds: Processor time of all trainings and evaluations, with and without.
    """

    lesson: str
    architecture: str
    epochs: int
    learned: int
    judged: int
    seeds: list[int]
    winograd: list[float]
    direct: list[float]
    seconds: tuple[float, float]

    @property
    def differences(self) -> list[float]:
        """Accuracy with it − accuracy without it, of each seed."""
        return [a - b for a, b in zip(self.winograd, self.direct, strict=True)]

    @property
    def interval(self) -> tuple[float, float]:
        """Of the mean difference, by Student's t of the pairs."""
        return t_interval(self.differences)


def t_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval of a mean, of a few values that scatter as a normal distribution does.

    Args:
        values: Two at least.
        confidence: How often it holds the mean, 0 to 1.
    """
    from scipy.stats import t

    mean, count = statistics.fmean(values), len(values)
    half = t.ppf((1 + confidence) / 2, count - 1) * statistics.stdev(values) / count**0.5
    return float(mean - half), float(mean + half)


@contextmanager
def without_winograd() -> Iterator[None]:
    """The native engine's compiler without these kernels, in this process, for a while."""
    before = registry.KERNELS
    registry.KERNELS = tuple(kernel for kernel in before if kernel is not Winograd)
    try:
        yield
    finally:
        registry.KERNELS = before


def compare(lesson: Lesson, train: Dataset, test: Dataset, seeds: Sequence[int]) -> Pairs:
    """Train with each seed, with the algorithm and without, in turn.

    Args:
        lesson: What is learned.
        train: Pictures to learn.
        test: Pictures to be judged by.
        seeds: Of the trainings.
    """
    found: dict[bool, list[float]] = {True: [], False: []}
    seconds = {True: 0.0, False: 0.0}
    for seed in seeds:
        for tiles in (True, False):
            began = time.process_time()
            accuracy = _learn(lesson, train, test, seed, tiles=tiles)
            seconds[tiles] += time.process_time() - began
            found[tiles].append(accuracy)
            how = "by Winograd's algorithm" if tiles else "directly"
            print(f"{lesson.name}, seed {seed}, {how}: {accuracy:.2%}", flush=True)
    return Pairs(
        lesson.name, lesson.architecture, lesson.epochs, len(train), len(test), list(seeds),
        found[True], found[False], (seconds[True], seconds[False]),
    )  # fmt: skip


def _learn(lesson: Lesson, train: Dataset, test: Dataset, seed: int, *, tiles: bool) -> float:
    """The accuracy of one training on the test part."""
    with nullcontext() if tiles else without_winograd():
        model = ImageClassifier(
            lesson.architecture, epochs=lesson.epochs, seed=seed, validation=0, engine="native",
            verbose=0,
        )  # fmt: skip
        model.fit(train)
        plan = report(model.model_.network.graph, host_target(1), batch=1, training=True)
        used = any(stage.computed_by == Winograd.__name__ for stage in plan.stages)
        assert used == tiles, "the comparison needs layers that the algorithm takes"
        return float(model.evaluate(test).accuracy)


HEAD = [
    "pictures", "network", "epochs", "seeds", "Winograd, mean (sd)", "direct, mean (sd)",
    "difference", "95 % interval", "processor time ÷",
]  # fmt: skip


def rows(found: Sequence[Pairs]) -> list[list[str]]:
    """A row for each comparison; accuracies in per cent, differences in points."""
    return [
        [
            f"{pairs.lesson}, {pairs.learned:,} learned, {pairs.judged:,} judged",
            f"`{pairs.architecture}`",
            str(pairs.epochs),
            str(len(pairs.seeds)),
            _mean(pairs.winograd),
            _mean(pairs.direct),
            _points(statistics.fmean(pairs.differences)),
            " to ".join(map(_points, pairs.interval)),
            f"{pairs.seconds[0] / pairs.seconds[1]:.2f}",
        ]
        for pairs in found
    ]


def _mean(accuracies: Sequence[float]) -> str:
    return f"{statistics.fmean(accuracies):.2%} ({100 * statistics.stdev(accuracies):.2f})"


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def main() -> None:
    """Train, print, and write a table."""
    given = _parse()
    seeds = range(given.seeds)
    found = [compare(DIGITS, *DIGITS.of(data.load("mnist", validation=0)), seeds)]
    if given.photos is not None:
        photos = data.load(given.photos, validation=0)
        found.append(compare(PHOTOS, *PHOTOS.of(photos), seeds))
    here = machine.describe()
    table = tables.markdown(HEAD, rows(found))
    print(table)
    facts = "\n".join(f"- {name}: {value}" for name, value in here.items())
    text = f"# Accuracy with Winograd's algorithm and without\n\n{facts}\n\n{table}\n"
    (given.out / "winograd-accuracy.md").write_text(text, encoding="utf-8")
    values: dict[str, Any] = {"machine": here, "results": [asdict(pairs) for pairs in found]}
    written = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    (given.out / "winograd-accuracy.json").write_text(written, encoding="utf-8")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Accuracy with Winograd's algorithm and without.")
    parser.add_argument("--photos", type=Path, help="a folder train/CLASS, test/CLASS of 32×32")
    parser.add_argument("--seeds", type=int, default=5, help="how many trainings of either kind")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what was found")
    return parser.parse_args()


if __name__ == "__main__":
    main()
