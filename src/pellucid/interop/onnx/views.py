"""How the axes of an ONNX tensor lie in a value of ours, so that layouts cost nothing.

ONNX has feature maps as (N, C, H, W) and moves axes about: flattened, cut in two, transposed. Ours
are (N, H, W, C). So a tensor of an imported network is one of our values together with a *view*:
each axis, of ours and of theirs, is a row-major product of *atoms*, and both sides are made of the
same ones. Reshaping and transposing change the view alone. Only an operation that needs its axes
in order makes a layer of what is left: a flattening, or a channel shuffle.

The batch axis belongs to neither side; it comes first, but where recurrent layers have steps first
in their tensors. Axes of length 1 have no atoms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Atom:
    """A part of an axis that is never taken apart, or the whole of it; each is itself alone."""

    size: int


Axis = tuple[Atom, ...]
"""An axis as a product of atoms, the last the fastest."""


@dataclass(frozen=True, eq=False)
class Affine:
    """A scale and a shift of each channel that no layer computes yet: y = scale · x + shift.

    Attributes:
        scale: float64, one number, or one for each of our last axis's.
        shift: float64, of the same shape.
    """

    scale: NDArray[np.float64]
    shift: NDArray[np.float64]

    def then(self, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> Affine:
        """This one and then another."""
        return Affine(self.scale * scale, self.shift * scale + shift)

    @property
    def nothing(self) -> bool:
        """Whether it changes no value."""
        return bool((self.scale == 1).all() and (self.shift == 0).all())


@dataclass(frozen=True)
class Neighbours:
    """What is still to be computed of squares: a step of a local response normalisation in pieces.

    Attributes:
        before: Channels of zeros in front of the first one, over which windows may reach.
        after: The same behind the last one.
        size: Channels of a window, whose mean it is; 0 before that is taken.
        power: The exponent that the mean, scaled and shifted, then gets; None before that.
    """

    before: int
    after: int
    size: int = 0
    power: float | None = None


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of an imported network.

    Attributes:
        node: Our value.
        ours: Its axes, (H, W, C), (T, F) or (F,).
        theirs: The tensor's, without the batch axis.
        affine: What is still to be computed of each number; None: nothing.
        logarithm: Whether it is the logarithm of probabilities, which only an output may be.
        neighbours: What must become part of a local response normalisation, before the affine
            part; None: nothing.
        batch: Which of the tensor's axes is the batch's.
    """

    node: str
    ours: tuple[Axis, ...]
    theirs: tuple[Axis, ...]
    affine: Affine | None = None
    logarithm: bool = False
    neighbours: Neighbours | None = None
    batch: int = 0

    @property
    def axes(self) -> tuple[Axis | None, ...]:
        """All of the tensor's axes, None in the batch's place."""
        return (*self.theirs[: self.batch], None, *self.theirs[self.batch :])

    def with_axes(self, axes: Sequence[Axis | None]) -> Value:
        """The same numbers with other axes, of which None is the batch's."""
        theirs = tuple(each for each in axes if each is not None)
        return replace(self, theirs=theirs, batch=list(axes).index(None))

    def with_batch(self, length: int) -> tuple[int, ...]:
        """The tensor's shape, for a batch of ``length`` examples."""
        return (*self.shape[: self.batch], length, *self.shape[self.batch :])

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's, without the batch axis."""
        if self.neighbours is not None and not self.neighbours.size:
            one, channels, *rest = map(size_of, self.theirs)
            return (one, self.neighbours.before + channels + self.neighbours.after, *rest)
        return tuple(map(size_of, self.theirs))

    @property
    def plain(self) -> bool:
        """Whether nothing is still to be computed of it."""
        done = self.affine is None or self.affine.nothing
        return done and not self.logarithm and self.neighbours is None

    @property
    def is_vector(self) -> bool:
        """Whether our value is one, (F,)."""
        return len(self.ours) == 1

    @property
    def is_maps(self) -> bool:
        """Whether our value is feature maps, (H, W, C)."""
        return len(self.ours) == 3

    def seen_as(self, *theirs: Axis) -> Value:
        """The same numbers with other axes."""
        return replace(self, theirs=theirs)


def axis(size: int) -> Axis:
    """A new axis."""
    return (Atom(size),) if size > 1 else ()


def size_of(atoms: Axis) -> int:
    """An axis's length."""
    return math.prod(atom.size for atom in atoms)


def of_maps(node: str, shape: tuple[int, ...]) -> Value:
    """One of our values (H, W, C), as ONNX has it: (C, H, W)."""
    rows, columns, channels = map(axis, shape)
    return Value(node, (rows, columns, channels), (channels, rows, columns))


def of_vector(node: str, length: int, axes: int = 1) -> Value:
    """One of our values (F,), as (F,), or as (F, 1, 1) where ONNX keeps three axes."""
    features = axis(length)
    return Value(node, (features,), (features, *((),) * (axes - 1)))


def reshaped(value: Value, shape: Sequence[int]) -> Value | None:
    """The tensor with other axes, read in the same order; None if atoms cannot be cut so.

    Args:
        value: The tensor.
        shape: Without the batch axis; of as many numbers.
    """
    left = [atom for each in value.theirs for atom in each]
    cuts: dict[Atom, Axis] = {}
    axes = []
    for length in shape:
        found: list[Atom] = []
        missing = length
        while missing > 1:
            if not left:
                return None
            atom = left.pop(0)
            if missing % atom.size == 0:
                found.append(atom)
                missing //= atom.size
            elif atom.size % missing == 0:
                first, rest = Atom(missing), Atom(atom.size // missing)
                cuts[atom] = (first, rest)
                found.append(first)
                left.insert(0, rest)
                missing = 1
            else:
                return None
        axes.append(tuple(found))
    return replace(value, ours=tuple(_cut(each, cuts) for each in value.ours), theirs=tuple(axes))


def _cut(atoms: Axis, cuts: dict[Atom, Axis]) -> Axis:
    """An axis whose atoms are cut where they were, again and again."""
    found: list[Atom] = []
    waiting = list(atoms)
    while waiting:
        atom = waiting.pop(0)
        if atom in cuts:
            waiting = [*cuts[atom], *waiting]
        else:
            found.append(atom)
    return tuple(found)


def reordered(array: NDArray[Any], given: Axis, wanted: Axis) -> NDArray[Any]:
    """An array whose first axis is a product of atoms, with these in another order."""
    sizes = [atom.size for atom in given]
    apart = array.reshape(*sizes, *array.shape[1:])
    order = [given.index(atom) for atom in wanted]
    rest = range(len(sizes), apart.ndim)
    return apart.transpose(*order, *rest).reshape(array.shape)


def shuffle_groups(given: Axis, wanted: Axis) -> int | None:
    """Of how many groups a channel shuffle turns one order of atoms into another; None if none."""
    for cut in range(1, len(given)):
        if given[cut:] + given[:cut] == wanted:
            return size_of(given[:cut])
    return None
