"""What an operation is: the contract that every file of this package fulfils.

An operation is a frozen value: it holds settings (a stride, a slope), never weights. Weights come
in from outside, by name. Images are NHWC: batch, height, width, channels. A *shape* is always that
of one image, without the batch axis: ``(H, W, C)``, or ``(F,)`` after flattening. Arrays always
carry the batch axis first, except in :meth:`Operation.terms`, which looks at a single image.

The NumPy code of ``forward`` and ``backward`` is the definition that every engine is compared with:
plain, in float32 or float64 as its inputs are, and never clever.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.ops.terms import Terms

Array = NDArray[Any]
"""An array of float32 or float64 (pixels may also come as uint8)."""

Shape = tuple[int, ...]
"""The shape of one image's value: ``(H, W, C)`` or ``(F,)``."""

Role = Literal["kernel", "bias", "scale", "statistic"]
"""What a parameter is for. Only kernels decay; statistics are followed, not trained."""

Saved = Any
"""What ``forward`` keeps for ``backward``: each operation's own affair."""


@dataclass(frozen=True)
class Parameter:
    """One named array of weights: its shape, how it starts, what it is for.

    Attributes:
        shape: The array's shape, ``(kh, kw, in, out)`` for a convolution's kernel.
        initializer: A name of :mod:`pellucid.ops.initializers`, or a number to fill it with.
        role: See :data:`Role`.
        fan_in: How many inputs join in one output value (used by the initialisers).
        fan_out: How many outputs one input value reaches.
    """

    shape: Shape
    initializer: str | float
    role: Role
    fan_in: int = 1
    fan_out: int = 1

    @property
    def trainable(self) -> bool:
        """Whether gradient descent changes it."""
        return self.role != "statistic"

    @property
    def decays(self) -> bool:
        """Whether weight decay pulls it to zero: kernels only, never biases, scales or norms."""
        return self.role == "kernel"


@dataclass(frozen=True)
class Mode:
    """How a forward pass is run.

    Attributes:
        training: Batch norm uses the batch's own statistics, dropout drops.
        seed: The training run's seed, 0 .. 2³² − 1.
        step: The number of the training step, from 0.
        layer: The position of the operation in its graph. Random numbers are a function of
            (seed, step, layer, element), so that every engine draws the same ones.
    """

    training: bool = False
    seed: int = 0
    step: int = 0
    layer: int = 0


INFERENCE = Mode()


@dataclass(frozen=True)
class Reach:
    """Which input positions one output position sees, per axis (height, width).

    Output position ``i`` sees inputs ``i·stride − before`` to ``i·stride − before + size − 1``.
    ``size=None`` stands for the whole input.
    """

    size: tuple[int, int] | None = (1, 1)
    stride: tuple[int, int] = (1, 1)
    before: tuple[int, int] = (0, 0)


class Operation(ABC):
    """One operation of a network. Subclasses are frozen dataclasses of plain settings."""

    kind: ClassVar[str]
    """The operation's name in model files and tables; never changes once published."""

    def check_inputs(self, *inputs: Shape) -> None:
        """Check number and rank of the inputs; most operations take exactly one.

        Raises:
            ShapeError: With what came and what was expected.
        """
        if len(inputs) != 1:
            raise ShapeError(f"takes 1 input, got {len(inputs)}")

    @abstractmethod
    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape of one image's output.

        Raises:
            ShapeError: If the operation cannot take these inputs.
        """

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        """The weights it needs for inputs of these shapes, by name."""
        return {}

    def multiply_adds(self, *inputs: Shape) -> int:
        """How many multiplications followed by an addition one image costs, forward."""
        return 0

    @abstractmethod
    def forward(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], mode: Mode = INFERENCE
    ) -> tuple[Array, Saved]:
        """Compute the output, and what ``backward`` will need of it."""

    @abstractmethod
    def backward(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[tuple[Array, ...], dict[str, Array]]:
        """Carry the loss's gradient at the output back to the inputs and to the trainable weights.

        Args:
            gradient: ∂loss/∂output, shaped as the output.
            saved: What the same ``forward`` call returned.
            weights: The same weights that ``forward`` had.

        Returns:
            ∂loss/∂input for each input, and ∂loss/∂weight for each trainable weight by name.
        """

    def input_gradients(
        self, gradient: Array, saved: Saved, weights: Mapping[str, Array]
    ) -> tuple[Array, ...]:
        """∂loss/∂input for each input alone, as ``backward`` gives them.

        Explanations ask for no more; operations whose weights' gradients cost much leave them out.
        """
        return self.backward(gradient, saved, weights)[0]

    def updated_statistics(
        self,
        saved: Saved,
        weights: Mapping[str, Array],
    ) -> dict[str, Array]:
        """The statistics after a training step, by name: none, except for batch norm."""
        return {}

    @abstractmethod
    def terms(
        self, inputs: Sequence[Array], weights: Mapping[str, Array], at: tuple[int, ...]
    ) -> Terms:
        """Open one output value of one image at inference: what it read, what it made of it.

        Args:
            inputs: The inputs of one image, *without* the batch axis.
            weights: The operation's weights.
            at: The position in the output, ``(row, column, channel)`` or ``(unit,)``.
        """

    def reach(self, shape: Shape) -> Reach:
        """Which spatial positions of the input one output position sees."""
        return Reach()


def describe(shape: Shape) -> str:
    """A shape as people write it: ``28×28×1``."""
    return "×".join(map(str, shape))


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """Take a shape apart into height, width and channels.

    Raises:
        ShapeError: If it is not that of an image or a stack of feature maps.
    """
    if len(shape) != 3:
        raise ShapeError(
            f"takes feature maps (height×width×channels), got {describe(shape)} values"
        )
    height, width, channels = shape
    return height, width, channels


def flat_shape(shape: Shape) -> int:
    """The length of a flat vector's shape.

    Raises:
        ShapeError: If it is that of feature maps, which must be flattened first.
    """
    if len(shape) != 1:
        raise ShapeError(
            f"takes a flat vector, got {describe(shape)} feature maps; put a Flatten() "
            "or a GlobalAveragePool() before it"
        )
    return shape[0]


def as_float(array: Array) -> Array:
    """The array itself if it holds floats, else (pixels) as float32."""
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float32)
