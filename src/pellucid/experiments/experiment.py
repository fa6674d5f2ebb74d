"""An experiment: networks that differ in one thing, trained alike, several times."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.csv_text import csv_text
from pellucid.data.split import stratified_split
from pellucid.errors import DataError, ShapeError, TrainingDivergedError
from pellucid.estimators.classifier import ImageClassifier
from pellucid.experiments.kept_runs import KeptRuns, digest_of
from pellucid.experiments.training_run import Run
from pellucid.graph.serialise import graph_to_dict
from pellucid.metrics.chance import chance, wilson
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import SingleLabel
from pellucid.text import printable
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.layers import Sequential

    Spreads = dict[str, dict[str, list[float]]]
    """By variant, then ``forward`` and ``backward``: a standard deviation a layer with weights."""

LEARNED, JUDGED = 6000, 2000
"""How many pictures are learned from and judged by, at most; each class in proportion."""

SCHEMA = 1
"""Version of :meth:`Outcome.to_dict`."""


@short_repr
@dataclass(frozen=True)
class Experiment:
    """Networks that differ in one thing.

    Attributes:
        name: On the command line.
        question: What it asks, in one line.
        source: Where the question comes from.
        variants: By name, a function from the number of classes to layers.
        epochs: How often every picture is seen, where nothing else is asked.
        settings: Of the classifier, the same for all.
        caution: What the outcome does not prove.
        spreads: For experiments on first weights, what looks at layers before any training; see
            :func:`pellucid.experiments.deep.spreads`. It is given the experiment and the pictures
            to learn from, and its result is the outcome's ``spreads``.
    """

    name: str
    question: str
    source: str
    variants: Mapping[str, Callable[[int], Sequential]]
    epochs: int
    settings: Mapping[str, Any]
    caution: str
    spreads: Callable[[Experiment, Dataset], Spreads] | None = None


@short_repr
@dataclass(frozen=True, eq=False)
class Outcome(Record):
    """What came out.

    Attributes:
        experiment: What was tried.
        learned: How many pictures were learned from.
        judged: How many the networks were judged by.
        runs: All of them, in the order of variants, then seeds.
        spreads: What the experiment's own ``spreads`` found; empty where it has none.
        guessing: The share of the most frequent class among the pictures to judge by: the accuracy
            of always answering it.
    """

    record_kind: ClassVar[str] = "experiment"
    experiment: Experiment
    learned: int
    judged: int
    runs: tuple[Run, ...]
    spreads: Spreads = field(default_factory=dict)
    guessing: float | None = None

    def of(self, variant: str) -> list[Run]:
        """The runs of one variant."""
        return [run for run in self.runs if run.variant == variant]

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a variant: median, least and largest accuracy, median loss, diverged runs.

        ``spread`` is the largest accuracy less the least; these three are none where a variant was
        trained once, since a single run shows no spread.
        ``interval`` is the 95 % interval that the number of pictures gives the median accuracy.
        """
        rows = []
        for variant in self.experiment.variants:
            runs = self.of(variant)
            accuracies = [run.accuracy for run in runs]
            losses = [run.loss for run in runs if run.loss is not None]
            several = len(runs) > 1
            rows.append(
                {
                    "variant": variant,
                    "accuracy": median(accuracies),
                    "interval": list(wilson(round(median(accuracies) * self.judged), self.judged)),
                    "least": min(accuracies) if several else None,
                    "largest": max(accuracies) if several else None,
                    "spread": max(accuracies) - min(accuracies) if several else None,
                    "loss": median(losses) if losses else None,
                    "diverged": sum(run.diverged for run in runs),
                }
            )
        return rows

    @property
    def seeds(self) -> int:
        """How many seeds each variant was trained with; the fewest, where they differ."""
        return min(len(self.of(variant)) for variant in self.experiment.variants)

    @property
    def verdict(self) -> str:
        """What was seen, in a line, claiming no more than the seeds can show."""
        rows = sorted(self.table, key=lambda row: -row["accuracy"])
        best, worst = rows[0], rows[-1]
        if len(rows) == 1:
            return f"{best['variant']} reached {best['accuracy']:.2%}"
        if best["accuracy"] == worst["accuracy"]:
            seen = f"all variants reached {best['accuracy']:.2%}"
        else:
            seen = (
                f"{best['variant']} was best ({best['accuracy']:.2%}), {worst['variant']} worst "
                f"({worst['accuracy']:.2%})"
            )
        few = "--seeds 3 or more show how far chance reaches"
        if self.seeds == 1:
            return f"{seen} with the one seed that was tried, which may be chance: {few}"
        if best["accuracy"] == worst["accuracy"] or best["least"] <= worst["largest"]:
            return f"{seen}, but their runs overlap: seeds make as much of a difference"
        if self.seeds == 2:
            return f"{seen} with both seeds that were tried, which may be chance: {few}"
        return f"{seen}; every run of the one was better than every run of the other"

    def to_csv(self) -> str:
        """A row an epoch of each run."""
        rows = (
            [run.variant, run.seed, each.epoch, each.loss, each.validation_accuracy]
            for run in self.runs
            for each in run.epochs
        )
        return csv_text([["variant", "seed", "epoch", "loss", "validation_accuracy"], *rows])

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; see ``docs/experiments.md``."""
        return {
            "schema": SCHEMA,
            "experiment": self.experiment.name,
            "question": self.experiment.question,
            "source": self.experiment.source,
            "learned": self.learned,
            "judged": self.judged,
            "guessing": self.guessing,
            "table": self.table,
            "verdict": self.verdict,
            "caution": self.experiment.caution,
            "runs": [
                {
                    "variant": run.variant,
                    "seed": run.seed,
                    "diverged": run.diverged,
                    "epochs": [each.to_dict() for each in run.epochs],
                }
                for run in self.runs
            ],
            "spreads": self.spreads,
        }


def run(
    experiment: Experiment,
    learned: Dataset,
    judged: Dataset,
    *,
    epochs: int | None = None,
    seeds: int = 3,
    progress: Callable[[Run], None] | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Train every variant with every seed on some of the pictures; see :func:`compare`.

    Args:
        experiment: What to try.
        learned: Pictures to learn from; 6 000 of them are drawn where there are more.
        judged: Others to judge by, 2 000 at most.
        epochs: How often every picture is seen; none for the experiment's own.
        seeds: How often each variant is trained, with seeds from 0.
        progress: Called with every run when it is done.
        folder: A folder in whose ``unfinished`` trained networks' runs are kept: asked again, it
            trains those that are missing. Who has saved what came out may remove them. None: they
            are not kept.

    Raises:
        ArgumentError: If the folder has the runs of other pictures or epochs.
        DataError: If there are too few pictures, they are smaller than the networks need, or they
            have not one class each.
    """
    check_classes(learned, judged)
    train, test = some_of(learned, LEARNED), some_of(judged, JUDGED)
    kept = None if folder is None else kept_runs(folder, experiment, train, test, epochs)
    return compare(
        experiment, train, test, epochs=epochs, seeds=seeds, progress=progress, kept=kept
    )


def kept_runs(
    folder: Path,
    experiment: Experiment,
    train: Dataset,
    test: Dataset,
    epochs: int | None,
    part: str = "",
    kinds: Sequence[str] = (),
) -> KeptRuns:
    """The runs of an experiment that a folder has, if it was interrupted there.

    Args:
        folder: Where.
        experiment: What is tried.
        train: All pictures to learn from.
        test: All to judge by.
        epochs: How often every picture is seen; none for the experiment's own.
        part: What it is called among others of one folder.
        kinds: All parts that are asked for.

    Raises:
        ArgumentError: If the folder has runs of another experiment, pictures, networks or settings.
    """
    networks = {}
    with suppress(ShapeError):  # training will say which pictures are too small
        for name, layers in experiment.variants.items():
            graph = layers(len(train.classes)).graph(train.image_shape)
            networks[name] = digest_of(graph_to_dict(graph))
    follows_from = {
        "experiment": experiment.name,
        "kinds": sorted(kinds),
        "version": __version__,
        "pictures to learn from": train.fingerprint(),
        "pictures to judge by": test.fingerprint(),
        "networks": digest_of(networks),
        "settings": digest_of(dict(experiment.settings)),
        "epochs": experiment.epochs if epochs is None else epochs,
    }
    return KeptRuns.open(folder, follows_from, part)


def compare(
    experiment: Experiment,
    train: Dataset,
    test: Dataset,
    *,
    epochs: int | None = None,
    seeds: int = 3,
    progress: Callable[[Run], None] | None = None,
    fitted: Callable[[Run, ImageClassifier], None] | None = None,
    kept: KeptRuns | None = None,
) -> Outcome:
    """Train every variant with every seed, and judge it after its last epoch.

    Seeds go round before variants do, so that what is slow or fast on the way meets all alike. The
    last epoch counts, not the best one: nothing is chosen by the pictures that judge.

    Args:
        experiment: What to try.
        train: All pictures to learn from, one class each.
        test: All others, to judge by.
        epochs: How often every picture is seen; none for the experiment's own.
        seeds: How often each variant is trained, with seeds from 0.
        progress: Called with every run when it is done.
        fitted: Called with every run and the network that it trained; not with kept ones.
        kept: Runs that are not trained again, and where new ones are kept.

    Raises:
        DataError: If there are too few pictures, or they are smaller than the networks need.
    """
    runs: dict[tuple[str, int], Run] = {}
    for seed in range(seeds):
        for name, layers in experiment.variants.items():
            done = None if kept is None else kept.find(name, seed)
            if done is None:
                classifier = ImageClassifier(
                    layers,
                    seed=seed,
                    epochs=experiment.epochs if epochs is None else epochs,
                    **experiment.settings,
                )
                try:
                    classifier.fit(train, validation_data=test, verbose=0)
                    done = Run(name, seed, tuple(classifier.history_))
                except TrainingDivergedError:
                    done = Run(name, seed, (), diverged=True)
                if fitted is not None:
                    fitted(done, classifier)
                if kept is not None:
                    kept.keep(done)
            runs[name, seed] = done
            if progress is not None:
                progress(done)
    ordered = tuple(runs[name, seed] for name in experiment.variants for seed in range(seeds))
    found = {} if experiment.spreads is None else experiment.spreads(experiment, train)
    guessing = chance(0, test.places, test.classes).guessing
    return Outcome(experiment, len(train), len(test), ordered, found, guessing)


def check_classes(*parts: Dataset) -> None:
    """Check that pictures have one class each.

    Raises:
        DataError: If they have not.
    """
    for data in parts:
        if data.kind != SingleLabel.kind:
            raise DataError(
                f"{printable(data.name)}: data for {data.targets.title}; an experiment compares "
                "accuracies, which one class a picture has"
            )


def some_of(data: Dataset, most: int) -> Dataset:
    """At most ``most`` pictures, each class in proportion."""
    if len(data) <= most:
        return data
    return data.subset(stratified_split(data.places, {"part": most}, seed=0)["part"])


def part_to_judge_by(splits: Any) -> Dataset:
    """The validation pictures of some data.

    Raises:
        DataError: If there are none.
    """
    if splits.validation is None or not len(splits.validation):
        raise DataError(
            "there are no pictures to judge by; give data of which some can be held out"
        )
    chosen: Dataset = splits.validation
    return chosen
