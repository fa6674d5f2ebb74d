"""What was measured in each epoch, as rows and as ``history.csv``."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from pellucid.csv_text import csv_text
from pellucid.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Sequence

OF_THE_RUN = ("images_per_second", "seconds", "skipped_batches", "roll_backs", "waited")
"""What an epoch tells of the machine and the way, not of the model."""


MOST_ROWS = 10_000
"""Epochs that a model file keeps; so many take 2 MB of it."""

_NO_RUN = {"images_per_second": 0.0, "seconds": 0.0}


SHOWN_ROWS = 12
"""Epochs that a history is printed with, the last ones."""


@dataclass(frozen=True)
class Epoch:
    """One epoch of training.

    Attributes:
        epoch: From 1.
        loss: Mean over the training pictures, each taken when its batch was learned.
        accuracy: Likewise.
        validation_loss: Cross-entropy on the validation pictures after the epoch; none without any.
        validation_accuracy: Likewise.
        learning_rate: At the epoch's last step.
        images_per_second: Of training, validation left out.
        seconds: Of the whole epoch.
        skipped_batches: Batches left out because their loss was not finite, or exploded.
        roll_backs: How often the epoch went back to its last good state, with half the learning
            rate from then on.
        waited: Seconds of the epoch in which its steps waited for their pictures; of steps that
            were taken back, nothing is counted. 0 in rows that were written before it was measured.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    images_per_second: float
    seconds: float
    skipped_batches: int = 0
    roll_backs: int = 0
    waited: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


class History(list[Epoch]):
    """The epochs of a training, in their order; a list that is printed as a short table."""

    def __repr__(self) -> str:
        rows = [f"  {_brief(row)}" for row in self[-SHOWN_ROWS:]]
        hidden = len(self) - len(rows)
        before = [f"  … {hidden} before"] if hidden else []
        count = "1 epoch" if len(self) == 1 else f"{len(self)} epochs"
        return "\n".join([f"History of {count}", *before, *rows])


def _brief(row: Epoch) -> str:
    text = f"epoch {row.epoch}: loss {row.loss:.4g}, accuracy {row.accuracy:.2%}"
    if row.validation_loss is None or row.validation_accuracy is None:
        return text
    return (
        f"{text}; validation loss {row.validation_loss:.4g}, accuracy {row.validation_accuracy:.2%}"
    )


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
        return [Epoch(**{**_NO_RUN, **_checked(row)}) for row in rows]  # type: ignore[attr-defined]
    except (TypeError, ValueError, AttributeError):
        return []


def to_csv(history: list[Epoch]) -> str:
    """The rows as CSV with a header; numbers that were not measured are empty."""
    head = [field.name for field in fields(Epoch)]
    return csv_text([head, *(list(row.to_dict().values()) for row in history)])


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
    for field in fields(Epoch):
        value = row.get(field.name)
        number = type(value) is int or (type(value) is float and field.type != "int")
        missing = value is None and (field.type == "float | None" or field.name in OF_THE_RUN)
        if not (number or missing):
            raise ValueError(field.name)
    return {name: value for name, value in row.items() if name not in OF_THE_RUN}


def _row(cells: dict[str, Any]) -> Epoch:
    values: dict[str, Any] = {}
    for field in fields(Epoch):
        if field.name not in cells:
            continue
        cell = cells[field.name]
        if field.type == "int":
            values[field.name] = int(cell)
        elif cell == "" and field.type == "float | None":
            values[field.name] = None
        else:
            values[field.name] = float(cell)
            if not math.isfinite(values[field.name]):
                raise ValueError(field.name)
    return Epoch(**values)
