"""Which answers are wrong, of one class or several labels a picture, and what to say of a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.note import Note
from pellucid.data.target import JOINT
from pellucid.evaluation.mistake import Mistake, PartCount
from pellucid.metrics.chance import of_support
from pellucid.text import printable
from pellucid.transfer.wrong_labels import doubtful_labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.files.learned_parts import PartPictures
    from pellucid.tasks import Task

    Floats = NDArray[np.float64]

GUESSES = 3
"""Classes that a mistake names with their probabilities."""


def wrong_answers(
    part: PartPictures, task: Task, answers: Floats, by: str
) -> tuple[list[Mistake], PartCount]:
    """The wrong answers to a part, and how many there are.

    Args:
        part: The pictures.
        task: What they are asked about.
        answers: The probabilities of classes or labels, (N, K); NaN of pictures that nobody
            answered.
        by: Who answered: ``network`` or ``folds``.
    """
    found = _of_one_class if task.of_one_class else _of_labels
    rows = []
    for row, values in found(part, task, answers):
        way, note = decided(part, row)
        rows.append(
            Mistake(
                path=part.paths[row], part=part.part, index=row, by=by, decision=way, note=note,
                **values,
            )
        )  # fmt: skip
    judged = int(np.isfinite(answers).all(axis=1).sum())
    wrong = len({each.index for each in rows})
    return rows, PartCount(part.part, judged, wrong, by)


def decided(part: PartPictures, row: int) -> tuple[str, str]:
    """What was decided about a picture already, and the remark; empty where nothing was."""
    matched = part.matched
    decision = None if matched is None else matched.of.get(printable(part.paths[row]))
    return ("", "") if decision is None else (decision.way, decision.note)


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


def guessing(part: PartPictures, task: Task, answers: Floats) -> list[str]:
    """That answers of one class are no better than guessing, in a line; nothing where they are."""
    judged = np.flatnonzero(np.isfinite(answers).all(axis=1))
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
