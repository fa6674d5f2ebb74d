"""Training a head on the features of a frozen body: an epoch of its own, the first of a run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.decisions.marks import decisions_of
from pellucid.errors import ArgumentError
from pellucid.files.feature_file import PARTS, FeatureSet
from pellucid.graph import Network
from pellucid.ops.loss import one_hot
from pellucid.tasks import Regression
from pellucid.text import printable
from pellucid.training.changed_targets import ChangedTargets
from pellucid.training.checkpoint import Checkpoint, Moment, Tally, optimizers_of
from pellucid.training.ema import MovingAverage
from pellucid.training.feature_watch import FeatureWatch
from pellucid.training.history import Epoch
from pellucid.training.recovery import Recovery
from pellucid.training.result import Keeper, TrainingResult, Watcher
from pellucid.transfer.body import Body
from pellucid.transfer.choice import FOLDS, Choice, fit_head
from pellucid.transfer.features import FeatureReader, picture_digests
from pellucid.transfer.folds import make_folds
from pellucid.transfer.groups import connected, copies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.engines import Engine, Program
    from pellucid.tasks import Task
    from pellucid.training.recipe import Recipe
    from pellucid.transfer.feature_cache import FeatureCache
    from pellucid.transfer.head import Head

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Transfer:
    """How a trained body is used.

    Attributes:
        name: What the model that it is of is called.
        cache: Where features are kept; None for nowhere.
        weight_decay: Of the head; None to choose it by cross-validation.
        trains: The weights that learn by gradient descent afterwards, by their full names; empty
            where none do.
    """

    name: str
    cache: FeatureCache | None
    weight_decay: float | None = None
    trains: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Learned:
    """What training a head has come to.

    Attributes:
        checkpoint: The state after it.
        choice: The head, and how its weight decay was chosen.
        body: What made the features.
        features: Of the training pictures as they are, float32 (N, D).
        judged_by: Of those to validate by.
    """

    checkpoint: Checkpoint
    choice: Choice
    body: Body
    features: NDArray[np.float32]
    judged_by: NDArray[np.float32] | None


def feature_set(
    task: Task,
    body: Body,
    parts: Mapping[str, tuple[Dataset, NDArray[np.float32]]],
) -> FeatureSet:
    """Features of parts of data, as they are kept.

    Args:
        task: What is wanted of the pictures.
        body: What made the features.
        parts: The pictures of each part, and their features.
    """
    datasets = [(part, data) for part, (data, _) in parts.items()]
    return FeatureSet(
        features=np.concatenate([features for _, features in parts.values()]),
        names=tuple(data.picture_name(i) for _, data in datasets for i in range(len(data))),
        body=body.digest.hex(),
        targets=np.concatenate([data.targets.array for _, data in datasets]),
        parts=np.repeat(
            np.array([PARTS.index(part) for part in parts], np.uint8),
            [len(data) for _, data in datasets],
        ),
        task=task,
        decisions=decisions_of(data for _, data in datasets),
    )


def wanted(task: Task, data: Dataset) -> Floats:
    """What a task wants of every picture's outputs, float64 (N, K)."""
    targets = task.targets(data, slice(None))
    if targets.ndim == 1:
        return one_hot(targets, len(data.classes))
    return np.asarray(targets, np.float64)


def as_wanted(task: Task, targets: NDArray[Any]) -> Floats:
    """What a task wants of outputs, float64 (N, K), from targets as data bring them."""
    if isinstance(task, Regression):
        return task.standardised(targets)
    return one_hot(targets, len(task.names)) if task.of_one_class else targets.astype(np.float64)


def train_head(
    program: Program,
    data: Dataset,
    recipe: Recipe,
    transfer: Transfer,
    preprocessing: Preprocessing,
    engine: Engine,
    task: Task,
    *,
    validation: Dataset | None = None,
    watchers: Sequence[Watcher] = (),
    start: Checkpoint | None = None,
) -> Learned:
    """Compute features, fit the head to them, and judge it: the first epoch of a run.

    Args:
        program: The network with the body's weights; it gets the head's.
        data: The training pictures.
        recipe: Its loss, seed and augmentation are used.
        transfer: How the body is used.
        preprocessing: Of the network.
        engine: Who computes.
        task: What is learned.
        validation: Pictures to judge by.
        watchers: Notified as in :func:`pellucid.training.loop.train`.
        start: A state that was kept before; none: there is none.

    Returns:
        The head, the features it was learned from, and the state from which training goes on.

    Raises:
        ArgumentError: If the body gives numbers that are not finite, or pictures were to be mixed.
    """
    began = time.perf_counter()
    if start is not None:
        program.set_weights(start.now.weights)
    weights = program.weights()
    trained = TrainingResult(rate_changes=[] if start is None else start.trained.rate_changes)
    body = Body.of_network(Network(program.graph, weights), preprocessing, transfer.name)
    before = _checkpoint(program, recipe, Tally(), trained)
    seen = FeatureWatch(watchers, before, recipe.epochs, recipe.head_epochs + 1)
    reader = FeatureReader(body, engine, transfer.cache)
    features = reader.read_views(data.images, recipe.augmentation, recipe.seed, seen)
    judged_by = None if validation is None else reader.read(validation.images, seen)
    for part in (features, judged_by):
        if part is not None and not np.isfinite(part).all():
            raise ArgumentError(
                f"{printable(transfer.name)}: its body gives features that are not finite; take "
                "another body"
            )
    targets = wanted(task, data)
    views = len(features) // len(data)
    every = np.tile(targets, (views, 1))
    if recipe.augmentation.flip_negates:
        changed = ChangedTargets(task, data, recipe.augmentation, recipe.seed)
        rows = np.arange(len(data))
        every[len(data) :] = np.concatenate([changed.of(rows, view) for view in range(1, views)])
    groups = copies([data.images], picture_digests(data.images))
    if data.groups is not None:
        groups = connected(groups, data.groups.numbers)
    fold_of = make_folds(data.targets.strata, groups, FOLDS, recipe.seed)
    choice = fit_head(
        features,
        every,
        recipe.loss,
        np.tile(fold_of, views),
        weight_decay=transfer.weight_decay,
        progress=seen.stop_if_asked,
    )
    kernel, bias = body.head_weights
    weights |= {
        kernel: choice.head.kernel.astype(np.float32),
        bias: choice.head.bias.astype(np.float32),
    }
    program.set_weights(weights)
    seconds = time.perf_counter() - began - seen.rested
    row = _row(
        choice.head, recipe, task, (features[: len(data)], targets), data,
        None if validation is None else (judged_by, task.targets(validation, slice(None))), seconds,
    )  # fmt: skip
    trained.add(row, weights)
    checkpoint = _checkpoint(program, recipe, Tally(epoch=2), trained)
    for watcher in watchers:
        watcher.after_epoch(trained, program)
        if isinstance(watcher, Keeper):
            watcher.keep(checkpoint)
    return Learned(checkpoint, choice, body, features[: len(data)], judged_by)


def _row(
    head: Head,
    recipe: Recipe,
    task: Task,
    learned: tuple[NDArray[Any], Floats],
    data: Dataset,
    judged_by: tuple[Any, Any] | None,
    seconds: float,
) -> Epoch:
    features, targets = learned
    outputs = head.outputs(features)
    measures: dict[str, float] = {}
    loss = None
    if judged_by is not None:
        judge = task.judge(recipe.loss)
        judge.add(head.outputs(judged_by[0]), judged_by[1])
        judged = judge.judged()
        loss, measures = judged.loss, dict(judged.measures)
    correct = task.correct(outputs, targets) if task.of_one_class else None
    return Epoch(
        epoch=1,
        loss=float(recipe.loss.per_image(outputs, targets).mean()),
        accuracy=None if correct is None else correct / len(data),
        validation_loss=loss,
        validation_accuracy=measures.pop("accuracy", None),
        learning_rate=0.0,
        images_per_second=len(data) / seconds,
        seconds=seconds,
        measures=measures,
    )


def _checkpoint(
    program: Program, recipe: Recipe, tally: Tally, trained: TrainingResult
) -> Checkpoint:
    weights = program.weights()
    average = MovingAverage(recipe.ema, weights) if recipe.ema else None
    moment = Moment(
        tally,
        weights,
        optimizers_of(program),
        None if average is None else average.weights(),
        () if average is None else average.counters(),
    )
    return Checkpoint(moment, moment, Recovery(), trained)
