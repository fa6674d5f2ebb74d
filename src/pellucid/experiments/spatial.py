"""An experiment with distorted pictures: does a network do better that looks for itself?

Each kind of distortion (:mod:`pellucid.experiments.distortions`) is learned by two networks of as
many weights: a plain one, and one with a spatial transformer before it, which turns, scales and
moves what it sees (Jaderberg et al. 2015, *Spatial transformer networks*, section 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import DataError
from pellucid.estimators.planning import statistics
from pellucid.experiments.distortions import KINDS, border_level, distorted
from pellucid.experiments.experiment import (
    LEARNED,
    Outcome,
    check_classes,
    compare,
    kept_runs,
    some_of,
)
from pellucid.experiments.spatial_networks import (
    PLAIN,
    QUESTION,
    SOURCE,
    TRANSFORMER,
    experiment_on,
    weights_of,
)
from pellucid.known_names import find_name
from pellucid.ops import Normalise
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import array_shape, counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.estimators.classifier import ImageClassifier
    from pellucid.experiments.training_run import Run

NAME = "spatial-transformer"

SMALLEST = 20
"""Least sides of pictures, for two convolutions 5×5 with pooling."""

COPIES = 20
"""How often each picture is distorted."""

JUDGED = 5000
"""How many pictures networks are judged by, at most; of few errors, many are needed to tell."""

SHOWN = 8
"""Pictures of each kind whose parts are kept, to be looked at."""

SCHEMA = 1
"""Version of :meth:`SpatialOutcome.to_dict`."""


@short_repr
@dataclass(frozen=True, eq=False)
class Looked:
    """What a transformer took of some pictures.

    Attributes:
        before: The pictures, uint8 (n, H', W', C).
        after: What went on, uint8 (n, H, W, C).
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"before": self.before.tolist(), "after": self.after.tolist()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Looked:
        """What :meth:`to_dict` described."""
        return cls(np.array(record["before"], np.uint8), np.array(record["after"], np.uint8))


@short_repr
@dataclass(frozen=True, eq=False)
class SpatialOutcome(Record):
    """What came out.

    Attributes:
        outcomes: By kind of distortion.
        looked: What the transformer of seed 0 took of some pictures, by kind; kinds are missing of
            which that training diverged.
        weights: How many each network has, by kind and network.
    """

    record_kind: ClassVar[str] = "spatial experiment"
    outcomes: dict[str, Outcome]
    looked: dict[str, Looked]
    weights: dict[str, dict[str, int]]

    @property
    def table(self) -> list[dict[str, Any]]:
        """A row a kind: median errors of both, their least and largest, and their ratio.

        ``ratio`` is none where the plain network makes no error.
        """
        rows = []
        for kind, outcome in self.outcomes.items():
            found = {row["variant"]: row for row in outcome.table}
            plain, own = (1.0 - found[name]["accuracy"] for name in (PLAIN, TRANSFORMER))
            rows.append(
                {
                    "kind": kind,
                    "plain": plain,
                    "plain_runs": [1.0 - each.accuracy for each in outcome.of(PLAIN)],
                    "transformer": own,
                    "transformer_runs": [1.0 - each.accuracy for each in outcome.of(TRANSFORMER)],
                    "ratio": own / plain if plain > 0 else None,
                    "weights": self.weights[kind],
                }
            )
        return rows

    @property
    def verdict(self) -> str:
        """What was seen, in a line."""
        rows = [row for row in self.table if row["ratio"] is not None]
        better = [row for row in rows if row["ratio"] < 1]
        if not rows:
            return "the plain network makes no error"
        apart = [
            row["kind"] for row in better if max(row["transformer_runs"]) < min(row["plain_runs"])
        ]
        kinds = f"{len(better)} of {counted(len(rows), 'kind')}"
        seen = f"the spatial transformer makes fewer errors on {kinds}"
        if len(next(iter(self.outcomes.values())).of(PLAIN)) < 3:
            return f"{seen}; --seeds 3 or more show how far chance reaches"
        if not apart:
            return f"{seen}, but on all of them runs overlap: seeds make as much of a difference"
        return f"{seen}; every run of it was better than every plain one on {', '.join(apart)}"

    def to_csv(self) -> str:
        """A row an epoch of each run."""
        from pellucid.csv_text import csv_text

        head = ["kind", "variant", "seed", "epoch", "loss", "validation_accuracy"]
        rows = (
            [kind, run.variant, run.seed, each.epoch, each.loss, each.validation_accuracy]
            for kind, outcome in self.outcomes.items()
            for run in outcome.runs
            for each in run.epochs
        )
        return csv_text([head, *rows])

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; see ``docs/experiments.md``."""
        return {
            "schema": SCHEMA,
            "experiment": NAME,
            "question": QUESTION,
            "source": SOURCE,
            "table": self.table,
            "verdict": self.verdict,
            "kinds": {kind: outcome.to_dict() for kind, outcome in self.outcomes.items()},
        }


def run_spatial(
    learned: Dataset,
    judged: Dataset,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    copies: int = COPIES,
    epochs: int | None = None,
    seeds: int = 3,
    progress: Callable[[str, Run], None] | None = None,
    folder: Path | None = None,
) -> SpatialOutcome:
    """Train both networks on pictures of every kind with every seed.

    Args:
        learned: Upright pictures to learn from; 6 000 of them are drawn where there are more.
        judged: Others to judge by, 5 000 at most.
        kinds: Names of :data:`pellucid.experiments.distortions.KINDS`.
        copies: How often each picture to learn from is distorted, each time otherwise.
        epochs: How often all of these are seen; none for 10, and 16 where they are cluttered.
        seeds: How often each network is trained, with seeds from 0.
        progress: Called with the kind and with every run when it is done.
        folder: A folder in whose ``unfinished`` trained networks' runs are kept: asked again, it
            trains those that are missing. Who has saved what came out may remove them. None: they
            are not kept.

    Raises:
        ArgumentError: If there is no such kind, or the folder has the runs of other pictures or
            settings.
        DataError: If there are too few pictures, they are smaller than 20×20, or they have not one
            class each.
    """
    height, width, _ = learned.image_shape
    if min(height, width) < SMALLEST:
        raise DataError(
            f"{printable(learned.name)}: pictures of {array_shape((height, width))} pixels; this "
            f"experiment needs {SMALLEST}×{SMALLEST} or more; give larger ones"
        )
    check_classes(learned, judged)
    checks.whole("copies", copies, 1, 1000)
    kinds = [find_name("kind of distortion", kind, KINDS) for kind in kinds]
    some, test = some_of(learned, LEARNED), some_of(judged, JUDGED)
    train = some.subset(np.tile(np.arange(len(some)), copies))
    found = [_of_kind(kind, kinds, train, test, epochs, seeds, progress, folder) for kind in kinds]
    outcomes, looked, weights = zip(*found, strict=True) if found else ((), (), ())
    return SpatialOutcome(
        dict(zip(kinds, outcomes, strict=True)),
        {kind: seen for kind, seen in zip(kinds, looked, strict=True) if seen is not None},
        dict(zip(kinds, weights, strict=True)),
    )


def _of_kind(
    kind: str,
    kinds: Sequence[str],
    train: Dataset,
    test: Dataset,
    epochs: int | None,
    seeds: int,
    progress: Callable[[str, Run], None] | None,
    folder: Path | None,
) -> tuple[Outcome, Looked | None, dict[str, int]]:
    """What comes out on pictures distorted in a way, what was looked at, and weights by network."""
    size, classes = train.image_shape[:2], len(train.classes)
    parts = distorted(train, kind, seed=0), distorted(test, kind, seed=1)
    mean, deviation = statistics(parts[0])
    around = ((border_level(train.images) - np.array(mean)) / np.array(deviation)).tolist()
    experiment = experiment_on(kind, parts[0].image_shape, size, classes, around)
    kept = None if folder is None else kept_runs(folder, experiment, *parts, epochs, kind, kinds)
    seen: list[Looked] = []

    def done(each: Run) -> None:
        if progress is not None:
            progress(kind, each)

    def fitted(each: Run, classifier: ImageClassifier) -> None:
        if each.variant != TRANSFORMER or each.seed != 0 or each.diverged:
            return
        seen.append(look(classifier, parts[1].images[:SHOWN]))
        if kept is not None:
            kept.keep_seen(seen[0].to_dict())

    outcome = compare(
        experiment, *parts, epochs=epochs, seeds=seeds, progress=done, fitted=fitted, kept=kept
    )
    if kept is not None and not seen and (before := kept.seen()):
        seen.append(Looked.from_dict(before))
    weights = {
        name: weights_of(layers(classes), parts[0].image_shape)
        for name, layers in experiment.variants.items()
    }
    return outcome, seen[0] if seen else None, weights


def look(classifier: ImageClassifier, images: NDArray[np.uint8]) -> Looked:
    """What a trained transformer, the first layers of a classifier, takes of pictures.

    Args:
        classifier: It has one :class:`pellucid.layers.SpatialTransformer`.
        images: Pictures as it takes them, uint8 (N, H, W, C).
    """
    network = classifier.model_.network
    sampled = next(n.name for n in network.graph.nodes if n.operation.kind == "grid_sample")
    part = network.select(sampled)
    (values,) = get_engine(DEFAULT).load(part).run(part.graph, {part.graph.input: images}).values()
    for node in reversed(network.graph.nodes):  # undone in the order opposite to that of doing
        if isinstance(node.operation, Normalise):
            values = values * np.array(node.operation.std) + np.array(node.operation.mean)
    return Looked(images, np.clip(np.rint(values), 0, 255).astype(np.uint8))
