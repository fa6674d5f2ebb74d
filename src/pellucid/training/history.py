"""What was measured in each epoch, as rows and as ``history.csv``."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from pellucid.errors import FileFormatError
from pellucid.files.csv_text import csv_text

OF_THE_RUN = ("images_per_second", "seconds", "skipped_batches", "roll_backs", "waited")
"""What an epoch tells of the machine and the way, not of the model."""


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
