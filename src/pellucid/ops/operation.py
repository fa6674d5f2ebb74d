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
from pellucid.ops.formula import Named, nested
from pellucid.ops.terms import maximum, weighted
from pellucid.ops.types import NARROW, DType, Type

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Details, Forward, Position, Weights
    from pellucid.ops.formula import InputCells, WeightCells
    from pellucid.ops.reads import Reads, Sources
    from pellucid.ops.slopes import Slopes
    from pellucid.ops.terms import Rule, Terms

Array = NDArray[Any]
"""An array of float32 or float64 (pixels may also come as uint8)."""

Shape = tuple[int, ...]
"""The shape of one image's value: ``(H, W, C)`` or ``(F,)``."""

Role = Literal["kernel", "bias", "scale", "statistic"]
"""What a parameter is for. Only kernels decay; statistics are followed, not trained."""

Family = Literal[
    "activation",
    "convolution",
    "dense",
    "joint",
    "layout",
    "normalisation",
    "pooling",
    "probabilities",
    "regularisation",
    "resampling",
]
"""Kinds of layers: of an activation each value is a function of one; a joint takes several inputs;
of a layout every value is one of the input's, or a constant; a resampling takes maps at other
positions, or makes these."""

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
        dtype: Of its numbers in model files; arrays hold all as floats, exactly.
    """

    shape: Shape
    initializer: str | float
    role: Role
    fan_in: int = 1
    fan_out: int = 1
    dtype: DType = "float32"

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
        stream: Which random stream is the operation's own, see
            :func:`pellucid.counter_random.stream_of`. Random numbers are a function of (seed, step,
            stream, element), so that every engine draws the same ones.
        first: The place of the first example in the step's whole batch, which processes may share.
    """

    training: bool = False
    seed: int = 0
    step: int = 0
    stream: int = 0
    first: int = 0


INFERENCE = Mode()


class Operation(ABC):
    """One operation of a network. Subclasses are frozen dataclasses of plain settings."""

    kind: ClassVar[str]
    """The operation's name in model files and tables; never changes once published."""

    title: ClassVar[str]
    """What the lecture calls a layer of this kind, and the field where the lecture has no word."""

    family: ClassVar[Family]
    """What kind of layer it is, so that convolutions or poolings of any kind can be found."""

    rule: ClassVar[Rule]
    """How what is read makes a value. Of a sum, the factors do not depend on what is read, except
    at kinks; then terms, offset and derivatives follow from :meth:`reads`."""

    stem: ClassVar[str] = ""
    """What unnamed layers are called, before their number; empty: their kind."""

    words: ClassVar[str] = ""
    """What an activation does, in a few words."""

    rectifies: ClassVar[bool] = False
    """Whether it silences what is not positive, as ReLU does; guided methods are about these."""

    negative_factor: ClassVar[str] = ""
    """The weight, one a channel, that multiplies values that are not positive, where others stay as
    they are."""

    sets_scale: ClassVar[bool] = False
    """Whether what it gives is in proportion to its kernel or scale, all of it."""

    recurs: ClassVar[bool] = False
    """Whether it makes values of its own at earlier steps; formulas are given their cells last."""
    constant_inputs: ClassVar[tuple[int, ...]] = ()
    """Inputs that are taken as constants, although values follow from them: their gradient is 0."""

    def check_inputs(self, *inputs: Shape) -> None:
        """Check number and rank of the inputs; most operations take exactly one.

        Raises:
            ShapeError: With what came and what was expected.
        """
        if len(inputs) != 1:
            raise ShapeError(f"takes 1 input, got {len(inputs)}")

    def fault(self, values: Array) -> str:
        """What is wrong with whole numbers that are fed to it; empty where nothing is.

        Most operations take any. Of what a network computes nothing is asked.

        Args:
            values: What is fed to an input that is no float32, batch axis first.
        """
        return ""

    @abstractmethod
    def output_shape(self, *inputs: Shape) -> Shape:
        """The shape of one image's output.

        Raises:
            ShapeError: If the operation cannot take these inputs.
        """

    def output_type(self, *inputs: Type) -> Type:
        """The type of the output; float32 values for each example, except for losses.

        Raises:
            ShapeError: If the operation cannot take these inputs.
        """
        if any(value.per == "batch" for value in inputs):
            raise ShapeError("takes a value for each example, got one for the whole batch")
        if narrow := [value.dtype for value in inputs if value.dtype in NARROW]:
            raise ShapeError(f"takes float32 values, got {narrow[0]}")
        return Type(self.output_shape(*(value.shape for value in inputs)))

    def parameters(self, *inputs: Shape) -> dict[str, Parameter]:
        """The weights it needs for inputs of these shapes, by name."""
        return {}

    def multiply_adds(self, *inputs: Shape) -> int:
        """How many multiplications followed by an addition one image costs, forward."""
        return 0

    @abstractmethod
    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        """Compute the output, and what ``backward`` will need of it."""

    @abstractmethod
    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        """Carry the loss's gradient at the output back to the inputs and to the trainable weights.

        Args:
            gradient: ∂loss/∂output, shaped as the output.
            saved: What the same ``forward`` call returned.
            weights: The same weights that ``forward`` had.

        Returns:
            ∂loss/∂input for each input, and ∂loss/∂weight for each trainable weight by name.
        """

    def input_gradients(self, gradient: Array, saved: Saved, weights: Weights) -> tuple[Array, ...]:
        """∂loss/∂input for each input alone, as ``backward`` gives them.

        Explanations ask for no more; operations whose weights' gradients cost much leave them out.
        """
        return self.backward(gradient, saved, weights)[0]

    def updated_statistics(self, saved: Saved, weights: Weights) -> dict[str, Array]:
        """The statistics after a training step, by name: none, except for batch norm."""
        return {}

    @abstractmethod
    def reads(self, *inputs: Shape) -> Reads:
        """Which input values each output value reads, and with which weights; as data."""

    def added(self, weights: Weights, shape: Shape) -> Array:
        """What a sum adds to its products; broadcasts to the output's shape for one image."""
        return weights.get("bias", np.zeros(1))

    def multiplied(self, weights: Weights, *inputs: Shape) -> Array:
        """What a sum multiplies all that an output reads with; broadcasts as :meth:`added`."""
        return np.ones(1)

    def factors(self, inputs: Arrays, weights: Weights, at: Position, sources: Sources) -> Array:
        """What a sum multiplies each value with, (T,): its weight, or what all have."""
        shapes = [x.shape for x in inputs]
        reads = self.reads(*shapes)
        if sources.factors is not None:
            return sources.factors
        if reads.weight is None or sources.weights is None:
            factor = np.broadcast_to(self.multiplied(weights, *shapes), reads.output)[at]
            return np.full(len(sources.table), factor, np.float64)
        return np.asarray(weights[reads.weight.name][tuple(sources.weights.T)])

    def terms(self, inputs: Arrays, weights: Weights, at: Position) -> Terms:
        """Open one output value of one image at inference: what it read, what it made of it.

        Args:
            inputs: The inputs of one image, *without* the batch axis.
            weights: The operation's weights.
            at: The position in the output, ``(row, column, channel)`` or ``(unit,)``.
        """
        reads = self.reads(*(x.shape for x in inputs))
        sources = reads.sources(at)
        values = sources.values(inputs)
        if self.rule == "maximum":
            return maximum(sources.table, values)
        self._derived("terms", self.rule == "sum")
        bias = float(np.broadcast_to(self.added(weights, reads.output), reads.output)[at])
        named = None
        if reads.weight is not None and sources.weights is not None:
            named = reads.weight.name, sources.weights
        factors = self.factors(inputs, weights, at, sources)
        return weighted(sources.table, values, factors, bias, named)

    def offset(self, weights: Weights, y: Array) -> Array | None:
        """The affine offset: the c of y = J·x + c, with masks and winners as they are.

        Written from the weights and not found as what remains of y, so that evidence that adds up
        is a finding and no tautology.

        Args:
            weights: The operation's weights.
            y: The output, batch axis first; c broadcasts to its shape.

        Returns:
            c; none if the operation bends everywhere, so that there is no such c.
        """
        if self.bends:
            return None
        return np.zeros(1) if self.rule == "maximum" else self.added(weights, y.shape[1:])

    @property
    def bends(self) -> bool:
        """Whether it bends everywhere, and so has no :meth:`offset`."""
        return self.rule not in ("sum", "maximum") and type(self).offset is Operation.offset

    def decisions(self, inputs: Arrays) -> tuple[Array, ...]:
        """On which side of its kinks it was, of batches: signs, winners; nothing without kinks."""
        self._derived("decisions", self.rule in ("sum", "share", "product"))
        return ()

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        """``∂output[output]/∂inputs[branch][at]`` at inference, for one image's arrays.

        At kinks it is what the operation declares: 0 for ReLU, a pooling's first winner takes all.
        """
        self._derived("derivative", self.rule in ("sum", "maximum"))
        reads = self.reads(*(x.shape for x in inputs))
        if reads.weight is not None:
            return float(weights[reads.weight.name][reads.weight_of(output, branch, at)])
        terms = self.terms(inputs, weights, output)
        row = (branch, *at)
        own = (terms.sources[:, : len(row)] == row).all(axis=1)
        return float(terms.factors[own].sum())

    def weight_slopes(self, inputs: Arrays, weights: Weights, name: str, at: Position) -> Array:
        """``∂output/∂weights[name][at]`` at every output of one image at inference, float64.

        Where it is linear in its weights, that is what this weight alone makes, at 1.
        """
        images = [np.asarray(x[None], np.float64) for x in inputs]
        alone = {own: np.array(array, np.float64) for own, array in weights.items()}
        for own, parameter in self.parameters(*(x.shape for x in inputs)).items():
            alone[own] *= not parameter.trainable
        without, _ = self.forward(images, alone)
        alone[name][at] = 1.0
        return np.asarray((self.forward(images, alone)[0] - without)[0])

    def formula(self, at: Position, inputs: InputCells, weights: WeightCells) -> str:
        """What a spreadsheet's cell computes of other cells, without its ``=``.

        Args:
            at: The position in the output.
            inputs: The cells of the inputs.
            weights: The cells of the weights, by name.
        """
        cells = self.cells(at, inputs)
        if self.rule == "maximum":
            return nested("MAX", cells)
        own = type(self)
        plain = own.multiplied is Operation.multiplied and own.added is Operation.added
        self._derived("formula", self.rule == "sum" and plain and not weights)
        return "+".join(cells)

    def general_formula(self, *inputs: Shape) -> str:
        """The same of any output, of ``x``, what it reads at its own place, and ``all`` it reads.

        Raises:
            NotImplementedError: If its formula depends on the place, or on weights.
        """
        first = self.output_shape(*inputs)
        last = tuple(length - 1 for length in first)
        cells = [Named(shape) for shape in inputs]
        texts = {self.formula(at, cells, {}) for at in (tuple(0 for _ in first), last)}
        self._derived("formula of every place", len(texts) == 1)
        return texts.pop()

    def cells(self, at: Position, inputs: InputCells) -> list[str]:
        """The spreadsheet cells of what an output reads."""
        rows = self.reads(*(x.shape for x in inputs)).sources(at).table.tolist()
        return [inputs[branch].cell(tuple(n for n in at if n >= 0)) for branch, *at in rows]

    def slopes(self) -> Slopes | None:
        """Of a function of each value alone that is straight between its kinks; none of others."""
        return None

    def opening(self, *inputs: Shape) -> dict[str, Any]:
        """What a page opens its values by, as JSON values; empty where reads or a formula do."""
        return {}

    def slopes_at_kinks(self) -> tuple[tuple[float, float], ...]:
        """Of a function of each value alone: where it bends, and the slope declared there."""
        return ()

    @property
    def norm_epsilon(self) -> float | None:
        """Of a norm with γ, β, a mean and a variance of its own: what is added to the variance."""
        return None

    def mask(self, x: Array) -> Array | None:
        """Of a function of each value alone: its derivative at each x; none for all others."""
        return None

    def winners(self, x: Array) -> NDArray[np.int64] | None:
        """Of a maximum: the (row, column) of each output in the input, (…, 2); none for others."""
        return None

    def with_outputs(self, count: int) -> Operation:
        """The same with another number of units or feature maps, where that is a setting."""
        return self

    def details(self, terms: Terms, inputs: Arrays, weights: Weights, at: Position) -> Details:
        """What else it knows of an opened value, as JSON values; see ``docs/records.md``.

        Args:
            terms: The value's terms.
            inputs: The inputs of one image, without the batch axis.
            weights: The operation's weights.
            at: The position in the output.
        """
        return {}

    def window_cost(self, *inputs: Shape) -> tuple[int, int, int]:
        """What the reference engine's window costs on one image.

        Returns:
            The window's places, the values of its input with the border round it, and those that
            all windows read together; zeros without a window.
        """
        return 0, 0, 0

    def _derived(self, what: str, can: bool) -> None:
        """Raise a NotImplementedError unless a fact follows from what is read."""
        if not can:
            raise NotImplementedError(f"{self.kind} must say its {what}: it is no plain sum")


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
