"""Scenes: several pictures of one class each put on one ground, with a box around each.

So that detectors can be compared where there are no boxes, on digits for example. Things are half
to nearly twice as large as their pictures, apart from each other, and among pieces of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.boxes import Boxes
from pellucid.data.dataset import Dataset
from pellucid.experiments.distortions import border_level

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.boxes import BoxRow

    Pixels = NDArray[np.uint8]

SIDE = 128
"""Pixels of a scene's sides."""

THING = 24
"""Pixels of the longer side of a thing at scale 1."""

LEAST_SCALE, MOST_SCALE = 0.6, 1.8
"""Of things."""

MOST = 5
"""Things in a scene, at least 1."""

PIECES, PIECE = 10, 6
"""Clutter: pieces of other pictures, and their sides."""

TRIES = 20
"""How often a place is looked for that touches no other thing."""

DIFFERENCE = 32
"""From which difference to the ground on a pixel belongs to the thing."""


def scenes(data: Dataset, count: int, *, seed: int = 0) -> Dataset:
    """Scenes of pictures of one class each.

    Args:
        data: The pictures.
        count: How many scenes are made, at least 1.
        seed: Of the random numbers; each scene has its own.
    """
    ground = border_level(data.images)
    made = [_scene(data, ground, np.random.default_rng([seed, n])) for n in range(count)]
    targets = Boxes.like(data.classes).of_rows([rows for _, rows in made])
    images = np.stack([image for image, _ in made])
    return Dataset(images, targets=targets, name=f"scenes of {data.name}")


def _scene(
    data: Dataset, ground: Pixels, random: np.random.Generator
) -> tuple[Pixels, list[BoxRow]]:
    """One scene, and its boxes."""
    canvas = np.empty((SIDE, SIDE, data.image_shape[2]), np.uint8)
    canvas[...] = ground
    side = min(PIECE, *data.image_shape[:2])
    for _ in range(PIECES):
        picture = data.images[random.integers(len(data))]
        y, x = (random.integers(n - side + 1) for n in picture.shape[:2])
        down, right = random.integers(SIDE - side + 1, size=2)
        canvas[down : down + side, right : right + side] = picture[y : y + side, x : x + side]
    rows: list[BoxRow] = []
    taken: list[tuple[int, int, int, int]] = []
    for _ in range(random.integers(1, MOST + 1)):
        place = int(random.integers(len(data)))
        thing = _resized(data.images[place], random.uniform(LEAST_SCALE, MOST_SCALE))
        height, width = thing.shape[:2]
        for _ in range(TRIES):
            x, y = (int(random.integers(SIDE - n + 1)) for n in (width, height))
            if not any(
                x < right and left < x + width and y < down and up < y + height
                for left, up, right, down in taken
            ):
                break
        else:
            continue
        taken.append((x, y, x + width, y + height))
        canvas[y : y + height, x : x + width] = thing
        left, up, right, down = _outline(thing, ground)
        name = data.classes[int(data.places[place])]
        rows.append(
            (name, float(x + left), float(y + up), float(x + right), float(y + down), False)
        )
    return canvas, rows


def _resized(picture: Pixels, scale: float) -> Pixels:
    """A picture whose longer side has :data:`THING` pixels, times a scale."""
    from PIL import Image

    factor = scale * THING / max(picture.shape[:2])
    height, width = (max(4, round(factor * n)) for n in picture.shape[:2])
    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    resized = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return resized.reshape(height, width, picture.shape[2])


def _outline(thing: Pixels, ground: Pixels) -> tuple[int, int, int, int]:
    """The box around what is not ground: left, up, right, down; all of it where nothing is."""
    other = (np.abs(thing.astype(int) - ground.astype(int)) > DIFFERENCE).any(axis=2)
    if not other.any():
        return 0, 0, thing.shape[1], thing.shape[0]
    down, right = (np.flatnonzero(other.any(axis=axis)) for axis in (1, 0))
    return int(right[0]), int(down[0]), int(right[-1]) + 1, int(down[-1]) + 1
