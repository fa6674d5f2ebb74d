"""Drives along roads of known curvature, drawn as three cameras of a car see them.

The road's centre lies, z metres ahead, at x(z) = −offset − heading·z + curvature·z²/2 to the right.
A pinhole camera 1.4 m above flat ground sees the point at height v of its picture at
z = f·1.4 / (v − horizon), and at column u at x = (u − middle)·z / f. The wheel's right angle is

    angle = CURVE · curvature − BACK · offset − TURN · heading,

positive to the right, so that a camera d metres further right sees what belongs to
angle − BACK · d: the correction of side cameras is known exactly.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CURVE, BACK, TURN = 25.0, 0.25, 1.0
"""What the wheel answers to a curvature of 1/m, to an offset of 1 m, to a heading of 1 rad."""

BESIDE = 0.8
"""Metres between the middle camera and those beside it."""

CORRECTION = BACK * BESIDE
"""What the left picture's angle has more than the middle one's."""

HEIGHT, HALF_ROAD = 1.4, 3.2
"""Of the camera above the ground, and of half the road, in metres."""


@dataclass(frozen=True)
class Drive:
    """A drive of N moments.

    Attributes:
        curvature: Of the road, in 1/m, (N,); positive to the right.
        offset: Of the car from the road's centre, in metres, (N,); positive to the right.
        heading: Of the car against the road, in radians, (N,); positive to the right.
        look: The seed of the colours, of the light and of the texture of the ground.
    """

    curvature: Floats
    offset: Floats
    heading: Floats
    look: int

    @property
    def angle(self) -> Floats:
        """The right angle of the wheel, (N,)."""
        return CURVE * self.curvature - BACK * self.offset - TURN * self.heading

    @classmethod
    def random(cls, seed: int, moments: int) -> Drive:
        """A road of smooth random curves, driven with small swaying."""
        random = np.random.default_rng(seed)

        def smooth(size: float, slowest: float) -> Floats:
            time = np.arange(moments)
            waves = [
                np.sin(2 * np.pi * (time / period + random.uniform()))
                for period in slowest * random.uniform(0.4, 1.0, 4)
            ]
            return np.asarray(size * np.sum(waves, axis=0) / 2)

        return cls(smooth(0.02, 40), smooth(0.25, 25), smooth(0.03, 16), seed)

    def picture(self, moment: int, right: float, height: int, width: int) -> NDArray[np.uint8]:
        """What a camera sees at an offset in metres to the right of the middle, uint8 (H, W, 3)."""
        look = np.random.default_rng(self.look)
        road, ground, sky = look.uniform((70, 60, 120), (120, 130, 220))
        tint = look.uniform(0.6, 1.0, (3, 3))
        light = look.uniform(0.75, 1.1)
        focal, horizon = 0.75 * width, 0.35 * height
        noise = np.random.default_rng([self.look, moment, round(10 * right) + 100])
        rows, columns = np.mgrid[:height, :width]
        with np.errstate(divide="ignore"):
            z = np.where(rows > horizon, focal * HEIGHT / (rows - horizon), np.inf)
        below = z < 60
        z = np.where(below, z, 60.0)
        x = (columns - (width - 1) / 2) * z / focal
        offset = self.offset[moment] + right
        centre = -offset - self.heading[moment] * z + self.curvature[moment] * z**2 / 2
        aside = np.abs(x - centre)
        level = np.where(aside < HALF_ROAD, road, ground) + noise.normal(0, 6, z.shape)
        line = np.abs(aside - HALF_ROAD) < 0.18
        dashes = (aside < 0.12) & ((z + 1.7 * moment) % 6 < 3)
        level = np.where(line | dashes, 235.0, level)
        kind = np.where(aside < HALF_ROAD, 0, 1)
        level = np.where(below, level, sky)
        kind = np.where(below, kind, 2)
        shades = np.where(
            (line | dashes)[..., np.newaxis] & below[..., np.newaxis], 1.0, tint[kind]
        )
        return np.clip(level[..., np.newaxis] * shades * light, 0, 255).astype(np.uint8)

    def write(self, folder: Path, name: str, height: int, width: int) -> list[list[str]]:
        """Write the pictures of three cameras; a row for each moment, as :func:`write_list` has it.

        Args:
            folder: Where the folder of pictures is made.
            name: Of that folder.
            height: Of the pictures, in pixels.
            width: Of the pictures, in pixels.
        """
        (folder / name).mkdir(parents=True)
        rows = []
        for moment, angle in enumerate(self.angle.tolist()):
            row = []
            for camera, right in (("centre", 0.0), ("left", -BESIDE), ("right", BESIDE)):
                path = f"{name}/{camera}_{moment:04}.png"
                Image.fromarray(self.picture(moment, right, height, width)).save(folder / path)
                row.append(path)
            rows.append([*row, f"{angle:.6f}", name])
        return rows


def write_list(path: Path, rows: list[list[str]]) -> Path:
    """Write a list of pictures with columns centre, left, right, angle and drive."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["centre", "left", "right", "angle", "drive"], *rows])
    return path
