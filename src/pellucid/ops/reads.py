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

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

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
class Table:
    """Positions that are read, written out for each place along some of the output's axes.

    Attributes:
        by: The output's axes that it goes by.
        shape: The lengths of these.
        entries: For each place along them, in row-major order: the positions that are read, each
            with the factor that its value is multiplied with.
    """

    by: tuple[int, ...]
    shape: Shape
    entries: tuple[tuple[tuple[int, float], ...], ...]

    def at(self, place: Position) -> tuple[tuple[int, float], ...]:
        """Positions and factors of an output position."""
        number = 0
        for axis, length in zip(self.by, self.shape, strict=True):
            number = number * length + place[axis]
        return self.entries[number]

    def readers(self, position: int) -> list[tuple[int, ...]]:
        """The places along its axes that read a position."""
        found = [k for k, each in enumerate(self.entries) if any(p == position for p, _ in each)]
        places = np.unravel_index(np.array(found, np.int64), self.shape)
        return list(zip(*(axis.tolist() for axis in places), strict=True))


@dataclass(frozen=True)
class Located:
    """A position between two that are read: scale · v + offset, for a value v of another input.

    The position p reads ⌊p⌋ with the factor 1 − (p − ⌊p⌋), and ⌊p⌋ + 1 with p − ⌊p⌋; what lies
    outside is not read.

    Attributes:
        branch: Which input has v.
        by: The output's axes along which v lies, the leading ones of that input.
        channel: The position of v along the last axis of that input.
        scale: Positions per unit of v.
        offset: The position where v is 0.
    """

    branch: int
    by: tuple[int, ...]
    channel: int
    scale: float
    offset: float

    def table(self, inputs: Arrays, length: int) -> Table:
        """What is read of an axis of this length, for one image's inputs."""
        values = np.asarray(inputs[self.branch], np.float64)[..., self.channel]
        places = (self.scale * values + self.offset).reshape(-1).tolist()
        return Table(self.by, values.shape, tuple(neighbours(p, length) for p in places))


class Locator(Protocol):
    """What locates positions of an axis by the values of another input."""

    def table(self, inputs: Arrays, length: int) -> Table:
        """What is read of an axis of this length, for one image's inputs."""


def neighbours(place: float, length: int) -> tuple[tuple[int, float], ...]:
    """The whole positions beside a place that are on an axis and have a part in it."""
    if not math.isfinite(place):
        return ()
    low = math.floor(place)
    pairs = ((low, 1.0 - (place - low)), (low + 1, place - low))
    return tuple((at, factor) for at, factor in pairs if 0 <= at < length and factor != 0)


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
        table: Positions and factors that are written out; then nothing else counts.
        located: What locates positions; all that may be read is what the rest says.
    """

    length: int
    follows: tuple[Follow, ...] = ()
    taps: int = 1
    dilation: int = 1
    before: int = 0
    divisor: int = 1
    table: Table | None = None
    located: Locator | None = None

    @property
    def slides(self) -> bool:
        """Whether it is a window that moves with the output, or a single position that does."""
        return len(self.follows) == 1 and self.follows[0].divide == 1 == self.divisor

    @property
    def followed(self) -> tuple[int, ...]:
        """The output's axes that its positions depend on."""
        if self.table is not None:
            return self.table.by
        return tuple(dict.fromkeys(each.axis for each in self.follows))

    def bases(self, places: Integers) -> Integers:
        """The followed sum at output positions, (n, output axes), times the divisor: (n,)."""
        total = np.full(len(places), -self.before, np.int64)
        for each in self.follows:
            steps = places[:, each.axis] // each.divide
            total += each.stride * (steps if each.modulo is None else steps % each.modulo)
        return total

    def read(self, at: Position) -> list[tuple[int, int]]:
        """Pairs (tap, position) that an output position reads, in the order of the taps."""
        if self.table is not None:
            return [(tap, place) for tap, (place, _) in enumerate(self.table.at(at))]
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
        factors: (T,) what each value is multiplied with, where axes say so; else none. Of inputs
            without such axes NaN: their values are taken by a function.
    """

    table: Integers
    weights: Integers | None
    factors: NDArray[np.float64] | None = None

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

    @property
    def located(self) -> bool:
        """Whether inputs say which values of others are read."""
        return any(axis.located is not None for axes in self.inputs for axis in axes)

    def given(self, inputs: Arrays) -> Reads:
        """What is read of these inputs, of one image without the batch axis."""
        if not self.located:
            return self
        found = tuple(
            tuple(
                axis
                if axis.located is None
                else replace(axis, table=axis.located.table(inputs, axis.length))
                for axis in axes
            )
            for axes in self.inputs
        )
        return replace(self, inputs=found)

    def sources(self, at: Position) -> Sources:
        """What the output at a position reads: input by input, in row-major order."""
        rank = max(len(axes) for axes in self.inputs)
        tables, weights, factors = [], [], []
        tabled = any(axis.table is not None for axes in self.inputs for axis in axes)
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
            if tabled:
                factors.append(_factors(axes, at, taps))
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
        return Sources(
            np.concatenate(tables),
            np.concatenate(weights) if weights else None,
            np.concatenate(factors) if factors else None,
        )

    def dependents(self, branch: int, at: Position) -> list[Position]:
        """The outputs that read an input's value, in row-major order."""
        reads = np.ones(self.output, bool)
        for axis, position in zip(self.inputs[branch], at, strict=True):
            if axis.table is not None:
                along = np.zeros(axis.table.shape, bool)
                for place in axis.table.readers(position):
                    along[place] = True
                reads &= _spread(along, axis.table.by, len(self.output))
            elif not axis.follows:
                if not axis.tap(np.array([-axis.before]), position)[1][0]:
                    return []
            else:
                followed = tuple(sorted(axis.followed))
                lengths = tuple(self.output[k] for k in followed)
                places = np.zeros((math.prod(lengths), len(self.output)), np.int64)
                places[:, followed] = np.indices(lengths).reshape(len(lengths), -1).T
                found = axis.tap(axis.bases(places), position)[1]
                reads &= _spread(found.reshape(lengths), followed, len(self.output))
        return [tuple(place) for place in np.argwhere(reads).tolist()]

    def weight_of(self, output: Position, branch: int, at: Position) -> Position:
        """The place of the weight by which an output multiplies an input's value."""
        assert self.weight is not None
        axes, places = self.inputs[branch], np.array([output], np.int64)
        return tuple(
            output[k] if which == "output" else int(axes[k].tap(axes[k].bases(places), at[k])[0][0])
            for which, k in self.weight.index
        )

    def read_with(self, weight: Position, output: Position) -> Position | None:
        """The place of the one value that an output multiplies with a weight; none if several.

        It may lie outside, in the padding; where a window's steps do not divide, there is none.
        """
        (axes,) = self.inputs
        assert self.weight is not None
        taps = {
            k: n for (which, k), n in zip(self.weight.index, weight, strict=True) if which == "tap"
        }
        if any(axis.taps > 1 and k not in taps for k, axis in enumerate(axes)):
            return None
        places = np.array([output], np.int64)
        sums = [
            int(axis.bases(places)[0]) + axis.dilation * taps.get(k, 0)
            for k, axis in enumerate(axes)
        ]
        if any(total % axis.divisor for total, axis in zip(sums, axes, strict=True)):
            return None
        return tuple(total // axis.divisor for total, axis in zip(sums, axes, strict=True))

    @cached_property
    def value_by_value(self) -> bool:
        """Whether each output reads one value of each input, at its own place (and channel).

        Along the last axis the place may be shifted, as where channels are joined.
        """
        return all(
            len(axes) == len(self.output)
            and all(
                axis.taps == 1
                and axis.table is None
                and axis.follows == (Follow(k),)
                and (axis.before == 0 or k == last)
                for k, axis in enumerate(axes)
            )
            for axes, last in ((axes, len(axes) - 1) for axes in self.inputs)
        )


def _factors(axes: tuple[Axis, ...], at: Position, taps: Integers) -> NDArray[np.float64]:
    """What each value is multiplied with: the product over axes of tables, by their taps."""
    tabled = [(k, axis.table.at(at)) for k, axis in enumerate(axes) if axis.table is not None]
    if not tabled:
        return np.full(len(taps), np.nan)
    found = np.ones(len(taps))
    for k, entries in tabled:
        found *= np.array([factor for _, factor in entries])[taps[:, k]]
    return found


def _spread(along: NDArray[np.bool_], axes: tuple[int, ...], rank: int) -> NDArray[np.bool_]:
    """An array along some axes, in order, as one that broadcasts over all axes of an output."""
    shape = [1] * rank
    for axis, length in zip(axes, along.shape, strict=True):
        shape[axis] = length
    return along.reshape(shape)


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
