"""Which input values an output value reads, as data, so that anything can open it.

Along each axis of an input, an output position reads the positions

    (Σ_f stride_f · (⌊o_f / divide_f⌋ mod modulo_f) + dilation · tap − before) / divisor

for tap = 0 … taps − 1, where o_f is the output's position along the axis that ``f`` follows. What
does not divide, or lies outside the input, is not read. That covers windows (stride, dilation,
padding), whole axes (nothing followed), groups of channels (divide), flattening (divide, modulo),
parts and joints of channels (before), shuffled channels (two follows), broadcasting (one tap that
follows nothing) and transposed windows (divisor).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Position
    from pellucid.ops.operation import Shape

    Integers = NDArray[np.int64]

FILL = -1
"""What fills the rows of sources from inputs of fewer axes than others."""


@dataclass(frozen=True)
class Follow:
    """How a position along an input's axis follows the one along an output's.

    Attributes:
        axis: The output's axis.
        stride: Input positions from one step to the next.
        divide: Output positions that share a step.
        modulo: Steps after which it begins again; none: it never does.
    """

    axis: int
    stride: int = 1
    divide: int = 1
    modulo: int | None = None


@dataclass(frozen=True)
class Axis:
    """What is read along one axis of an input; see the module.

    Attributes:
        length: Positions of the axis.
        follows: What its positions follow; nothing: the same positions are read everywhere.
        taps: How many positions are read, those outside counted.
        dilation: From one tap to the next, in input positions times the divisor.
        before: How far before the followed position the first tap lies.
        divisor: What the sum is divided by.
    """

    length: int
    follows: tuple[Follow, ...] = ()
    taps: int = 1
    dilation: int = 1
    before: int = 0
    divisor: int = 1

    @property
    def slides(self) -> bool:
        """Whether it is a window that moves with the output, or a single position that does."""
        return len(self.follows) == 1 and self.follows[0].divide == 1 == self.divisor

    def bases(self, places: Integers) -> Integers:
        """The followed sum at output positions, (n, output axes), times the divisor: (n,)."""
        total = np.full(len(places), -self.before, np.int64)
        for each in self.follows:
            steps = places[:, each.axis] // each.divide
            total += each.stride * (steps if each.modulo is None else steps % each.modulo)
        return total

    def read(self, at: Position) -> list[tuple[int, int]]:
        """Pairs (tap, position) that an output position reads, in the order of the taps."""
        base = int(self.bases(np.array([at], np.int64))[0])
        sums = ((tap, base + self.dilation * tap) for tap in range(self.taps))
        found = ((tap, s // self.divisor) for tap, s in sums if s % self.divisor == 0)
        return [(tap, place) for tap, place in found if 0 <= place < self.length]

    def tap(self, bases: Integers, position: int) -> tuple[Integers, NDArray[np.bool_]]:
        """By which tap outputs of these sums read a position, and whether they do at all."""
        apart = position * self.divisor - bases
        taps = apart // self.dilation
        return taps, (apart % self.dilation == 0) & (taps >= 0) & (taps < self.taps)


Index = tuple[Literal["tap", "output"], int]
"""One number of a weight's place: the tap of an input's axis, or the position of an output's."""


@dataclass(frozen=True)
class WeightPlace:
    """Which weight a value that is read is multiplied with.

    Attributes:
        name: The parameter.
        index: Its place in that array.
    """

    name: str
    index: tuple[Index, ...]


@dataclass(frozen=True)
class Sources:
    """The values that one output value reads, T of them.

    Attributes:
        table: (T, 1 + rank) which input, then the position in it; rows of inputs with fewer axes
            end in :data:`FILL`.
        weights: (T, axes of the weight) the place of each value's weight; none without weights.
    """

    table: Integers
    weights: Integers | None

    def values(self, inputs: Arrays) -> NDArray[np.float64]:
        """The values at the sources, (T,)."""
        found = np.empty(len(self.table))
        for branch, x in enumerate(inputs):
            own = self.table[:, 0] == branch
            found[own] = x[tuple(self.table[own, 1 : 1 + x.ndim].T)]
        return found


@dataclass(frozen=True)
class Reads:
    """What an operation reads.

    Attributes:
        inputs: For each input, what is read along each of its axes.
        output: The output's shape for one image.
        weight: The weight that each value is multiplied with; none where there is none, or where it
            is no single weight.
    """

    inputs: tuple[tuple[Axis, ...], ...]
    output: Shape
    weight: WeightPlace | None = None

    def sources(self, at: Position) -> Sources:
        """What the output at a position reads: input by input, in row-major order."""
        rank = max(len(axes) for axes in self.inputs)
        tables, weights = [], []
        for branch, axes in enumerate(self.inputs):
            pairs = [np.array(axis.read(at), np.int64).reshape(-1, 2) for axis in axes]
            grid = np.meshgrid(*(np.arange(len(p)) for p in pairs), indexing="ij")
            taps, places = (
                np.stack([p[g.ravel(), k] for p, g in zip(pairs, grid, strict=True)], axis=1)
                for k in (0, 1)
            )
            table = np.full((len(places), 1 + rank), FILL, np.int64)
            table[:, 0] = branch
            table[:, 1 : 1 + len(axes)] = places
            tables.append(table)
            if self.weight is not None:
                weights.append(
                    np.stack(
                        [
                            taps[:, k] if which == "tap" else np.full(len(taps), at[k])
                            for which, k in self.weight.index
                        ],
                        axis=1,
                    )
                )
        return Sources(np.concatenate(tables), np.concatenate(weights) if weights else None)

    def dependents(self, branch: int, at: Position) -> list[Position]:
        """The outputs that read an input's value, in row-major order."""
        choices = [np.arange(length) for length in self.output]
        for axis, position in zip(self.inputs[branch], at, strict=True):
            if not axis.follows:
                if not axis.tap(np.array([-axis.before]), position)[1][0]:
                    return []
                continue
            (followed,) = {each.axis for each in axis.follows}
            places = np.zeros((len(choices[followed]), len(self.output)), np.int64)
            places[:, followed] = choices[followed]
            choices[followed] = choices[followed][axis.tap(axis.bases(places), position)[1]]
        grid = np.meshgrid(*choices, indexing="ij")
        return [tuple(place) for place in np.stack([g.ravel() for g in grid], axis=1).tolist()]

    def weight_of(self, output: Position, branch: int, at: Position) -> Position:
        """The place of the weight by which an output multiplies an input's value."""
        assert self.weight is not None
        axes, places = self.inputs[branch], np.array([output], np.int64)
        return tuple(
            output[k] if which == "output" else int(axes[k].tap(axes[k].bases(places), at[k])[0][0])
            for which, k in self.weight.index
        )

    def read_with(self, weight: Position, output: Position) -> Position | None:
        """The place of the one value that an output multiplies with a weight; none if several."""
        (axes,) = self.inputs
        assert self.weight is not None
        taps = {
            k: n for (which, k), n in zip(self.weight.index, weight, strict=True) if which == "tap"
        }
        if any(axis.taps > 1 and k not in taps for k, axis in enumerate(axes)):
            return None
        places = np.array([output], np.int64)
        return tuple(
            int(axis.bases(places)[0] + axis.dilation * taps.get(k, 0)) // axis.divisor
            for k, axis in enumerate(axes)
        )

    @cached_property
    def value_by_value(self) -> bool:
        """Whether each output reads one value of each input, at its own place (and channel).

        Along the last axis the place may be shifted, as where channels are joined.
        """
        return all(
            len(axes) == len(self.output)
            and all(
                axis.taps == 1 and axis.follows == (Follow(k),) and (axis.before == 0 or k == last)
                for k, axis in enumerate(axes)
            )
            for axes, last in ((axes, len(axes) - 1) for axes in self.inputs)
        )


def along(axis: int, length: int) -> Axis:
    """A single position that moves with the output's."""
    return Axis(length, (Follow(axis),))


def whole(length: int) -> Axis:
    """All positions, everywhere."""
    return Axis(length, taps=length)


def elementwise(*inputs: Shape) -> Reads:
    """Each value alone, of one input or of several of the same shape."""
    axes = tuple(along(k, length) for k, length in enumerate(inputs[0]))
    return Reads((axes,) * len(inputs), inputs[0])
