"""Distorted pictures, made of upright ones: turned, scaled, moved, seen aslant, among clutter.

The kinds are those by which spatial transformers are judged (Jaderberg et al. 2015, *Spatial
transformer networks*, appendix A.1 and A.2): for pictures of 28×28 pixels,

- ``rotation``: turned by up to 90° to either side;
- ``rotation, scale, translation``: turned by up to 45°, between 0.7 and 1.2 times as large, put
  anywhere on 42×42 pixels;
- ``projective``: turned by up to 45°, scaled to 0.75 to 1 times, and every corner moved by
  normal numbers of 5 pixels' standard deviation;
- ``cluttered``: anywhere on 60×60 pixels, among 16 pieces of 6×6 pixels of other pictures.

For other sizes all lengths are in proportion. Every picture is distorted by numbers of its own
that its place and a seed determine, interpolated bilinearly; around it is the median of the border
of all pictures.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.known_names import find_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset

    Pixels = NDArray[np.uint8]
    Matrix = NDArray[np.float64]

UNIT = 28
"""Pixels of the paper's pictures, to which its lengths refer."""

PIECES, PIECE = 16, 6
"""Of clutter: how many, and their side at 28×28."""

CORNER = 5.0
"""Standard deviation of a corner's place in pixels at 28×28."""


def distorted(data: Dataset, kind: str, *, seed: int = 0) -> Dataset:
    """The same pictures, distorted.

    Args:
        data: Pictures; their targets are kept.
        kind: A name of :data:`KINDS`.
        seed: Of the random numbers.

    Raises:
        ArgumentError: If there is no such kind.
    """
    make = KINDS[find_name("kind of distortion", kind, KINDS)]
    fill = border_level(data.images)
    first = make(data.images, 0, fill, np.random.default_rng([seed, 0]))
    made = np.empty((len(data), *first.shape), np.uint8)  # a list besides would need it twice
    for place in range(len(data)):
        made[place] = make(data.images, place, fill, np.random.default_rng([seed, place]))
    return replace(data, images=made, name=f"{data.name}, {kind}", drawn_with=None)


def border_level(images: Pixels) -> NDArray[np.uint8]:
    """The median of the pixels at the border of all pictures, (C,)."""
    channels = images.shape[3]
    edges = [images[:, [0, -1]], images[:, :, [0, -1]]]
    flat = np.concatenate([edge.reshape(-1, channels) for edge in edges])
    return np.asarray(np.median(flat, axis=0), np.uint8)


def _rotation(images: Pixels, place: int, fill: Pixels, random: np.random.Generator) -> Pixels:
    picture = images[place]
    angle = random.uniform(-math.pi / 2, math.pi / 2)
    return _moved(picture, _affine(picture, picture.shape[:2], angle), picture.shape[:2], fill)


def _rotation_scale_translation(
    images: Pixels, place: int, fill: Pixels, random: np.random.Generator
) -> Pixels:
    picture = images[place]
    angle, scale = random.uniform(-math.pi / 4, math.pi / 4), random.uniform(0.7, 1.2)
    height, width = picture.shape[:2]
    size = 3 * height // 2, 3 * width // 2
    room = np.maximum(0.0, np.array(size) - scale * np.array((height, width))) / 2
    shift = random.uniform(-room, room)
    return _moved(picture, _affine(picture, size, angle, scale, shift), size, fill)


def _projective(images: Pixels, place: int, fill: Pixels, random: np.random.Generator) -> Pixels:
    picture = images[place]
    size = height, width = picture.shape[:2]
    angle, scale = random.uniform(-math.pi / 4, math.pi / 4), random.uniform(0.75, 1.0)
    unit = min(size) / UNIT
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    to = _mapped(
        np.asarray(np.linalg.inv(_affine(picture, size, angle, scale)), np.float64), corners
    )
    while True:
        moved = to + random.normal(0.0, CORNER * unit, (4, 2))
        if _convex(moved):  # else the picture would be folded
            return _moved(picture, _through(moved, corners), size, fill)


def _cluttered(images: Pixels, place: int, fill: Pixels, random: np.random.Generator) -> Pixels:
    height, width, channels = images[place].shape
    size = round(60 * height / UNIT), round(60 * width / UNIT)
    piece = max(1, round(PIECE * height / UNIT)), max(1, round(PIECE * width / UNIT))
    made = np.broadcast_to(fill, (*size, channels)).copy()
    others = random.integers(0, len(images), PIECES)
    for other in others:
        from_y, from_x = (
            random.integers(0, side - part + 1)
            for side, part in zip((height, width), piece, strict=True)
        )
        cut = images[other, from_y : from_y + piece[0], from_x : from_x + piece[1]]
        _put(made, cut, fill, random)
    _put(made, images[place], fill, random)
    return made


KINDS: dict[str, Callable[[Pixels, int, Pixels, np.random.Generator], Pixels]] = {
    "rotation": _rotation,
    "rotation, scale, translation": _rotation_scale_translation,
    "projective": _projective,
    "cluttered": _cluttered,
}
"""Every kind by its name: from all pictures, a place among them, the level around, and chance."""


# ------------------------------------------------------------------------------------------ maps


def _affine(
    picture: Pixels,
    size: tuple[int, int],
    angle: float,
    scale: float = 1.0,
    shift: NDArray[np.float64] | tuple[float, float] = (0.0, 0.0),
) -> Matrix:
    """From places (x, y, 1) of a made picture to those of the given one, (3, 3).

    Args:
        picture: The given one.
        size: (height, width) of the made one.
        angle: By which it is turned, counterclockwise, in radians.
        scale: How many times as large it becomes.
        shift: Of its middle from that of the made one, (down, across) in pixels.
    """
    height, width = picture.shape[:2]
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    middle = np.array([size[1] / 2 + shift[1], size[0] / 2 + shift[0]])
    turn = np.array([[cos, -sin], [sin, cos]])
    found = np.eye(3)
    found[:2, :2] = turn
    found[:2, 2] = np.array([width / 2, height / 2]) - turn @ middle
    return found


def _through(places: Matrix, to: Matrix) -> Matrix:
    """The projective map that takes four places (x, y) to four others, (3, 3)."""
    rows = []
    for (x, y), (u, v) in zip(places, to, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    numbers = np.linalg.solve(np.array(rows), to.reshape(-1))
    return np.append(numbers, 1.0).reshape(3, 3)


def _mapped(matrix: Matrix, places: Matrix) -> Matrix:
    """Places (n, 2) after a map."""
    found = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    return np.asarray(found[:, :2] / found[:, 2:])


def _convex(corners: Matrix) -> bool:
    """Whether four corners, one after the other, turn the same way as those of a picture."""
    sides = np.roll(corners, -1, axis=0) - corners
    after = np.roll(sides, -1, axis=0)
    return bool((sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0] > 0).all())


def _moved(picture: Pixels, matrix: Matrix, size: tuple[int, ...], fill: Pixels) -> Pixels:
    """A picture whose places were taken from the given one by a map, bilinearly.

    The given one has two further rows and columns of the level around on every side, so that its
    border becomes no edge.
    """
    height, width, channels = picture.shape
    padded = np.broadcast_to(fill, (height + 4, width + 4, channels)).copy()
    padded[2:-2, 2:-2] = picture
    down, across = np.mgrid[: size[0], : size[1]] + 0.5
    places = _mapped(matrix, np.column_stack([across.reshape(-1), down.reshape(-1)]))
    x = np.clip(places[:, 0] + 1.5, 0, width + 2.999)
    y = np.clip(places[:, 1] + 1.5, 0, height + 2.999)
    column, row = x.astype(int), y.astype(int)
    right, below = (x - column)[:, None], (y - row)[:, None]
    found = (
        padded[row, column] * (1 - below) * (1 - right)
        + padded[row, column + 1] * (1 - below) * right
        + padded[row + 1, column] * below * (1 - right)
        + padded[row + 1, column + 1] * below * right
    )
    return np.asarray(np.rint(found), np.uint8).reshape(size[0], size[1], channels)


def _put(made: Pixels, piece: Pixels, fill: Pixels, random: np.random.Generator) -> None:
    """Put a piece anywhere on a picture, in place.

    Of what it covers, the value that is farther from the level around stays.
    """
    height, width = piece.shape[:2]
    y = int(random.integers(0, made.shape[0] - height + 1))
    x = int(random.integers(0, made.shape[1] - width + 1))
    below = made[y : y + height, x : x + width]
    level = fill.astype(int)
    np.copyto(below, piece, where=np.abs(piece - level) > np.abs(below - level))
