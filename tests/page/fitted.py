"""Pictures and what a network takes of them, as JSON: ``python -m tests.page.fitted`` prints it."""

from __future__ import annotations

import base64
import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pellucid.data.preprocessing import Preprocessing

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = ((41, 23), (5, 90), (28, 28), (64, 48), (1, 1), (33, 200), (150, 150))
"""Heights and widths of pictures; smaller and larger than what is wanted."""

WAYS: tuple[dict[str, Any], ...] = (
    {"resize": "pad", "border": 7},
    {"resize": "pad", "invert": True, "filter": "bicubic"},
    {"resize": "crop"},
    {"resize": "crop", "margin": 5, "filter": "bicubic"},
    {"resize": "stretch", "filter": "bicubic"},
)


def cases() -> list[dict[str, Any]]:
    """Pictures of random colours, each in every way that a network takes it."""
    random = np.random.default_rng(13)
    found = []
    for (height, width), way, channels in itertools.product(SIZES, WAYS, (1, 3)):
        picture = random.integers(0, 256, (height, width, 3), np.uint8)
        if height % 2:  # edges, where filters overshoot
            picture = np.where(picture > 127, 255, 0).astype(np.uint8)
        wanted = Preprocessing(28, 21, channels, **way)
        opaque = np.dstack([picture, np.full((height, width), 255, np.uint8)])
        found.append(
            {
                "preprocessing": wanted.to_dict(),
                "size": [width, height],
                "rgba": _text(opaque),
                "pixels": _text(wanted.read(Image.fromarray(picture))),
            }
        )
    return found


def _text(pixels: NDArray[np.uint8]) -> str:
    return base64.b64encode(pixels.tobytes()).decode("ascii")


if __name__ == "__main__":
    json.dump(cases(), sys.stdout)
