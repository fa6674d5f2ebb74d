"""How far off answers are that are numbers, and which labels are likely wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.note import Note
from pellucid.data.target import JOINT
from pellucid.evaluation.mistake import Mistake, NumberCount, NumberOff, PartCount
from pellucid.evaluation.wrong_answers import decided
from pellucid.metrics import regression as metrics
from pellucid.transfer.wrong_numbers import corrected, spread_of, tell_nothing, trimmed_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.files.learned_parts import PartPictures
    from pellucid.tasks import Regression

    Floats = NDArray[np.float64]

UNIT = "standard deviations"
"""In what errors are measured: of the numbers that the model learned."""


def numbers_off(
    part: PartPictures, task: Regression, answers: Floats, by: str
) -> tuple[list[Mistake], PartCount]:
    """The pictures of a part that were answered, each with how far off, and how far all are.

    Args:
        part: The pictures.
        task: What the model learned, with the numbers' mean and scale.
        answers: Numbers in the unit of the labels, (N, M); NaN of pictures that nobody answered.
        by: Who answered: ``network`` or ``folds``.
    """
    labels: Floats = part.targets.array
    spread = spread_of(answers - labels)
    errors, outlying = task.errors(answers, labels), spread.outlying
    judged = np.flatnonzero(np.isfinite(answers).all(axis=1))
    rows = []
    for row in judged.tolist():
        numbers = tuple(
            NumberOff(name, float(true), float(answer), float(far), bool(out))
            for name, true, answer, far, out in zip(
                task.columns, labels[row], answers[row], spread.deviations[row], outlying[row],
                strict=True,
            )
        )  # fmt: skip
        way, note = decided(part, row)
        rows.append(
            Mistake(
                path=part.paths[row],
                part=part.part,
                index=row,
                true=_named([(each.name, f"{each.true:g}") for each in numbers]),
                answered=_named([(each.name, f"{each.answered:.4g}") for each in numbers]),
                confidence=None,
                of_label=None,
                label=corrected(labels[row], answers[row], outlying[row]),
                guesses=(),
                by=by,
                suspicious=any(each.outlying for each in numbers),
                error=float(errors[row]),
                numbers=numbers,
                decision=way,
                note=note,
            )
        )
    if not len(judged):
        return [], PartCount(part.part, 0, None, by)
    counts = _counts(task, answers[judged], labels[judged], spread.deviation, outlying)
    error = float(errors[judged].mean())
    return rows, PartCount(part.part, len(judged), None, by, error, counts)


def no_better(part: PartPictures, answers: Floats) -> list[str]:
    """That one answer to all pictures would be as near, in a line; nothing where it would not."""
    judged = np.isfinite(answers).all(axis=1)
    if not judged.any():
        return []
    own, guess = trimmed_errors(answers[judged], part.targets.array[judged])
    if not tell_nothing(own, guess):
        return []
    pairs = zip(own.tolist(), guess.tolist(), strict=True)
    errors = ", ".join(f"{mine:.4g} against {other:.4g}" for mine, other in pairs)
    line = (
        f"the part {part.part} is answered hardly better than by one number for all (mean "
        f"error without the largest tenth {errors}): the errors say little of the labels"
    )
    return [Note(line, "one-number", part=part.part, errors=errors)]


def _named(numbers: list[tuple[str, str]]) -> str:
    """A picture's numbers in words: one alone, several with their names."""
    if len(numbers) == 1:
        return numbers[0][1]
    return f"{JOINT} ".join(f"{name} {value}" for name, value in numbers)


def _counts(
    task: Regression,
    answers: Floats,
    labels: Floats,
    deviation: Floats,
    outlying: NDArray[np.bool_],
) -> tuple[NumberCount, ...]:
    r2 = metrics.r_squared(answers, labels).tolist()
    columns = zip(
        task.columns, r2, metrics.mean_absolute_errors(answers, labels).tolist(),
        deviation.tolist(), outlying.sum(axis=0).tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        NumberCount(name, None if share != share else share, *values)  # NaN
        for name, share, *values in columns
    )
