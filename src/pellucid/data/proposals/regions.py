"""Segments of a picture, and how like each other two of them are.

Segments are those of Felzenszwalb and Huttenlocher 2004, *Efficient graph-based image
segmentation*, by scikit-image. Alike are segments of the same colours and textures, small ones, and
ones that fill a box together (Uijlings et al. 2013, *Selective search for object recognition*,
section 3.2, equations 2 to 6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

COLOURS, ORIENTATIONS, STEEPNESS = 25, 8, 10
"""Bins of a channel's histogram; of its gradient, directions and bins for each."""

SMOOTHING = 0.8
"""Of the picture before it is cut, in pixels, as its authors advise."""

TEXTURE = 1.0
"""Of the gradients, in pixels."""


def library() -> Any:
    """The modules of scikit-image that are used.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        from skimage import color, segmentation, transform
    except ImportError as error:
        raise MissingDependencyError(
            f"proposing boxes by selective search needs scikit-image ({error}); install it: "
            'pip install "pellucid[proposals]"'
        ) from error
    return color, segmentation, transform


@dataclass(eq=False)
class Segments:
    """Segments of a picture, with room for all that they are merged into.

    Attributes:
        count: How many there are before any are merged, n.
        area: Pixels of the picture.
        boxes: x0, y0, x1, y1 of each, (2n − 1, 4).
        sizes: Pixels of each, (2n − 1,).
        colours: Histograms that sum to 1, (2n − 1, 3 · 25).
        textures: The same of gradients, (2n − 1, 3 · 8 · 10).
        neighbours: Which touch which, of those before merging, i < j, (m, 2).
    """

    count: int
    area: int
    boxes: Integers
    sizes: Integers
    colours: Floats
    textures: Floats
    neighbours: Integers

    def merge(self, first: int, second: int, into: int) -> None:
        """Write what two segments are together."""
        boxes, sizes = self.boxes, self.sizes
        boxes[into, :2] = np.minimum(boxes[first, :2], boxes[second, :2])
        boxes[into, 2:] = np.maximum(boxes[first, 2:], boxes[second, 2:])
        sizes[into] = sizes[first] + sizes[second]
        for histograms in (self.colours, self.textures):
            both = sizes[first] * histograms[first] + sizes[second] * histograms[second]
            histograms[into] = both / sizes[into]

    def likeness(self, first: Integers, second: Integers, *, colour: bool) -> Floats:
        """How like segments are, pair by pair, (m,); colours count where that is asked for."""
        low = np.minimum(self.boxes[first, :2], self.boxes[second, :2])
        high = np.maximum(self.boxes[first, 2:], self.boxes[second, 2:])
        sizes = self.sizes[first] + self.sizes[second]
        size = 1.0 - sizes / self.area
        fill = 1.0 - (np.prod(high - low, axis=1) - sizes) / self.area
        texture = np.minimum(self.textures[first], self.textures[second]).sum(axis=1)
        found = size + fill + texture
        if colour:
            found += np.minimum(self.colours[first], self.colours[second]).sum(axis=1)
        return np.asarray(found)


def segments(channels: Floats, fineness: float) -> Segments:
    """Cut a picture into segments.

    Args:
        channels: (H, W, 3) from 0 to 1, of any colour space.
        fineness: The k of its authors: the larger, the larger are segments, which have at least so
            many pixels.
    """
    _, segmentation, _ = library()
    labels = np.asarray(
        segmentation.felzenszwalb(
            channels, scale=fineness, sigma=SMOOTHING, min_size=round(fineness), channel_axis=-1
        ),
        np.int64,
    )
    count, room = int(labels.max()) + 1, 2 * int(labels.max()) + 1
    found = Segments(
        count,
        labels.size,
        np.zeros((room, 4), np.int64),
        np.zeros(room, np.int64),
        np.zeros((room, 3 * COLOURS)),
        np.zeros((room, 3 * ORIENTATIONS * STEEPNESS)),
        _neighbours(labels),
    )
    rows, columns = np.indices(labels.shape)
    flat = labels.ravel()
    found.boxes[:count, :2] = np.iinfo(np.int64).max
    for k, places in enumerate((columns.ravel(), rows.ravel())):
        np.minimum.at(found.boxes[:count, k], flat, places)
        np.maximum.at(found.boxes[:count, k + 2], flat, places + 1)
    found.sizes[:count] = np.bincount(flat, minlength=count)
    for c in range(3):
        colours = _histograms(flat, count, channels[..., c], COLOURS)
        found.colours[:count, c * COLOURS : (c + 1) * COLOURS] = colours
    found.textures[:count] = _textures(flat, count, channels)
    for histograms in (found.colours, found.textures):
        histograms[:count] /= np.maximum(histograms[:count].sum(axis=1, keepdims=True), 1.0)
    return found


def _neighbours(labels: Integers) -> Integers:
    """Pairs of segments with pixels side by side, or one above the other."""
    pairs = [
        np.stack([a.ravel(), b.ravel()], axis=1)
        for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:]))
    ]
    both = np.sort(np.concatenate(pairs), axis=1)
    return np.unique(both[both[:, 0] != both[:, 1]], axis=0)


def _histograms(flat: Integers, count: int, values: Floats, bins: int) -> Floats:
    """How many values from 0 to 1 of each segment fall into each bin, (count, bins)."""
    places = np.minimum((values.ravel() * bins).astype(np.int64), bins - 1)
    found = np.bincount(flat * bins + places, minlength=count * bins)
    return found.reshape(count, bins).astype(np.float64)


def _textures(flat: Integers, count: int, channels: Floats) -> Floats:
    """Histograms of Gaussian derivatives in eight directions, the steepest of the picture 1."""
    from scipy.ndimage import gaussian_filter

    found = []
    for c in range(3):
        across, down = (
            gaussian_filter(channels[..., c], TEXTURE, order=order) for order in ((0, 1), (1, 0))
        )
        steepest = max(float(np.hypot(across, down).max()), 1e-12)
        for k in range(ORIENTATIONS):
            angle = 2 * np.pi * k / ORIENTATIONS
            along = np.maximum(np.cos(angle) * across + np.sin(angle) * down, 0.0) / steepest
            found.append(_histograms(flat, count, along, STEEPNESS))
    return np.concatenate(found, axis=1)
