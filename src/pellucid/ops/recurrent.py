"""What recurrent layers share: a state that each step makes of its input and of the state before.

x is (N, T, F), y is (N, T, units): the state after each step. It begins with zeros, or with what a
second input brings. All gates have one kernel and one recurrent kernel, side by side in the order
that PyTorch has them in, each with biases of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.initializers import check_initializer
from pellucid.ops.operation import Operation, Parameter, describe
from pellucid.ops.reads import Axis, Follow, Reads, whole
from pellucid.ops.terms import Terms
from pellucid.text import counted

if TYPE_CHECKING:
    from typing import Self

    from pellucid.ops.arguments import Arrays, Backward, Position, Weights
    from pellucid.ops.formula import Cells, WeightCells
    from pellucid.ops.operation import Array, Family, Saved, Shape
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Recurrent(Operation):
    """A recurrent layer; x is (N, T, F), y is (N, T, units).

    Attributes:
        units: Numbers of the state.
        initializer: How both kernels start; biases start at zero.
    """

    family: ClassVar[Family] = "dense"
    rule: ClassVar[Rule] = "function"
    recurs: ClassVar[bool] = True
    gates: ClassVar[tuple[str, ...]]
    """What its kernels make, in the order in which these lie side by side."""

    states: ClassVar[tuple[str, ...]]
    """What further inputs bring, (N, units) each: all of them or none."""

    units: int
    initializer: str | float = "lecun"

    def __post_init__(self) -> None:
        checks.whole("units", self.units)
        check_initializer("initializer", self.initializer)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) not in (1, 1 + len(self.states)):
            raise ShapeError(
                f"takes 1 input, or {1 + len(self.states)} with {' and '.join(self.states)}, got "
                f"{len(inputs)}"
            )
        if len(inputs[0]) != 2:
            raise ShapeError(
                f"takes a sequence of T steps with F numbers each, (T, F), got "
                f"{describe(inputs[0])}"
            )
        for what, shape in zip(self.states, inputs[1:], strict=False):
            if shape != (self.units,):
                raise ShapeError(
                    f"takes {what} of {counted(self.units, 'unit')}, got {describe(shape)}"
                )

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        return inputs[0][0], self.units

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        self.check_inputs(*inputs)
        features, width = inputs[0][1], len(self.gates) * self.units
        return {
            name: Parameter((rows, width), self.initializer, "kernel", rows, self.units)
            for name, rows in (("kernel", features), ("recurrent_kernel", self.units))
        } | {name: Parameter((width,), 0.0, "bias") for name in ("bias", "recurrent_bias")}

    def with_outputs(self, count: int) -> Self:
        return replace(self, units=count)

    def multiply_adds(self, *inputs: Shape) -> int:
        steps, features = inputs[0]
        return steps * (features + self.units) * len(self.gates) * self.units

    def at_gates(self, x: Array, weights: Weights) -> Array:
        """What the input alone gives to each step's gates, (N, T, gates · units)."""
        flat = x.reshape(-1, x.shape[2]) @ weights["kernel"] + weights["bias"]
        return flat.reshape(*x.shape[:2], -1)

    def cut(self, numbers: Array) -> tuple[Array, ...]:
        """The part of each gate, of what lies side by side along the last axis."""
        return tuple(np.split(numbers, len(self.gates), axis=-1))

    def first(self, inputs: Arrays, number: int = 0) -> Array:
        """A state before the first step, (N, units)."""
        if len(inputs) > 1:
            return inputs[1 + number]
        return np.zeros((len(inputs[0]), self.units), inputs[0].dtype)

    @abstractmethod
    def sweep(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        """The gradient at each step's gates, from the last step to the first.

        Args:
            gradient: At the output, (N, T, units).
            saved: The inputs, and what each step was made of, the state before it first.
            weights: The operation's weights.

        Returns:
            At what the kernel made for them, (N, T, gates · units); at what the recurrent kernel
            made, of the same shape; and at each first state, (N, units).
        """

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        (x, *states), opened = saved
        at_input, at_state, *at_first = self.sweep(gradient, saved, weights)
        before, both = np.stack([h for h, *_ in opened], axis=1), ((0, 1), (0, 1))
        own = {
            "kernel": np.tensordot(x, at_input, both),
            "bias": at_input.sum(axis=(0, 1)),
            "recurrent_kernel": np.tensordot(before, at_state, both),
            "recurrent_bias": at_state.sum(axis=(0, 1)),
        }
        return (np.tensordot(at_input, weights["kernel"], (2, 1)), *at_first)[
            : 1 + len(states)
        ], own

    def input_gradients(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        at_input, _, *at_first = self.sweep(gradient, saved, weights)
        return (np.tensordot(at_input, weights["kernel"], (2, 1)), *at_first)[: len(saved[0])]

    def opened(self, inputs: Arrays, weights: Weights) -> list[tuple[Array, ...]]:
        """What each step of one image was made of, (1, units) each, float64."""
        exact = {name: np.asarray(array, np.float64) for name, array in weights.items()}
        _, (_, found) = self.forward([np.asarray(x[None], np.float64) for x in inputs], exact)
        steps: list[tuple[Array, ...]] = found
        return steps

    def weight_slopes(self, inputs: Arrays, weights: Weights, name: str, at: Position) -> Array:
        exact = {own: np.asarray(array, np.float64) for own, array in weights.items()}
        shape = self.output_shape(*(x.shape for x in inputs))
        found = np.empty(shape)
        for t in range(shape[0]):  # all units of a step together
            images = [np.repeat(np.asarray(x[None], np.float64), shape[1], 0) for x in inputs]
            _, saved = self.forward(images, exact)
            gradient = np.zeros((shape[1], *shape))
            gradient[:, t] = np.eye(shape[1])
            at_input, at_state, *_ = self.sweep(gradient, saved, exact)
            values = images[0] if name == "kernel" else np.stack([h for h, *_ in saved[1]], axis=1)
            slopes = (at_state if name.startswith("recurrent") else at_input)[:, :, at[-1]]
            found[t] = (slopes if len(at) == 1 else slopes * values[:, :, at[0]]).sum(axis=1)
        return found

    def reads(self, *inputs: Shape) -> Reads:
        steps, features = inputs[0]
        # Each step reads its own input and all before.
        so_far = Axis(steps, (Follow(0),), taps=steps, before=steps - 1)
        states = tuple((whole(self.units),) for _ in inputs[1:])
        return Reads(((so_far, whole(features)), *states), self.output_shape(*inputs))

    def opening(self, *inputs: Shape) -> dict[str, Any]:
        return {"gates": list(self.gates)}

    @abstractmethod
    def shares(self, inputs: Arrays, weights: Weights, at: Position) -> tuple[Array, float]:
        """What each step up to its own contributed to a value, and what the first state did.

        Args:
            inputs: Of one image, without the batch axis.
            weights: The operation's weights.
            at: (step, unit).

        Returns:
            A number for each step, and one for the first state; their sum is the value.
        """

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """A value as its steps' contributions; of a step, what is read has equal parts in it.

        A step's inputs meet in gates, which bend, so that its contribution cannot be divided.
        """
        sources = self.reads(*(x.shape for x in inputs)).sources(at)
        steps, first = self.shares(inputs, weights, at)
        branch, place = sources.table[:, 0], sources.table[:, 1]
        products = np.where(branch == 0, steps[np.minimum(place, at[0])] / inputs[0].shape[1], 0.0)
        products[(branch == 1) & (place == at[1])] = first
        unknown = np.full(len(products), np.nan)
        return Terms("function", sources.table, sources.values(inputs), unknown, products)

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        return ()

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        exact = {name: np.asarray(array, np.float64) for name, array in weights.items()}
        y, saved = self.forward([np.asarray(x[None], np.float64) for x in inputs], exact)
        gradient = np.zeros_like(y)
        gradient[(0, *output)] = 1.0
        return float(self.input_gradients(gradient, saved, exact)[branch][(0, *at)])

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        return 0, inputs[0][0] * self.units * (len(self.gates) + 4), 0  # gates of all steps

    def gate_formula(
        self, number: int, at: Position, values: Cells | None, weights: WeightCells, prefix: str
    ) -> str:
        """What a kernel makes of a row of cells for one gate, with its bias, as a formula.

        Args:
            number: Of the gate.
            at: (step, unit): the row, and the gate's unit.
            values: A sequence's cells, or a state's, one below the other; none: zeros.
            weights: The cells of the weights.
            prefix: ``""`` or ``"recurrent_"``.
        """
        column = number * self.units + at[1]
        bias = weights[f"{prefix}bias"].cell((column,))
        if values is None:
            return bias
        rows = values.shape[-1]
        kernel = weights[f"{prefix}kernel"].block((0, 0, column), (rows - 1, 0, column))
        if len(values.shape) == 1:
            return f"SUMPRODUCT({values.block((0,), (rows - 1,))},{kernel})+{bias}"
        return f"SUM(MMULT({values.block((at[0], 0), (at[0], rows - 1))},{kernel}))+{bias}"
