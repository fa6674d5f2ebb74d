"""What operations on regions of a map share: rows of boxes, and how a box is cut into parts.

A row of boxes is x0, y0, x1, y1 in pixels, and may have more numbers. Of rows of six or more the
sixth is a class, and below 0 there is no box: what is made of such a row is 0, and has no gradient
(:class:`pellucid.ops.FindBoxes` answers so with a fixed number of rows). Of a row with a number of
the four that is not finite, values are NaN.

Boxes are taken as constants, as by Girshick 2015, *Fast R-CNN*, and Ren et al. 2015, *Faster
R-CNN*, section 3.2: the gradient at them is 0.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ShapeError
from pellucid.ops.operation import Operation, describe, image_shape
from pellucid.ops.reads import Axis, Reads, Sources, Table, along

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.arguments import Arrays, Position, Weights
    from pellucid.ops.operation import Array, Family, Shape

    Floats = NDArray[np.float64]

CLASS = 5
"""The place of the class in a row that has one."""


@dataclass(frozen=True)
class Regions(Operation):
    """An operation that makes maps of one size of regions of a map.

    x is (N, h, w, C), boxes are (N, R, 4 or more), y is (N, R, *size, C).

    Attributes:
        size: Height and width of what is made of a region.
        scale: Positions of the map for a pixel, 1e-4 to 1e4: 1 divided by the map's stride.
    """

    family: ClassVar[Family] = "resampling"
    constant_inputs: ClassVar[tuple[int, ...]] = (1,)
    size: tuple[int, int] = (7, 7)
    scale: float = 1 / 16

    def __post_init__(self) -> None:
        checks.pair("size", self.size)
        checks.number("scale", self.scale, 1e-4, 1e4)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes 2 inputs, feature maps and boxes, got {len(inputs)}")

    def output_shape(self, *inputs: Shape) -> Shape:
        self.check_inputs(*inputs)
        maps, boxes = inputs
        _, _, channels = image_shape(maps)
        if len(boxes) != 2 or boxes[1] < 4:
            raise ShapeError(
                f"takes boxes as rows of at least 4 numbers (x0, y0, x1, y1), got {describe(boxes)}"
            )
        return boxes[0], *self.size, channels

    def reads(self, *inputs: Shape) -> Reads:
        (height, width, channels), (rows, numbers) = inputs
        output = self.output_shape(*inputs)
        axes = (
            Axis(height, taps=height, located=self._cut(0, numbers)),
            Axis(width, taps=width, located=self._cut(1, numbers)),
            along(3, channels),
        )
        boxes = along(0, rows), Axis(numbers, taps=4 if numbers <= CLASS else numbers)
        return Reads((axes, boxes), output)

    def sources(self, inputs: Arrays, at: Position) -> Sources:
        """What the output at a position reads; only its own region is cut into parts."""
        maps, boxes = inputs
        region, *place = at
        own = [maps, boxes[region : region + 1]]
        sources = self.reads(*(x.shape for x in own)).given(own).sources((0, *place))
        table = sources.table.copy()
        table[table[:, 0] == 1, 1] = region
        return replace(sources, table=table)

    @property
    @abstractmethod
    def samples_of_part(self) -> int:
        """Places that are read down and across in a part; 0: all positions that it covers."""

    def _cut(self, axis: int, numbers: int) -> Cut:
        """What parts read of an axis, down or across."""
        parts, samples = self.size[axis], self.samples_of_part
        return Cut(1, (0, 1 + axis), 1 - axis, parts, self.scale, samples, numbers)

    def offset(self, weights: Weights, y: Array) -> Array:
        return np.zeros(1)  # boxes are constants, and of maps it is linear

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        if branch == 1:
            return 0.0
        terms = self.terms(inputs, weights, output)
        own = (terms.sources[:, 0] == 0) & (terms.sources[:, 1:4] == at).all(axis=1)
        return float(terms.factors[own].sum())


@dataclass(frozen=True)
class Cut:
    """What the parts of a box read of an axis.

    Attributes:
        branch: Which input has the boxes.
        by: The output's axes of the regions and of the parts.
        low: The place of the lower end in a row; the upper end is two places behind.
        parts: How many parts there are.
        scale: Positions per pixel.
        samples: Places that are read in each part; 0: all positions that it covers.
        numbers: How many a row of boxes has.
    """

    branch: int
    by: tuple[int, int]
    low: int
    parts: int
    scale: float
    samples: int
    numbers: int

    def table(self, inputs: Arrays, length: int) -> Table:
        """What is read of an axis of this length, for one image's inputs."""
        boxes = inputs[self.branch]
        low, high = boxes[:, self.low], boxes[:, self.low + 2]
        if self.samples:
            factors = sampled(low, high, self.parts, self.samples, self.scale, length)
        else:
            starts, stops = covered(low, high, self.parts, self.scale, length)
            places = np.arange(length)
            factors = ((places >= starts[..., None]) & (places < stops[..., None])).astype(float)
        factors = factors * (has_box(boxes) & is_known(boxes))[:, None, None]
        parts = factors.reshape(-1, length)
        owners, places = np.nonzero(parts)
        pairs = list(zip(places.tolist(), parts[owners, places].tolist(), strict=True))
        ends = np.searchsorted(owners, np.arange(1 + len(parts))).tolist()
        entries = tuple(tuple(pairs[start:stop]) for start, stop in pairwise(ends))
        return Table(self.by, (len(boxes), self.parts), entries)


def has_box(boxes: Array) -> NDArray[np.bool_]:
    """Which rows are boxes, (…, R)."""
    if boxes.shape[-1] <= CLASS:
        return np.ones(boxes.shape[:-1], bool)
    return np.asarray(boxes[..., CLASS] >= 0)


def is_known(boxes: Array) -> NDArray[np.bool_]:
    """Of which rows the four numbers are finite, (…, R)."""
    return np.asarray(np.isfinite(boxes[..., :4]).all(axis=-1))


def sampled(low: Array, high: Array, parts: int, samples: int, scale: float, length: int) -> Floats:
    """How much each position of an axis counts in each part of boxes, by samples between them.

    The middle of position p is at p + 1/2. A part's samples are spread evenly in it, and their mean
    is taken. What lies before the first middle, by less than one position, or behind the last,
    counts as there; what lies further away as 0 (He et al. 2017, *Mask R-CNN*, section 3, and the
    aligned form of its code).

    Args:
        low: Lower ends in pixels, (…).
        high: Upper ends.
        parts: How many parts a box has.
        samples: Places in each part.
        scale: Positions per pixel.
        length: Of the axis.

    Returns:
        Factors, (…, parts, length).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        low, high = (scale * end.astype(np.float64) for end in (low, high))
        steps = (np.arange(parts * samples) + 0.5) / samples
        places = low[..., None] - 0.5 + steps * ((high - low) / parts)[..., None]
        inside = (places >= -1.0) & (places <= length)
        held = np.clip(places, 0.0, length - 1.0)[..., None]
        factors = np.maximum(0.0, 1.0 - np.abs(held - np.arange(length)))
        factors = np.where(inside[..., None], factors, 0.0)
    return np.asarray(factors.reshape(*low.shape, parts, samples, length).mean(axis=-2))


def covered(
    low: Array, high: Array, parts: int, scale: float, length: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """From which to before which position of an axis each part of boxes reaches, (…, parts) both.

    The ends, at the scale of the map, are rounded, halves away from 0, both belong to the box, and
    it has at least one position. Part k of s reaches from ⌊k·n/s⌋ to ⌈(k + 1)·n/s⌉ of its n
    positions (Girshick 2015, section 2.1, and its code). In float32, so that every engine rounds
    alike.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        first, last = (_rounded(end.astype(np.float32) * np.float32(scale)) for end in (low, high))
    whole = np.maximum(last - first + 1, 1)[..., None]
    part = np.arange(parts)
    starts = first[..., None] + part * whole // parts
    stops = first[..., None] - (-(part + 1) * whole // parts)
    return np.clip(starts, 0, length), np.clip(stops, 0, length)


FAR = 2.0**24
"""Rounded places are held within this, on both sides of 0."""


def _rounded(places: Array) -> NDArray[np.int64]:
    half = np.float32(0.5)
    nearest = np.copysign(np.floor(np.abs(places) + half), places)
    return np.asarray(np.clip(np.nan_to_num(nearest), -FAR, FAR), np.int64)
