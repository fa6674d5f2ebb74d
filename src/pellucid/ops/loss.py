"""What a loss is: one number that says how wrong a batch's outputs are, and its gradient there."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.operation import INFERENCE, Mode, Operation, describe
from pellucid.ops.reads import Axis, Reads
from pellucid.ops.types import Type
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike

    from pellucid.ops.arguments import Arrays, Backward, Forward, Position, Weights
    from pellucid.ops.operation import Array, Saved, Shape
    from pellucid.ops.terms import Terms


class Loss(Operation):
    """An operation that makes one number of a batch's outputs and targets, their mean loss.

    It takes two values, the outputs and the targets: of the same shape, (K,) for one example, where
    a subclass says nothing else. Subclasses are frozen dataclasses.
    """

    @abstractmethod
    def per_image(self, logits: Array, targets: Array) -> Array:
        """The loss of each image, (N,).

        Args:
            logits: (N, K) scores before softmax.
            targets: (N, K) wanted probabilities; one-hot for plain labels.
        """

    @abstractmethod
    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        """The batch's loss and its gradient at the logits, (N, K)."""

    def amount(self, targets: Array) -> float:
        """How much a batch counts in a larger one: amounts of parts add up to the whole's.

        A batch's loss is a sum divided by :meth:`divisor` of this; a subclass that divides by
        anything but the number of examples says so here.

        Args:
            targets: (N, *shape), wanted values, class numbers as ones and zeros.
        """
        return float(len(targets))

    def divisor(self, amount: float) -> float:
        """What the sum over a batch is divided by, given its :meth:`amount`."""
        return amount

    def target_shape(self, outputs: Shape) -> Shape:
        """The shape of what is wanted of one example: as its outputs, where nothing else is given.

        Args:
            outputs: The shape of one example's outputs.
        """
        return outputs

    def check_inputs(self, *inputs: Shape) -> None:
        """Check that there are outputs and targets of one shape, and that the loss fits it."""
        if len(inputs) != 2:
            raise ShapeError(f"takes outputs and targets, got {counted(len(inputs), 'input')}")
        outputs, targets = inputs
        if len(outputs) != 1:
            raise ShapeError(
                f"takes flat outputs, got {describe(outputs)} feature maps; end the network with "
                "Flatten() and Dense()"
            )
        if outputs != targets:
            raise ShapeError(
                f"takes targets shaped as the outputs, {describe(outputs)}, got {describe(targets)}"
            )
        nothing = np.zeros((0, *outputs))
        self.per_image(nothing, nothing)

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return ()

    def output_type(self, *inputs: Type) -> Type:
        if any(value.per == "batch" for value in inputs):
            raise ShapeError("takes a value for each example, got one for the whole batch")
        return Type(self.output_shape(*(value.shape for value in inputs)), per="batch")

    def check_targets(self, targets: Array, count: int | None, shape: Shape) -> Array:
        """Targets once they are found good, as they are: class numbers, or values like outputs.

        Args:
            targets: Class numbers (N,), whole numbers 0 .. K − 1; or wanted probabilities (N, K),
                finite, none negative, not all zero: they need not sum to 1, so that images can be
                weighted.
            count: How many examples there are, N; none: as many as there are targets.
            shape: Of one example's outputs, (K,).

        Raises:
            ShapeError: If there are not as many targets as examples, or one of them is no class.
            ArgumentError: If wanted values are not what :meth:`check_values` expects.
        """
        (classes,) = shape
        count = len(targets) if count is None and targets.ndim else count
        if targets.shape == (count, classes) and targets.dtype.kind in "biuf":
            self.check_values(targets)
            return targets
        if targets.shape != (count,) or targets.dtype.kind not in "iu":
            raise ShapeError(
                f"{count} images need labels ({count},) or probabilities ({count}, {classes}), "
                f"got {targets.dtype} {targets.shape}"
            )
        if targets.min() < 0 or targets.max() >= classes:
            raise ShapeError(
                f"labels must be 0 to {classes - 1}, got {targets.min()} to {targets.max()}"
            )
        return targets

    def check_fit(self, targets: Array, outputs: Shape) -> None:
        """Check that outputs of a shape can be compared with checked targets.

        Raises:
            ArgumentError: Naming the first example whose targets cannot be.
        """

    def check_values(self, targets: Array) -> None:
        """Check wanted values (N, K): here distributions, none negative and not all zero.

        Raises:
            ArgumentError: Naming the first image whose values are not such.
        """
        _check_rows(
            targets,
            "an image's wanted probabilities must be finite, none negative and not all zero",
            {
                "hold a negative one": (targets < 0).any(axis=1),
                "are all zero": ~targets.any(axis=1),
            },
        )

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        outputs, targets = inputs
        loss, gradient = self.value_and_gradient(outputs, targets)
        return np.asarray(loss), gradient

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        """∂/∂outputs; targets are given, not learned, and their gradient is set to zero."""
        at_outputs = saved if gradient == 1.0 else np.asarray(gradient * saved, saved.dtype)
        return (at_outputs, np.zeros_like(saved)), {}

    def reads(self, *inputs: Shape) -> Reads:
        """All outputs and all targets of every example."""
        whole = tuple(tuple(Axis(n, taps=n) for n in shape) for shape in inputs)
        return Reads(whole, ())

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        raise ShapeError("a loss belongs to a whole batch; open the outputs that it reads")


def one_hot(labels: Array, classes: int, dtype: DTypeLike = np.float64) -> Array:
    """Labels 0 .. K − 1, (N,), as wanted probabilities, (N, K): 1 at the label, 0 elsewhere."""
    return np.eye(classes, dtype=dtype)[labels]


def check_finite(targets: Array) -> None:
    """Check that wanted values (N, M) are finite in float32, whatever else they are.

    Raises:
        ArgumentError: Naming the first image whose values are not.
    """
    _check_rows(targets, "an image's wanted numbers must be finite", {})


def check_marks(targets: Array) -> None:
    """Check that wanted values (N, K) are probabilities each for itself: 0 to 1.

    Raises:
        ArgumentError: Naming the first image whose values are not.
    """
    outside = ((targets < 0) | (targets > 1)).any(axis=1)
    wanted = "an image's wanted probabilities must be finite, each from 0 to 1"
    _check_rows(targets, wanted, {"hold another number": outside})


def _check_rows(targets: Array, wanted: str, faults: Mapping[str, Any]) -> None:
    with np.errstate(over="ignore"):
        finite = np.isfinite(targets.astype(np.float32)).all(axis=1)
    for fault, rows in {"hold NaN or infinity": ~finite, **faults}.items():
        if rows.any():
            raise ArgumentError(f"{wanted}, but those of image {int(rows.argmax())} {fault}")
