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
from pellucid.experiments.distortions import KINDS, distorted
from pellucid.experiments.experiment import (
    JUDGED,
    LEARNED,
    Experiment,
    Outcome,
    check_classes,
    compare,
    some_of,
)
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    MaxPool,
    ReLU,
    Sequential,
    SpatialTransformer,
)
from pellucid.ops import Normalise
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import array_shape, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.estimators.classifier import ImageClassifier
    from pellucid.experiments.experiment import Run
    from pellucid.layers import Block
    from pellucid.ops.operation import Shape

NAME = "spatial-transformer"
PLAIN, TRANSFORMER = "plain network", "spatial transformer"

UNITS = 64
"""Hidden units behind the transformer; the plain network has as many as make up its weights."""

SCALE = 0.3
"""Of the six numbers of the map: how fast places move, against all else that learns."""

SMALLEST = 20
"""Least sides of pictures, for two convolutions 5×5 with pooling."""

COPIES, EPOCHS = 4, 4
"""How often each picture is distorted, and how often all of these are seen."""

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
        seen = f"the spatial transformer makes fewer errors on {len(better)} of {len(rows)} kinds"
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


QUESTION = "Does a network do better that turns, scales and moves what it sees?"
SOURCE = "Jaderberg et al. 2015, Spatial transformer networks, section 4.1 and appendix A"
CAUTION = (
    "The paper's networks see every picture several hundred times, each time distorted anew; here "
    "each is distorted a few times, and each of these is seen a few times."
)


def run_spatial(
    learned: Dataset,
    judged: Dataset,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    copies: int = COPIES,
    epochs: int | None = None,
    seeds: int = 3,
    progress: Callable[[str, Run], None] | None = None,
) -> SpatialOutcome:
    """Train both networks on pictures of every kind with every seed.

    Args:
        learned: Upright pictures to learn from; 6 000 of them are drawn where there are more.
        judged: Others to judge by, 2 000 at most.
        kinds: Names of :data:`pellucid.experiments.distortions.KINDS`.
        copies: How often each picture to learn from is distorted, each time otherwise.
        epochs: How often all of these are seen; none for 4.
        seeds: How often each network is trained, with seeds from 0.
        progress: Called with the kind and with every run when it is done.

    Raises:
        DataError: If there are too few pictures, they are smaller than 20×20, or they have not one
            class each.
    """
    height, width, _ = shape = learned.image_shape
    if min(height, width) < SMALLEST:
        raise DataError(
            f"{printable(learned.name)}: pictures of {array_shape((height, width))} pixels; this "
            f"experiment needs {SMALLEST}×{SMALLEST} or more; give larger ones"
        )
    check_classes(learned, judged)
    checks.whole("copies", copies, 1, 1000)
    some, test = some_of(learned, LEARNED), some_of(judged, JUDGED)
    train = some.subset(np.tile(np.arange(len(some)), copies))
    outcomes: dict[str, Outcome] = {}
    looked: dict[str, Looked] = {}
    weights: dict[str, dict[str, int]] = {}
    for kind in kinds:
        parts = distorted(train, kind, seed=0), distorted(test, kind, seed=1)
        experiment = experiment_on(kind, parts[0].image_shape, shape[:2], len(learned.classes))
        weights[kind] = {
            name: _weights(layers(len(learned.classes)), parts[0].image_shape)
            for name, layers in experiment.variants.items()
        }

        def done(each: Run, kind: str = kind) -> None:
            if progress is not None:
                progress(kind, each)

        def fitted(
            each: Run, classifier: ImageClassifier, kind: str = kind, test: Dataset = parts[1]
        ) -> None:
            if each.variant == TRANSFORMER and each.seed == 0 and not each.diverged:
                looked[kind] = look(classifier, test.images[:SHOWN])

        outcomes[kind] = compare(
            experiment, *parts, epochs=epochs, seeds=seeds, progress=done, fitted=fitted
        )
    return SpatialOutcome(outcomes, looked, weights)


def experiment_on(kind: str, shape: Shape, size: tuple[int, int], classes: int) -> Experiment:
    """Both networks for distorted pictures of a shape.

    Args:
        kind: The distortion's name.
        shape: (height, width, channels) of distorted pictures.
        size: (height, width) of upright ones, which the transformer makes again.
        classes: How many.
    """

    def transformer(classes: int) -> Sequential:
        made = SpatialTransformer(_localisation(), size, scale=SCALE)
        return Sequential([made, *_body(UNITS, classes)])

    wanted = _weights(transformer(classes), shape)
    few, more = (_weights(Sequential(_body(units, classes)), shape) for units in (1, 2))
    units = max(1, round((wanted - few) / (more - few)) + 1)

    def plain(classes: int) -> Sequential:
        return Sequential(_body(units, classes))

    return Experiment(
        kind,
        QUESTION,
        SOURCE,
        {PLAIN: plain, TRANSFORMER: transformer},
        epochs=EPOCHS,
        settings=SETTINGS,
        caution=CAUTION,
    )


SETTINGS = {"batch_size": 64, "optimizer": "adam"}
"""Of both networks. With plain steps of equal length in all weights, early steps throw the places
off the picture for good, from where no gradient leads back."""


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
    for node in network.graph.nodes:
        if isinstance(node.operation, Normalise):
            values = values * np.array(node.operation.std) + np.array(node.operation.mean)
    return Looked(images, np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _localisation() -> list[Block]:
    """From pictures to what their place follows from, at half the resolution."""
    return [
        MaxPool(2), Conv2D(20, 5), ReLU(), MaxPool(2), Conv2D(20, 3), ReLU(), Flatten(), Dense(32),
        ReLU(),
    ]  # fmt: skip


def _body(units: int, classes: int) -> list[Block]:
    """Two convolutions 5×5 with pooling, and two dense layers."""
    return [
        Conv2D(16, 5), ReLU(), MaxPool(2), Conv2D(32, 5), ReLU(), MaxPool(2), Flatten(),
        Dense(units), ReLU(), Dense(classes),
    ]  # fmt: skip


def _weights(layers: Sequential, shape: Shape) -> int:
    parameters = layers.graph(shape).parameters.values()
    return sum(int(np.prod(each.shape)) for each in parameters)
