"""Find mistakes: a model's answers to pictures, and by folds to those that it learned from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.note import Note
from pellucid.data.reading import Reading
from pellucid.data.target import JOINT
from pellucid.engines.batches import images_at_once
from pellucid.engines.batches import parts as batches
from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation.mistakes import Mistake, Mistakes, PartCount
from pellucid.evaluation.part_features import PartFeatures, kept_together
from pellucid.evaluation.predict_logits import DIVERGED
from pellucid.files.learned_parts import PartPictures, learned_parts
from pellucid.metrics.chance import of_support
from pellucid.ops.loss import one_hot
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.softmax import probabilities
from pellucid.text import printable
from pellucid.transfer.choice import FOLDS, MANY
from pellucid.transfer.folds import make_folds
from pellucid.transfer.nearest import Neighbour, nearest_rows
from pellucid.transfer.out_of_fold import out_of_fold
from pellucid.transfer.principal import MOST, SAMPLE, principal_components
from pellucid.transfer.wrong_labels import doubtful_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.data.read_part import DataSource
    from pellucid.files.classifier import Classifier
    from pellucid.files.model_file import Model
    from pellucid.tasks import Task
    from pellucid.transfer.features import Watching

    Floats = NDArray[np.float64]

GUESSES = 3
"""Classes that a mistake names with their probabilities."""


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

    Args:
        classifier: The model, of one class or of several labels a picture.
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
        ArgumentError: The model answers numbers, boxes or texts; or it has no features, which
            training pictures need.
    """
    model = classifier.model_
    task = model.task
    if not (task.of_one_class or task.kind == "multi-label"):
        raise ArgumentError(
            f"{printable(name)}: a model for {task.title}; mistakes are answers of another class "
            "or label than the picture's (pellucid evaluate lists the largest errors)"
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
        some = list(_mistakes(part, task, answers, by))
        judged = int(np.isfinite(answers).all(axis=1).sum())
        wrong = len({each.index for each in some})
        counts.append(PartCount(part.part, judged, wrong, by))
        notes += _remarks(part, task, answers)
        rows += some
    rows.sort(key=lambda each: -each.confidence)
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
                Neighbour(train.paths[row], train.targets.written(row), round(float(value), 6))
                for row, value in zip(of_one, values, strict=True)
            )
            for of_one, values in zip(near.tolist(), similar.tolist(), strict=True)
        ]

    return Mistakes(
        name, _title(data), tuple(task.names), tuple(rows), tuple(counts), tuple(notes),
        len(rows), picture, digest, neighbours,
    )  # fmt: skip


def _title(data: DataSource) -> str:
    return printable(data) if isinstance(data, str | os.PathLike) else "arrays"


def _by_network(part: PartPictures, classifier: Classifier, name: str) -> Floats:
    """The probabilities that the network gives to pictures that it did not learn from, (N, K)."""
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
    return _probable(classifier.model_.task, outputs)


def _by_folds(
    part: PartPictures,
    task: Task,
    features: NDArray[np.float32],
    seed: int,
    watching: Callable[[int, int], object],
) -> Floats:
    """The probabilities of heads that did not learn from each picture, (N, K); NaN: of none."""
    targets = part.targets.array
    wanted = one_hot(targets, len(task.names)) if task.of_one_class else targets.astype(np.float64)
    if len(np.unique(part.targets.strata, axis=0)) < 2:
        return np.full(wanted.shape, np.nan)
    many = len(part) > SAMPLE and features.shape[1] > MOST
    fold_of = make_folds(part.targets.strata, kept_together(part), FOLDS, seed)
    seen = principal_components(features) if many else features
    outputs = out_of_fold(
        seen, wanted, task.loss(), fold_of,
        watching=watching, rough=True, standardised=many, most=MANY,
    )  # fmt: skip
    return _probable(task, outputs)


def _probable(task: Task, outputs: Floats) -> Floats:
    return probabilities(outputs) if task.of_one_class else np.asarray(sigmoid(outputs))


def _mistakes(part: PartPictures, task: Task, answers: Floats, by: str) -> Iterator[Mistake]:
    """The wrong answers to a part."""
    found = _of_one_class if task.of_one_class else _of_labels
    matched = part.matched
    for row, values in found(part, task, answers):
        decision = None if matched is None else matched.of.get(printable(part.paths[row]))
        yield Mistake(
            path=part.paths[row],
            part=part.part,
            index=row,
            by=by,
            decision="" if decision is None else decision.way,
            note="" if decision is None else decision.note,
            **values,
        )


def _of_one_class(
    part: PartPictures, task: Task, answers: Floats
) -> Iterator[tuple[int, dict[str, Any]]]:
    names, labels = task.names, part.targets.array
    judged = np.isfinite(answers).all(axis=1)
    best = np.where(judged, np.nan_to_num(answers).argmax(axis=1), labels)
    doubts = {each.row for each in doubtful_labels(answers, labels)}
    for row in np.flatnonzero(best != labels).tolist():
        order = np.argsort(-answers[row], kind="stable")[:GUESSES].tolist()
        yield (
            row,
            {
                "true": names[int(labels[row])],
                "answered": names[int(best[row])],
                "confidence": float(answers[row, best[row]]),
                "of_label": float(answers[row, labels[row]]),
                "label": names[int(best[row])],
                "guesses": tuple((names[k], float(answers[row, k])) for k in order),
                "suspicious": row in doubts,
            },
        )


def _of_labels(
    part: PartPictures, task: Task, answers: Floats
) -> Iterator[tuple[int, dict[str, Any]]]:
    names, marks = task.names, part.targets.array.astype(np.int64)
    for k, name in enumerate(names):
        given = answers[:, k]
        both = np.stack([1.0 - given, given], axis=1)
        doubts = {each.row for each in doubtful_labels(both, marks[:, k])}
        said = np.where(np.isfinite(given), given >= 0.5, marks[:, k])
        for row in np.flatnonzero(said != marks[:, k]).tolist():
            has = bool(marks[row, k])
            changed = marks[row].copy()
            changed[k] = 1 - changed[k]
            likely = [j for j in np.argsort(-answers[row]).tolist() if answers[row, j] >= 0.5]
            yield (
                row,
                {
                    "true": f"{'with' if has else 'without'} {name}",
                    "answered": f"{'without' if has else 'with'} {name}",
                    "confidence": float(both[row, 1 - has]),
                    "of_label": float(both[row, int(has)]),
                    "label": JOINT.join(names[j] for j in np.flatnonzero(changed)),
                    "guesses": tuple((names[j], float(answers[row, j])) for j in likely),
                    "suspicious": row in doubts,
                },
            )


def _remarks(part: PartPictures, task: Task, answers: Floats) -> list[str]:
    """What the user should know of how a part was answered."""
    judged = np.flatnonzero(np.isfinite(answers).all(axis=1))
    if len(judged) < len(part):
        left = len(part) - len(judged)
        line = (
            f"{left} of {len(part)} pictures of the part {part.part} are answered by nobody: who "
            "learns from the others has seen no other picture of their class, or a copy of them"
        )
        return [Note(line, "unanswered", count=left, of=len(part), part=part.part)]
    if not task.of_one_class or not len(judged):
        return []
    labels = part.targets.array[judged]
    right = int((answers[judged].argmax(axis=1) == labels).sum())
    worth = of_support(right, np.bincount(labels, minlength=len(task.names)), task.names)
    if worth.better_than_guessing or worth.guessing == 1.0:
        return []
    line = (
        f"the part {part.part} is answered no better than by guessing ({worth}): the mistakes say "
        "little of the labels"
    )
    return [Note(line, "guessing", part=part.part, worth=str(worth))]
