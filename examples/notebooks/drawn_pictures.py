"""Pictures that are drawn: little scenes of houses, trees and boats, for the notebooks.

Nobody's photographs are needed, and nobody's rights: every picture follows from its seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageDraw import ImageDraw as Draw

THINGS = ("boat", "house", "tree")

Box = tuple[str, float, float, float, float, bool]


def scene(seed: int, things: tuple[str, ...], side: int = 192) -> tuple[Image.Image, list[Box]]:
    """A picture of some things side by side, before a sky and a ground of any colour.

    Args:
        seed: The same seed draws the same picture.
        things: What is drawn, from left to right; of ``THINGS``.
        side: Height and width in pixels.

    Returns:
        The picture, and a box of each thing as data sets have them: class, x0, y0, x1, y1 in
        pixels, and whether it is hard to see.
    """
    random = np.random.default_rng(seed)
    sky, ground = random.integers(120, 250, 3), random.integers(40, 200, 3)
    picture = Image.new("RGB", (side, side), tuple(map(int, sky)))
    draw = ImageDraw.Draw(picture)
    horizon = int(side * random.uniform(0.45, 0.7))
    draw.rectangle((0, horizon, side, side), fill=tuple(map(int, ground)))
    boxes: list[Box] = []
    room = side / max(len(things), 1)
    for number, thing in enumerate(things):
        size = room * random.uniform(0.55, 0.85)
        left = number * room + random.uniform(0, room - size)
        top = min(horizon - size * random.uniform(0.2, 0.8), side - size)
        _DRAWN[thing](draw, random, left, top, size)
        boxes.append((thing, left, top, left + size, top + size, False))
    noise = random.normal(0, 6, (side, side, 3))
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)), np.float64) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), boxes


def photographs(folder: Path, count: int, side: int = 192) -> Path:
    """Write a folder for each thing, with as many pictures of it: ``FOLDER/house/3.png``."""
    for place, thing in enumerate(THINGS):
        (folder / thing).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture, _ = scene(1000 * place + number, (thing,), side)
            picture.save(folder / thing / f"{number}.png")
    return folder


def _colour(random: np.random.Generator, low: int = 20, high: int = 235) -> tuple[int, int, int]:
    red, green, blue = random.integers(low, high, 3)
    return int(red), int(green), int(blue)


def _house(draw: Draw, random: np.random.Generator, x: float, y: float, s: float) -> None:
    draw.rectangle((x + 0.1 * s, y + 0.4 * s, x + 0.9 * s, y + s), fill=_colour(random))
    draw.polygon([(x, y + 0.4 * s), (x + 0.5 * s, y), (x + s, y + 0.4 * s)], fill=_colour(random))
    door = _colour(random)
    draw.rectangle((x + 0.4 * s, y + 0.65 * s, x + 0.6 * s, y + s), fill=door)
    for left in (0.18, 0.68):
        window = (x + left * s, y + 0.5 * s, x + (left + 0.14) * s, y + 0.66 * s)
        draw.rectangle(window, fill=(250, 240, 170), outline=door)


def _tree(draw: Draw, random: np.random.Generator, x: float, y: float, s: float) -> None:
    draw.rectangle((x + 0.43 * s, y + 0.5 * s, x + 0.57 * s, y + s), fill=(95, 62, 35))
    red, green, blue = random.integers((20, 90, 20), (90, 170, 80))
    leaves = (int(red), int(green), int(blue))
    for left, top, right, bottom in ((0, 0.25, 0.6, 0.7), (0.4, 0.25, 1, 0.7), (0.2, 0, 0.8, 0.55)):
        draw.ellipse((x + left * s, y + top * s, x + right * s, y + bottom * s), fill=leaves)


def _boat(draw: Draw, random: np.random.Generator, x: float, y: float, s: float) -> None:
    hull = [(x, y + 0.7 * s), (x + s, y + 0.7 * s), (x + 0.8 * s, y + s), (x + 0.2 * s, y + s)]
    draw.polygon(hull, fill=_colour(random))
    draw.rectangle((x + 0.48 * s, y, x + 0.52 * s, y + 0.7 * s), fill=(60, 45, 30))
    for mast, end, top in ((0.55, 0.98, 0.05), (0.45, 0.1, 0.15)):
        foot = y + 0.62 * s
        sail = [(x + mast * s, y + top * s), (x + mast * s, foot), (x + end * s, foot)]
        draw.polygon(sail, fill=_colour(random, 180, 255))


_DRAWN = {"boat": _boat, "house": _house, "tree": _tree}
