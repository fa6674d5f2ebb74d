"""What a case is: an operation with shapes to try it on, and how its inputs are drawn."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from pellucid.ops.operation import Array, Operation, Saved, Shape

TRAINING = Mode(training=True, seed=11, step=3, stream=2)

Fill = Callable[[np.random.Generator, tuple[int, ...]], "Array"]


def normal(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal values."""
    return np.asarray(random.normal(size=shape))


def distinct(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """No two values nearer than 0.05: a maximum stays the maximum under a small change."""
    count = int(np.prod(shape))
    return np.asarray((random.permutation(count).reshape(shape) - count / 2) * 0.05)


def off_kinks(
    random: np.random.Generator, shape: tuple[int, ...], kinks: tuple[float, ...] = (0.0, 6.0)
) -> Array:
    """Values about kinks, but at least 0.1 away from all of them; by default those of ReLU6."""
    distance = 0.1 + np.abs(random.normal(size=shape))
    side = random.choice([-1.0, 1.0], shape)
    values = np.asarray(random.choice(kinks, shape) + distance * side)
    for kink in kinks:  # what came near another one
        near = np.abs(values - kink) < 0.1
        values = np.where(near, kink + np.where(values < kink, -0.1, 0.1), values)
    return values


def places(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Standard normal values; of two channels, places on a map, some of them a little outside."""
    if shape[-1] == 2:
        return np.asarray(random.uniform(-1.2, 1.2, shape))
    return normal(random, shape)


def away(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Homogeneous coordinates, ahead and behind, but not near the horizon."""
    values = normal(random, shape)
    values[..., 2] = random.uniform(0.3, 2.0, shape[:-1]) * random.choice((-1, 1, 1), shape[:-1])
    return values


def tied(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Only −1, 0 and 1: full of equal values and of zeros, as after a ReLU."""
    return random.integers(-1, 2, shape).astype(np.float64)


@dataclass(frozen=True)
class Case:
    """An operation with inputs to try it on.

    Attributes:
        about: What the case is for; with the kind it makes the test's name.
        operation: The operation.
        shapes: One image's shape for each input.
        batch: How many images.
        fill: How inputs are drawn.
        mode: How the forward pass is run.
        smooth: Whether inputs keep away from kinks, so that finite differences mean something.
        linear: Whether the output is a weighted sum of inputs, plus a constant, at inference.
    """

    about: str
    operation: Operation
    shapes: tuple[Shape, ...]
    batch: int = 2
    fill: Fill = normal
    mode: Mode = INFERENCE
    smooth: bool = True
    linear: bool = False

    def __str__(self) -> str:
        return f"{self.operation.kind}: {self.about}"

    @property
    def seed(self) -> int:
        """Each case's own: the same from run to run, whatever cases stand around it."""
        return zlib.crc32(str(self).encode())

    def draw(self, dtype: str = "float64") -> Drawn:
        """Inputs, weights and a cotangent, drawn in float64 whatever precision is asked for."""
        random = np.random.default_rng(self.seed)
        inputs = [self.fill(random, (self.batch, *shape)) for shape in self.shapes]
        weights = {}
        for name, parameter in self.operation.parameters(*self.shapes).items():
            draw = normal(random, parameter.shape)
            # A variance is positive; and no weight is near 0, where a test would see nothing of it.
            lifted = draw**2 if name == "variance" else draw
            weights[name] = lifted + np.where(lifted < 0, -0.3, 0.3)
        shape = (self.batch, *self.operation.output_shape(*self.shapes))
        return Drawn(
            self,
            [x.astype(dtype) for x in inputs],
            {name: w.astype(dtype) for name, w in weights.items()},
            random.normal(size=shape).astype(dtype),
        )


@dataclass
class Drawn:
    """A case's numbers.

    Attributes:
        case: Whose.
        inputs: (N, …) each.
        weights: By name.
        cotangent: In the place of ∂loss/∂output, (N, …).
        mode: How the forward pass is run.
    """

    case: Case
    inputs: list[Array]
    weights: dict[str, Array]
    cotangent: Array
    mode: Mode = field(init=False)

    def __post_init__(self) -> None:
        self.mode = self.case.mode

    def forward(self, mode: Mode | None = None) -> tuple[Array, Saved]:
        """The operation's output, and what it saved."""
        return self.case.operation.forward(self.inputs, self.weights, mode or self.mode)

    def backward(self) -> dict[str, Array]:
        """Every gradient for the cotangent: ``input 0``, ``input 1``, …, and weights by name."""
        return self.carried_back(self.case.operation)

    def carried_back(self, operation: Operation) -> dict[str, Array]:
        """The same by another operation's backward.

        Without gradients at inputs that are taken as constants, which must be 0.
        """
        _, saved = self.forward()
        found = named(operation.backward(self.cotangent, saved, self.weights))
        for place in self.case.operation.constant_inputs:
            gradient = found.pop(f"input {place}")
            assert gradient.shape == self.inputs[place].shape
            assert not gradient.any()
        return found

    def arguments(self) -> dict[str, Array]:
        """What a gradient is taken of, by the same names: inputs and trainable weights."""
        parameters = self.case.operation.parameters(*self.case.shapes)
        trainable = {name: w for name, w in self.weights.items() if parameters[name].trainable}
        constant = self.case.operation.constant_inputs
        moved = {f"input {i}": x for i, x in enumerate(self.inputs) if i not in constant}
        return moved | trainable

    def image(self, n: int) -> list[Array]:
        """One image's inputs, without the batch axis."""
        return [x[n] for x in self.inputs]


def named(gradients: tuple[tuple[Array, ...], dict[str, Array]]) -> dict[str, Array]:
    """What ``backward`` returns, in one dictionary."""
    inputs, weights = gradients
    return {f"input {i}": g for i, g in enumerate(inputs)} | weights
