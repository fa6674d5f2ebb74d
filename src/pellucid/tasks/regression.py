"""Regression: numbers of each picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.data.target_checks import checked_names
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError, DataError
from pellucid.metrics.regression import mean_absolute_errors, mean_r_squared
from pellucid.ops import Huber
from pellucid.ops.rescale import Rescale
from pellucid.tasks.output import Output
from pellucid.tasks.task import Judge, Judged, Task
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.ops.arguments import Position
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class Regression(Task):
    """M numbers a picture: Huber's error of numbers that are standardised inside.

    The network learns (t − mean) / scale, so that learning rates and losses do not depend on the
    unit in which numbers are given.

    Attributes:
        columns: What the M numbers are called, in the order of the outputs.
        mean: Of the training pictures' numbers, (M,).
        scale: Their standard deviation, more than 0, (M,).
        flat: Whether users give and get one number a picture, (N,), rather than a row of them.

    Raises:
        DataError: If a name is empty or given twice.
        ArgumentError: If there are not as many means and scales as columns, or they are no such
            numbers.
    """

    kind: ClassVar[str] = Numbers.kind
    title: ClassVar[str] = Numbers.title
    measures: ClassVar[tuple[str, ...]] = ("r2", "mean_absolute_error")
    read_as: ClassVar[str] = "numbers"
    outputs: ClassVar[str] = "standardised"
    estimator: ClassVar[str] = "ImageRegressor"
    counted: ClassVar[str] = "columns"
    columns: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    flat: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", checked_names("the model", self.columns))
        checks.numbers("mean", self.mean)
        checks.numbers("scale", self.scale, 1e-300)
        checks.truth("flat", self.flat)
        if not len(self.columns) == len(self.mean) == len(self.scale):
            raise ArgumentError(
                f"a regression needs a mean and a scale for each number, got {len(self.mean)} and "
                f"{len(self.scale)} for {counted(len(self.columns), 'number')}"
            )
        if self.flat and len(self.columns) != 1:
            raise ArgumentError(
                "one number a picture is asked for (flat), got "
                f"{counted(len(self.columns), 'column')}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        return self.columns

    @classmethod
    def of(cls, targets: Targets) -> Regression:
        if not isinstance(targets, Numbers):
            raise DataError(f"data for {targets.title}; expected numbers")
        mean, scale = targets.values.mean(axis=0), targets.values.std(axis=0)
        constant = np.ptp(targets.values, axis=0) == 0
        if constant.any():
            names = [targets.columns[k] for k in np.flatnonzero(constant)]
            raise DataError(
                f"{listed(names)}: all {counted(len(targets), 'picture')} to learn from have the "
                f"same number, {targets.values[0, int(constant.argmax())]:g}, of which nothing can "
                "be learned; give pictures with different numbers"
            )
        return cls(targets.columns, tuple(mean.tolist()), tuple(scale.tolist()), targets.flat)

    def known(self) -> Numbers:
        return Numbers(np.zeros((0, len(self.columns))), self.columns, self.flat)

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        return self.standardised(data.targets.array[indices]).astype(np.float32)

    def standardised(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers as the network learns them, (N, M)."""
        return np.asarray((values - np.array(self.mean)) / np.array(self.scale))

    def values(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """A network's outputs as numbers of the data, (N, M)."""
        return np.asarray(outputs.astype(np.float64) * np.array(self.scale) + np.array(self.mean))

    def errors(self, values: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.float64]:
        """How far off numbers of the data are, in standard deviations averaged over them, (N,).

        Args:
            values: Predicted numbers, (N, M).
            targets: The true ones, (N, M).
        """
        off = self.standardised(values) - self.standardised(targets)
        return np.asarray(np.abs(off).mean(axis=1))

    def loss(self) -> Huber:
        return Huber()

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        values = self.values(outputs)
        return values[..., 0] if self.flat else values

    @property
    def reading(self) -> Rescale:
        return Rescale(self.scale, self.mean)

    def described(self, read: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(self.columns, read.tolist(), strict=True))

    def output_at(self, position: Position) -> Output:
        (place,) = position
        name, mean = self.columns[place], "mean of those learned"
        words = printable(name)
        return Output(name, words, words, self.scale[place], self.mean[place], mean, is_number=True)

    def judge(self, loss: Loss | None = None) -> Judge:
        return _Judge(self, self.loss() if loss is None else loss)


class _Judge(Judge):
    def __init__(self, task: Regression, loss: Loss) -> None:
        self._task, self._loss = task, loss
        self._outputs: list[NDArray[np.float64]] = []
        self._targets: list[Array] = []

    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        self._outputs.append(outputs)
        self._targets.append(targets)

    def judged(self) -> Judged:
        outputs, targets = np.concatenate(self._outputs), np.concatenate(self._targets)
        loss = float(self._loss.per_image(outputs, targets).mean())
        values = self._task.values(outputs), self._task.values(targets)
        error = float(mean_absolute_errors(*values).mean())
        found = mean_r_squared(outputs, targets), error
        return Judged(loss, dict(zip(Regression.measures, found, strict=True)))
