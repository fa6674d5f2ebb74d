"""Training and judging of detectors by regions, each step and each picture alike for all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.region_head import TARGETS
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import TrainingDivergedError
from pellucid.experiments.proposed import empty, moved
from pellucid.experiments.region_detectors import STREAM
from pellucid.ops.operation import Mode
from pellucid.short_repr import short_repr
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.batches import batch_places, order
from pellucid.training.objective import training_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.experiments.proposed import Regions
    from pellucid.experiments.region_detectors import RegionDetector
    from pellucid.graph import Network
    from pellucid.tasks import RegionDetection
    from pellucid.training.recipe import Recipe


@short_repr
@dataclass(frozen=True, eq=False)
class Trained:
    """A detector that has learned.

    Attributes:
        program: Its network.
        losses: Of its regions, the mean over the steps of each epoch.
        seconds: How long all steps took together.
    """

    program: Program
    losses: tuple[float, ...]
    seconds: float


def train_regions(
    detector: RegionDetector,
    network: Network,
    data: Dataset,
    regions: Regions | None,
    recipe: Recipe,
    task: RegionDetection,
    progress: Callable[[int, float], None] | None = None,
) -> Trained:
    """Train a detector: a step for each batch of pictures, the same ones for every detector.

    Args:
        detector: Which.
        network: With its first weights, and the graph that it is trained with.
        data: The pictures to learn from.
        regions: Of these, (N, R, 6); none where the detector proposes them itself.
        recipe: How to train.
        task: What is learned.
        progress: Called with the epoch from 1 and its loss.

    Raises:
        TrainingDivergedError: If a loss is not finite.
    """
    step = training_step(network, recipe)
    program = get_engine(DEFAULT).load(network, step)
    own = next(iter(step.losses))
    loader = BatchLoader(data, recipe, task)
    losses = []
    began = time.perf_counter()
    for epoch in range(recipe.epochs):
        shuffled, total = order(len(data), seed=recipe.seed, epoch=epoch), 0.0
        for number in range(loader.steps):
            images, targets = loader.batch(epoch, number)
            at = shuffled[batch_places(len(data), recipe.batch_size, number)]
            given = empty(len(at), 1) if regions is None else moved(
                regions[at], at, recipe.augmentation,
                shape=data.image_shape[:2], seed=recipe.seed, epoch=epoch,
            )  # fmt: skip
            mode = Mode(
                training=True, seed=recipe.seed, step=epoch * loader.steps + number, stream=STREAM
            )
            factor = recipe.factor(epoch + 1, number, loader.steps)
            feeds = detector.batch(step.graph, images, targets, given, mode)
            if not len(feeds[TARGETS]):
                continue  # no picture of the batch has a region or a box
            with np.errstate(all="ignore"):  # the check below says more than NumPy's warnings
                outputs = program.step(feeds, recipe.learning_rate * factor)
            if not np.isfinite(step.total(outputs)):
                raise TrainingDivergedError(
                    f"{detector.name}: the loss is {step.total(outputs):.4g} in step {number + 1} "
                    f"of epoch {epoch + 1}"
                )
            total += float(outputs[own])
        losses.append(total / loader.steps)
        if progress is not None:
            progress(epoch + 1, losses[-1])
    return Trained(program, tuple(losses), time.perf_counter() - began)


def judge_regions(
    detector: RegionDetector,
    program: Program,
    data: Dataset,
    regions: Regions | None,
    task: RegionDetection,
) -> tuple[NDArray[np.float64], list[NDArray[np.float32]], float]:
    """What a detector finds, one picture at a time.

    Args:
        detector: Which.
        program: Its network.
        data: The pictures to judge by.
        regions: As for :func:`train_regions`, of these.
        task: What was learned.

    Returns:
        Boxes (N, most, 6) as the task answers them, the regions that were looked at (R, 6) of each
        picture, and the mean seconds a picture, the first one, which an engine compiles for, left
        out where there are several.

    Raises:
        TrainingDivergedError: If the network answers with NaN or infinity.
    """
    found = np.zeros((len(data), task.most, 6))
    looked, seconds = [], []
    for i, picture in enumerate(data.images):
        given = empty(1, 1)[0] if regions is None else regions[i]
        began = time.perf_counter()
        with np.errstate(all="ignore"):
            rows = detector.rows(program, picture, given)
        if not np.isfinite(rows).all():
            raise TrainingDivergedError(f"{detector.name}: it answers with NaN or infinity")
        found[i] = task.answer(rows[None].astype(np.float64))[0]
        seconds.append(time.perf_counter() - began)
        looked.append(rows[:, :6])
    return found, looked, float(np.mean(seconds[1:] or seconds))
