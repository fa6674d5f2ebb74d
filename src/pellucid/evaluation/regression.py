"""Judging a network that predicts numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.outputs import outputs_of
from pellucid.evaluation.regression_details import PREVIOUS, Band, Baseline, bands, baselines
from pellucid.metrics import regression as metrics
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.evaluation.judgement import Row
    from pellucid.tasks import Regression

LITTLE = 0.05
"""An R² up to here is hardly more than predicting the mean."""

SCHEMA = 1
"""Version of :meth:`RegressionReport.to_dict`."""


@dataclass(frozen=True)
class ColumnRow:
    """How one number fared.

    Attributes:
        name: What it is called.
        r2: 1 − Σ (t − y)² / Σ (t − t̄)²; none where all pictures have the same number.
        mean_absolute_error: |t − y| averaged over pictures, in the number's unit.
        root_mean_squared_error: The root of (t − y)² averaged over pictures, in the number's unit.
        mean: What always predicting the mean of the training pictures would answer.
        mean_absolute_error_of_mean: The mean absolute error of that.
        lowest: The least of the pictures' numbers.
        highest: The largest.
    """

    name: str
    r2: float | None
    mean_absolute_error: float
    root_mean_squared_error: float
    mean: float
    mean_absolute_error_of_mean: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Error:
    """How far a picture's predicted numbers are from its own.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        true: Its numbers.
        predicted: What was predicted.
        error: |t − y| in standard deviations of the training pictures' numbers, averaged over them.
    """

    index: int
    name: str
    true: tuple[float, ...]
    predicted: tuple[float, ...]
    error: float


@short_repr
@dataclass(frozen=True, eq=False)
class RegressionReport(Judgement):
    """A network's judgement on pictures with numbers.

    Attributes:
        classes: What the M numbers are called.
        count: How many pictures, N.
        r2: Mean R² of the numbers.
        mean_absolute_error: Mean over the numbers.
        mean_absolute_error_of_mean: That of always predicting the mean of the training pictures.
        per_column: A row a number.
        wrong: Every picture, the worst prediction first.
        baselines: Guesses that do not look at the pictures, and how the network compares.
        bands: The errors in ranges of each true number, see :meth:`in_bands`.
        noun: What they are called: ``"picture"`` or ``"recording"``.
    """

    PICTURE: ClassVar[str] = "predictions.png"
    record_kind: ClassVar[str] = "regression report"
    classes: tuple[str, ...]
    count: int
    r2: float
    mean_absolute_error: float
    mean_absolute_error_of_mean: float
    per_column: tuple[ColumnRow, ...]
    wrong: tuple[Error, ...]
    baselines: tuple[Baseline, ...] = ()
    bands: tuple[Band, ...] = ()
    noun: str = "picture"

    @cached_property
    def in_order(self) -> tuple[Error, ...]:
        """Every picture, in the order of the data."""
        return tuple(sorted(self.wrong, key=lambda each: each.index))

    def in_bands(self, thresholds: Sequence[float]) -> RegressionReport:
        r"""The same report with errors in ranges of the true numbers that end at thresholds.

        Where there are true numbers of both signs, ranges are of their sizes: with 0.1, the
        pictures with \|number\| ≤ 0.1 and those with more.

        Args:
            thresholds: Ascending.

        Raises:
            ArgumentError: The thresholds are no ascending finite numbers.
        """
        true, predicted = (
            np.array([getattr(each, name) for each in self.in_order])
            for name in ("true", "predicted")
        )
        mean = np.array([row.mean for row in self.per_column])
        return replace(self, bands=bands(predicted, true, mean, self.classes, thresholds))

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: R²."""
        return self.r2

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        return (
            f"R² {self.r2:.4f}, mean absolute error {self.mean_absolute_error:.4g} (always "
            f"predicting the mean: {self.mean_absolute_error_of_mean:.4g})"
        )

    @property
    def remark(self) -> str | None:
        """A remark where a guess without the pictures is hardly worse, or better; else none."""
        if self.r2 <= LITTLE:
            return (
                "these numbers cannot be read from the pictures by this network: R² is "
                f"{self.r2:.4f}, and always predicting their mean would have 0"
            )
        for guess in self.baselines:
            if guess.name == PREVIOUS and guess.r2 > self.r2:
                return (
                    f"predicting {PREVIOUS} has R² {guess.r2:.4f}, the network {self.r2:.4f}: what "
                    "came before says more than the picture"
                )
        return None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        values = json_values(asdict(self))
        columns, predictions = values.pop("classes"), values.pop("wrong")
        return {
            "schema": SCHEMA, "record": self.record_kind, "columns": columns, **values,
            "predictions": predictions,
        }  # fmt: skip

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures, a row a number, a row a picture."""
        summary: list[list[str | int]] = [
            ["R²", f"{self.r2:.6f}", "0.000000"],
            ["mean absolute error", f"{self.mean_absolute_error:.6g}",
             f"{self.mean_absolute_error_of_mean:.6g}"],
            [f"{self.noun}s", self.count, ""],
        ]  # fmt: skip
        columns: list[Row] = [
            [printable(row.name), *(written(v, ".6g") for v in list(asdict(row).values())[1:])]
            for row in self.per_column
        ]
        wrong: list[Row] = [
            [each.index, printable(each.name),
             *(f"{v:.6g}" for v in (*each.true, *each.predicted, each.error))]
            for each in self.wrong
        ]  # fmt: skip
        names = [f"{which} {printable(n)}" for which in ("true", "predicted") for n in self.classes]
        return (
            [["measure", "value", "predicting the mean"], *summary],
            [list(ColumnRow.__dataclass_fields__), *columns],
            [["index", "path", *names, "error"], *wrong],
        )


def evaluate_numbers(
    program: Program, dataset: Dataset, task: Regression, *, batch_size: int | None = None
) -> RegressionReport:
    """Judge a network on pictures with numbers.

    Args:
        program: The network, loaded by an engine.
        dataset: The pictures and their numbers.
        task: What the network was trained for, with the numbers' mean and scale.
        batch_size: Pictures computed at once; none: as many as bounded memory allows.

    Raises:
        DataError: The data are not the network's, or it answers with NaN or infinity.
    """
    return numbers_report(outputs_of(program, dataset, task, batch_size), dataset, task)


def numbers_report(
    outputs: NDArray[np.float64], dataset: Dataset, task: Regression
) -> RegressionReport:
    """The same of outputs that are there.

    Args:
        outputs: Of the network for each picture, (N, M).
        dataset: As for :func:`evaluate_numbers`.
        task: As for :func:`evaluate_numbers`.
    """
    predicted = task.values(outputs)
    targets: NDArray[np.float64] = dataset.targets.array
    mean = np.array(task.mean)
    guess = np.broadcast_to(mean, targets.shape)
    errors = task.errors(predicted, targets)
    by_column = (
        metrics.r_squared(predicted, targets),
        metrics.mean_absolute_errors(predicted, targets),
        metrics.root_mean_squared_errors(predicted, targets),
        mean,
        metrics.mean_absolute_errors(guess, targets),
        targets.min(axis=0),
        targets.max(axis=0),
    )
    columns: list[list[float]] = [values.tolist() for values in by_column]
    return RegressionReport(
        classes=task.columns,
        count=len(dataset),
        noun=dataset.noun,
        r2=metrics.mean_r_squared(predicted, targets),
        mean_absolute_error=float(by_column[1].mean()),
        mean_absolute_error_of_mean=float(by_column[4].mean()),
        per_column=tuple(
            ColumnRow(name, None if row[0] != row[0] else row[0], *row[1:])  # NaN
            for name, *row in zip(task.columns, *columns, strict=True)
        ),
        wrong=tuple(
            Error(
                i, dataset.picture_name(i), tuple(targets[i].tolist()),
                tuple(predicted[i].tolist()), float(errors[i]),
            )
            for i in np.argsort(-errors, kind="stable").tolist()
        ),
        baselines=baselines(predicted, targets, mean),
        bands=bands(predicted, targets, mean, task.columns),
    )  # fmt: skip
