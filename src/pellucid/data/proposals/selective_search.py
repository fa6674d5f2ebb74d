"""Selective search: boxes that may hold a thing, by merging what looks alike, again and again.

A picture is cut into segments; the two neighbours most like each other are merged, until one is
left, and the box of every segment on the way is a proposal. That is done in several colour spaces,
from finer and coarser segments, and with and without colours (Uijlings et al. 2013, *Selective
search for object recognition*: section 3.1, algorithm 1; its "fast" strategies, table 5). What was
merged late comes first, by chance as in section 3.4: the random numbers are the same every time.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.counter_random import random_words, stream_of, uniform
from pellucid.data.proposals.regions import Segments, library, segments
from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Boxes = NDArray[np.float32]

FINENESS = 50.0, 100.0
"""Of segments; see :func:`pellucid.data.proposals.regions.segments`."""

LONGEST = 500
"""Pixels of the longer side that is searched; larger pictures are made smaller first."""

LEAST = 4
"""Pixels of a proposal's shorter side, in the picture that is searched."""

STREAM = stream_of("selective search")


def selective_search(pixels: NDArray[np.uint8], most: int = 2000) -> Boxes:
    """Boxes of a picture that may hold a thing, the likelier first.

    Args:
        pixels: (H, W, 3) or (H, W, 1), 0 to 255.
        most: How many boxes at most, 1 to 100 000.

    Returns:
        x0, y0, x1, y1 in pixels of the picture, (n, 4), none of them twice.

    Raises:
        ArgumentError: If ``most`` is out of range.
        ShapeError: If it is no picture of such numbers.
        MissingDependencyError: If scikit-image is not installed.
    """
    checks.whole("most", most, 1, 100_000)
    shaped = pixels.ndim == 3 and pixels.shape[2] in (1, 3) and min(pixels.shape[:2]) >= 2
    if not shaped or pixels.dtype != np.uint8:
        raise ShapeError(
            "takes a picture (H, W, 3) or (H, W, 1) of at least 2×2 pixels, uint8 from 0 to 255, "
            f"got {pixels.dtype} {pixels.shape}"
        )
    color, _, transform = library()
    height, width = pixels.shape[:2]
    rgb = np.broadcast_to(pixels, (height, width, 3)) / 255.0
    if (shrunk := LONGEST / max(height, width)) < 1:
        size = max(round(height * shrunk), 2), max(round(width * shrunk), 2)
        rgb = transform.resize(rgb, size, anti_aliasing=True)
    lab = color.rgb2lab(rgb)
    spaces = color.rgb2hsv(rgb), np.clip(lab / (100.0, 255.0, 255.0) + (0, 0.5, 0.5), 0.0, 1.0)
    found = []
    for channels in spaces:
        for fineness in FINENESS:
            cut = segments(channels, fineness)
            found += [_merged(cut, colour=colour) for colour in (True, False)]
    boxes = _ranked(found, most)
    scale = np.array([width / rgb.shape[1], height / rgb.shape[0]] * 2)
    return np.asarray(boxes * scale, np.float32)


def _merged(of: Segments, *, colour: bool) -> NDArray[np.int64]:
    """The boxes of all segments, from the whole picture to the smallest."""
    alive = np.zeros(2 * of.count - 1, bool)
    alive[: of.count] = True
    near: list[set[int]] = [set() for _ in range(2 * of.count - 1)]
    first, second = of.neighbours.T
    pairs = of.neighbours.tolist()
    likeness = of.likeness(first, second, colour=colour)
    queue = [(-value, i, j) for value, (i, j) in zip(likeness.tolist(), pairs, strict=True)]
    for i, j in pairs:
        near[i].add(j)
        near[j].add(i)
    heapq.heapify(queue)
    for made in count(of.count):
        while queue and not (alive[queue[0][1]] and alive[queue[0][2]]):
            heapq.heappop(queue)
        if not queue:
            break
        _, i, j = heapq.heappop(queue)
        of.merge(i, j, made)
        alive[[i, j]], alive[made] = False, True
        near[made] = (near[i] | near[j]) - {i, j}
        others = np.array(sorted(near[made]), np.int64)
        for other in near[made]:
            near[other] -= {i, j}
            near[other].add(made)
        if len(others):
            likeness = of.likeness(np.full(len(others), made), others, colour=colour)
            for value, other in zip(likeness.tolist(), others.tolist(), strict=True):
                heapq.heappush(queue, (-value, other, made))
    return of.boxes[: 2 * of.count - 1][::-1].copy()


def _ranked(found: list[NDArray[np.int64]], most: int) -> NDArray[np.int64]:
    """Boxes of several hierarchies by falling rank, each once, without the smallest."""
    boxes = np.concatenate(found)
    ranks = np.concatenate([np.arange(1, len(each) + 1) for each in found])
    order = np.argsort(ranks * uniform(random_words(ranks.shape, 0, 0, STREAM)), kind="stable")
    boxes = boxes[order]
    boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= LEAST]
    _, places = np.unique(boxes, axis=0, return_index=True)
    return np.asarray(boxes[np.sort(places)][:most])
