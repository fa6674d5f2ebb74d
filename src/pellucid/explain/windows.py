"""The windows of pixels behind a layer's values: inside the picture or not, flat or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.graph.receptive import receptive_fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations
    from pellucid.graph.receptive import ReceptiveField

    Mask = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

FLAT = 4.0
"""A window is flat where the standard deviation of its pixels, 0..255, is below this: noise and
JPEG leave as much in a plain wall."""

SHARE = 0.5
"""A window has contrast where it has at least this share of the largest in the picture."""

BORDER = 12
"""Grey levels that a row or column of a plain border spans at most: JPEG leaves some."""


@dataclass(frozen=True, eq=False)
class Windows:
    """What the positions of a layer see, each (h, w) of its feature maps.

    Attributes:
        whole: Whether all that the position sees lies in the picture: no padding is read.
        framed: Whether it lies within the picture's own frame too: no plain border is read.
        on_ground: Whether the frame has plain ground on all four sides.
        contrast: Standard deviation of the pixels seen, of the channel with the largest, 0..255.
    """

    whole: Mask
    framed: Mask
    on_ground: bool
    contrast: Numbers

    @property
    def inside(self) -> Mask:
        """Whole windows in the frame; in the picture, where the frame has no room for one."""
        framed = self.whole & self.framed
        return framed if framed.any() else self.whole

    @property
    def telling(self) -> Mask:
        """Whole windows in the frame with contrast; nowhere, where all of them are flat.

        Where the frame is what lies on plain ground on all sides, its edges count too.
        """
        for inside in (self.inside, self.whole) if self.on_ground else (self.inside,):
            largest = float(self.contrast[inside].max(initial=0.0))
            if largest >= FLAT:
                return inside & (self.contrast >= max(FLAT, SHARE * largest))
        return np.zeros(self.whole.shape, bool)


def windows_of(activations: Activations, layer: str) -> Windows:
    """The windows behind a layer's feature maps."""
    pixels = activations.pixels.astype(np.float64)
    height, width, _ = activations.shape(layer)
    down, across = receptive_fields(activations.graph)[layer]
    (top, bottom), (left, right) = frame(activations.pixels)
    rows, columns = _spans(down, height), _spans(across, width)
    size = pixels.shape[:2]
    return Windows(
        whole=_within(rows, 0, size[0])[:, None] & _within(columns, 0, size[1]),
        framed=_within(rows, top, bottom)[:, None] & _within(columns, left, right),
        on_ground=min(top, left) > 0 and bottom < size[0] and right < size[1],
        contrast=_contrast(pixels, rows, columns),
    )


def _spans(field: ReceptiveField, count: int) -> NDArray[np.int64]:
    """First row (or column) of each position's window, and one past the last: (count, 2)."""
    first = field.start + field.stride * np.arange(count)
    return np.stack([first, first + field.size], axis=1)


def _within(spans: NDArray[np.int64], first: int, end: int) -> Mask:
    return np.asarray((spans[:, 0] >= first) & (spans[:, 1] <= end))


def _contrast(pixels: Numbers, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Numbers:
    """Standard deviations in windows, by sums over everything above and left of a corner."""
    rows = np.clip(rows, 0, pixels.shape[0])
    columns = np.clip(columns, 0, pixels.shape[1])
    counts = (rows[:, 1] - rows[:, 0])[:, None] * (columns[:, 1] - columns[:, 0])
    means = []
    for values in (pixels, pixels**2):
        corners = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0), (0, 0)))
        strips = corners[rows[:, 1]] - corners[rows[:, 0]]
        sums = strips[:, columns[:, 1]] - strips[:, columns[:, 0]]
        means.append(sums / np.maximum(counts, 1)[..., None])
    variance = np.maximum(means[1] - means[0] ** 2, 0.0)
    return np.asarray(np.sqrt(variance).max(axis=2))


def frame(pixels: NDArray[np.uint8]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns without the plain borders around a picture: first, and one past the last.

    Borders are rows and columns of one colour, as put around pictures of other proportions, and the
    line beside them, into which resizing mixes them; the border of a digit is its paper. A picture
    that is plain all over has none.

    Args:
        pixels: (H, W, C), uint8.
    """
    levels = pixels.astype(np.float64)
    spans = []
    for axis in (1, 0):
        plain = np.ptp(levels, axis=axis).max(axis=1) <= BORDER
        means = levels.mean(axis=axis)
        first, last = (
            np.flatnonzero(~plain | (np.abs(means - means[edge]).max(axis=1) > BORDER))
            for edge in (0, -1)
        )
        length = len(plain)
        start, end = (int(first[0]), int(last[-1]) + 1) if len(first) and len(last) else (0, length)
        mixed = int(start > 0), int(end < length)
        spans.append((start + mixed[0], end - mixed[1]) if end - start > 2 else (start, end))
    return spans[0], spans[1]
