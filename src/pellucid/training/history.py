"""What was measured in each epoch, as rows and as ``history.csv``."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from pellucid.csv_text import csv_text
from pellucid.errors import FileFormatError
from pellucid.tasks.measures import MEASURES, in_words
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OF_THE_RUN = ("images_per_second", "seconds", "skipped_batches", "roll_backs", "waited")
"""Fields of an epoch that describe machine and run, not the model."""


MOST_ROWS = 10_000
"""Epochs that a model file keeps; they take 2 MB of it."""

_NO_RUN = {"images_per_second": 0.0, "seconds": 0.0}

_NO_ACCURACY = {"accuracy": None, "validation_accuracy": None}

VALIDATION, TRAINING = "validation_", "training_"
"""What the names of measures begin with in rows, by the pictures that are measured."""


SHOWN_ROWS = 12
"""Epochs that a history is printed with, the last ones."""


@dataclass(frozen=True)
class Epoch:
    """One epoch of training.

    Attributes:
        epoch: From 1.
        loss: Mean over the training pictures, each taken when its batch was learned.
        accuracy: Of the same pictures, 0 to 1; none unless there is one class a picture.
        validation_loss: On the validation pictures after the epoch, without what the recipe adds to
            it (of one class a picture, cross-entropy); none without any.
        validation_accuracy: Of these, 0 to 1; none unless there is one class a picture.
        learning_rate: At the epoch's last step.
        images_per_second: Of training, validation left out.
        seconds: Of the whole epoch.
        skipped_batches: Batches left out because their loss was not finite, or exploded.
        roll_backs: How often the epoch went back to its last good state, with half the learning
            rate from then on.
        waited: Seconds of the epoch in which its steps waited for their pictures; of steps that
            were taken back, nothing is counted. 0 in rows that were written before it was measured.
        measures: What else the task measures on the validation pictures, by name: of numbers
            ``r2``. Epochs are ranked by the first.
        training_measures: What else is measured on the training pictures as they are learned, by
            name: of a generator and its discriminator the latter's loss, for example.
    """

    epoch: int
    loss: float
    accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    images_per_second: float
    seconds: float
    skipped_batches: int = 0
    roll_backs: int = 0
    waited: float = 0.0
    measures: dict[str, float] = field(default_factory=dict)
    training_measures: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; without accuracies where there are none, measures each by name."""
        row = asdict(self)
        for name, value in row.pop("measures").items():
            row[f"{VALIDATION}{name}"] = value
        for name, value in row.pop("training_measures").items():
            row[f"{TRAINING}{name}"] = value
        return row if self.accuracy is not None else _without_accuracy(row)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Epoch:
        """The epoch that :meth:`to_dict` described.

        Raises:
            TypeError: If it lacks a value, or has one that is unknown.
        """
        own = {each.name for each in fields(cls)} - {"measures", "training_measures"}
        rest = {n: v for n, v in row.items() if n in own or not n.startswith(_PARTS)}
        measured = {n: v for n, v in row.items() if n not in rest}
        return cls(
            **{**_NO_ACCURACY, **rest},
            measures=_of_part(measured, VALIDATION),
            training_measures=_of_part(measured, TRAINING),
        )


_PARTS = (VALIDATION, TRAINING)


def _of_part(measured: Mapping[str, Any], part: str) -> dict[str, float]:
    """The measures of a part, in their tasks' order, since the first ranks; files sort names."""
    found = {n.removeprefix(part): v for n, v in measured.items() if n.startswith(part)}
    known = [name for name in MEASURES if name in found]
    return {name: found[name] for name in dict.fromkeys([*known, *found])}


class History(list[Epoch]):
    """The epochs of a training, in their order; a list that is printed as a short table."""

    def __repr__(self) -> str:
        rows = [f"  {_brief(row)}" for row in self[-SHOWN_ROWS:]]
        hidden = len(self) - len(rows)
        before = [f"  … {hidden} before"] if hidden else []
        return "\n".join([f"History of {counted(len(self), 'epoch')}", *before, *rows])


def _brief(row: Epoch) -> str:
    text = f"epoch {row.epoch}: loss {row.loss:.4g}{learned_by(row)}"
    if row.validation_loss is None:
        return text
    return f"{text}; validation loss {row.validation_loss:.4g}{judged_by(row)}"


def accuracy_of(accuracy: float | None) -> str:
    """``, accuracy 97.50%``; empty where there is none."""
    return "" if accuracy is None else f", accuracy {accuracy:.2%}"


def learned_by(row: Epoch) -> str:
    """What was measured of the pictures that were learned, besides the loss."""
    measures = (f", {in_words(name, value)}" for name, value in row.training_measures.items())
    return accuracy_of(row.accuracy) + "".join(measures)


def judged_by(row: Epoch) -> str:
    """What an epoch was judged by besides the loss: ``, accuracy 97.50%`` or ``, R² 0.8113``."""
    measures = (f", {in_words(name, value)}" for name, value in row.measures.items())
    return accuracy_of(row.validation_accuracy) + "".join(measures)


def _without_accuracy(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NO_ACCURACY}


def to_record(history: Sequence[Epoch]) -> list[dict[str, Any]]:
    """The rows as JSON values for a model file: what depends on the machine is left out.

    Of very long trainings, the last :data:`MOST_ROWS`.
    """
    rows = [row.to_dict() for row in history[-MOST_ROWS:]]
    return [{name: row[name] for name in row if name not in OF_THE_RUN} for row in rows]


def from_record(rows: object) -> list[Epoch]:
    """The rows that :func:`to_record` made; none if they are not such rows.

    Speed and seconds, which a model file does not keep, are 0.
    """
    try:
        return [Epoch.from_dict({**_NO_RUN, **_checked(row)}) for row in rows]  # type: ignore[attr-defined]
    except (TypeError, ValueError, AttributeError):
        return []


def to_csv(history: list[Epoch]) -> str:
    """The rows as CSV with a header; numbers that were not measured are empty."""
    rows = [row.to_dict() for row in history]
    head = list(rows[0]) if rows else [each.name for each in _FIELDS]
    return csv_text([head, *([row.get(name) for name in head] for row in rows)])


def from_csv(text: str, name: str = "history.csv") -> list[Epoch]:
    """The rows that :func:`to_csv` wrote; columns that came later may be missing.

    Args:
        text: The file's content.
        name: What the file is called in messages.

    Raises:
        FileFormatError: If a row is not an epoch's.
    """
    rows = []
    for number, cells in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        try:
            rows.append(_row(cells))
        except (TypeError, ValueError, OverflowError, csv.Error) as error:
            raise FileFormatError(
                f"{name}: line {number} is not an epoch of a training; remove the file, or train "
                "again"
            ) from error
    return rows


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a model file, if every value is a number where a number must be."""
    for each in _FIELDS:
        value = row.get(each.name)
        number = type(value) is int or (type(value) is float and each.type != "int")
        missing = value is None and (each.type == "float | None" or each.name in OF_THE_RUN)
        if not (number or missing):
            raise ValueError(each.name)
    known = {each.name for each in _FIELDS}
    for name, value in row.items():
        if name not in known and (not name.startswith(_PARTS) or type(value) is not float):
            raise ValueError(name)
    return {name: value for name, value in row.items() if name not in OF_THE_RUN}


def _row(cells: dict[str, Any]) -> Epoch:
    values: dict[str, Any] = {}
    types = {each.name: each.type for each in _FIELDS}
    for name, cell in cells.items():
        if name not in types and not str(name).startswith(_PARTS):
            continue
        if types.get(name) == "int":
            values[name] = int(cell)
        elif cell == "":
            if types.get(name, "float | None") != "float | None":
                raise ValueError(name)
            if name in types:
                values[name] = None
        else:
            values[name] = float(cell)
            if not math.isfinite(values[name]):
                raise ValueError(name)
    return Epoch.from_dict(values)


_FIELDS = [each for each in fields(Epoch) if not each.name.endswith("measures")]
