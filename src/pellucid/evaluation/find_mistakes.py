"""Find mistakes: a model's answers to pictures, and by folds to those that it learned from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.note import Note
from pellucid.data.reading import Reading
from pellucid.engines.batches import images_at_once
from pellucid.engines.batches import parts as batches
from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation.mistakes import Mistakes
from pellucid.evaluation.numbers_off import UNIT, no_better, numbers_off
from pellucid.evaluation.part_features import PartFeatures, kept_together
from pellucid.evaluation.predict_logits import DIVERGED
from pellucid.evaluation.wrong_answers import guessing, wrong_answers
from pellucid.files.learned_parts import PartPictures, learned_parts
from pellucid.ops.loss import one_hot
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.softmax import probabilities
from pellucid.tasks import MultiLabel, Regression
from pellucid.text import printable
from pellucid.transfer.choice import FOLDS, MANY
from pellucid.transfer.folds import make_folds
from pellucid.transfer.nearest import Neighbour, nearest_rows
from pellucid.transfer.out_of_fold import out_of_fold
from pellucid.transfer.principal import MOST, SAMPLE, principal_components

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.read_part import DataSource
    from pellucid.evaluation.mistake import Mistake
    from pellucid.files.classifier import Classifier
    from pellucid.files.model_file import Model
    from pellucid.tasks import Task
    from pellucid.transfer.features import Watching

    Floats = NDArray[np.float64]


def _quiet(_done: int, _of: int) -> None:
    """Report nothing."""


def find_mistakes(
    classifier: Classifier,
    data: DataSource,
    *,
    name: str = "the model",
    of: Sequence[str] = ("train", "validation"),
    reading: Reading | None = None,
    max_pixels: int | None = None,
    body: Model | None = None,
    engine: str = "native",
    seed: int = 0,
    watching: Watching = _quiet,
    folds_watching: Callable[[int, int], object] = _quiet,
) -> Mistakes:
    """The pictures that a model answers otherwise than they are labelled, the surest first.

    Of numbers every picture that was answered, the farthest off first.

    Args:
        classifier: The model, of one class, several labels or numbers a picture.
        data: As :func:`pellucid.data.load` takes it.
        name: What the model is called.
        of: Which parts; of ``train`` the answers are by folds.
        reading: How the data are read, with what is decided about them; None: by default.
        max_pixels: Picture files with more pixels are left out; None: as in the model's training.
        body: The network whose features are used; None for the model's own. Where a model has
            learned on all of its layers, its features know the labels of training pictures, wrong
            ones, too: a body that learned from other pictures finds more.
        engine: Who computes features.
        seed: Of the folds.
        watching: Called with how many features are computed, and of how many; may raise.
        folds_watching: The same with folds.

    Raises:
        DataError: The data cannot be used, or the model answers with numbers that are none.
        ArgumentError: The model answers boxes or texts; or it has no features, which training
            pictures need.
    """
    model = classifier.model_
    task = model.task
    if not (task.of_one_class or isinstance(task, MultiLabel | Regression)):
        raise ArgumentError(
            f"{printable(name)}: a model for {task.title}; mistakes are looked for among classes, "
            "labels and numbers (pellucid evaluate lists the worst answers to other pictures)"
        )
    reading = Reading() if reading is None else reading
    wanted = (*of, *(["train"] if "train" not in of else []))
    parts, notes = learned_parts(data, model, reading=reading, max_pixels=max_pixels, wanted=wanted)
    features = PartFeatures(model, name, engine, data, reading, body, watching)
    asked = [part for part in parts if part.part in of or part.part == "all"]
    if not asked:
        raise DataError(
            f"{_title(data)}: has no pictures of the part {' or '.join(of)} for {printable(name)}; "
            "name another part"
        )
    rows: list[Mistake] = []
    counts = []
    for part in asked:
        by = "folds" if part.learned else "network"
        if part.learned:
            answers = _by_folds(part, task, features.of(part), seed, folds_watching)
        else:
            answers = _by_network(part, classifier, name)
        if isinstance(task, Regression):
            some, count = numbers_off(part, task, answers, by)
            worth = no_better(part, answers)
        else:
            some, count = wrong_answers(part, task, answers, by)
            worth = guessing(part, task, answers)
        counts.append(count)
        notes += _unanswered(part, task, answers) or worth
        rows += some
    rows.sort(key=lambda each: -each.weight)
    place = {path: (part, i) for part in parts for i, path in enumerate(part.paths)}
    train = next((part for part in parts if part.part in ("train", "all")), None)

    def picture(path: str) -> NDArray[np.uint8] | None:
        if path not in place:
            return None
        part, i = place[path]
        return part.image(i)

    def digest(path: str) -> str:
        part, i = place[path]
        return part.digest(i)

    def neighbours(some: Sequence[Mistake], count: int) -> list[tuple[Neighbour, ...]]:
        if train is None or not some:
            return [()] * len(some)
        own = np.stack([features.of(place[each.path][0])[place[each.path][1]] for each in some])
        itself = [i if part is train else -1 for part, i in (place[each.path] for each in some)]
        near, similar = nearest_rows(own, features.of(train), count, apart_from=np.array(itself))
        return [
            tuple(
                Neighbour(train.paths[row], train.targets.text(row), round(float(value), 6))
                for row, value in zip(of_one, values, strict=True)
            )
            for of_one, values in zip(near.tolist(), similar.tolist(), strict=True)
        ]

    return Mistakes(
        name, _title(data), tuple(task.names), tuple(rows), tuple(counts), tuple(notes),
        len(rows), picture, digest, neighbours, UNIT if isinstance(task, Regression) else "",
    )  # fmt: skip


def _title(data: DataSource) -> str:
    return printable(data) if isinstance(data, str | os.PathLike) else "arrays"


def _by_network(part: PartPictures, classifier: Classifier, name: str) -> Floats:
    """What the network answers to pictures that it did not learn from, (N, K)."""
    program = classifier.program_
    size = images_at_once(program.forward_bytes)
    found = [
        program.forward(images[some])
        for images in part.blocks()
        for some in batches(len(images), size)
    ]
    outputs = np.concatenate(found).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if len(bad):
        raise DataError(
            f"{printable(part.paths[int(bad[0])])}: {printable(name)} answers with NaN or "
            f"infinity; {DIVERGED}"
        )
    return _read(classifier.model_.task, outputs)


def _by_folds(
    part: PartPictures,
    task: Task,
    features: NDArray[np.float32],
    seed: int,
    watching: Callable[[int, int], object],
) -> Floats:
    """What heads answer that did not learn from each picture, (N, K); NaN: nobody does."""
    wanted = _wanted(part, task)
    if len(np.unique(part.targets.array, axis=0)) < 2:
        return np.full(wanted.shape, np.nan)
    many = len(part) > SAMPLE and features.shape[1] > MOST
    fold_of = make_folds(part.targets.strata, kept_together(part), FOLDS, seed)
    seen = principal_components(features) if many else features
    outputs = out_of_fold(
        seen, wanted, task.loss(), fold_of,
        watching=watching, rough=True, standardised=many, most=MANY,
    )  # fmt: skip
    return _read(task, outputs)


def _wanted(part: PartPictures, task: Task) -> Floats:
    """What heads learn, as the task's loss takes it, (N, K)."""
    targets = part.targets.array
    if isinstance(task, Regression):
        return task.standardised(targets)
    return one_hot(targets, len(task.names)) if task.of_one_class else targets.astype(np.float64)


def _read(task: Task, outputs: Floats) -> Floats:
    """What outputs mean: probabilities, or numbers in the unit of the labels, (N, K)."""
    if isinstance(task, Regression):
        return task.values(outputs)
    return probabilities(outputs) if task.of_one_class else np.asarray(sigmoid(outputs))


def _unanswered(part: PartPictures, task: Task, answers: Floats) -> list[str]:
    """How many pictures nobody answered, in a line; nothing where all are."""
    left = len(part) - int(np.isfinite(answers).all(axis=1).sum())
    if not left:
        return []
    classes = not isinstance(task, Regression)
    line = (
        f"{left} of {len(part)} pictures of the part {part.part} are answered by nobody: who "
        f"learns from the others has seen no other picture{' of their class' if classes else ''}, "
        "or a copy of them"
    )
    return [Note(line, "unanswered", count=left, of=len(part), part=part.part, classes=classes)]
