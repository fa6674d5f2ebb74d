"""Where each word of a caption looked: the picture, and the same once more for each word.

As in Xu et al. 2015, *Show, attend and tell*, figure 5: what a word looked at most is as bright as
in the picture, and what it left out is dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show.contact_sheet import contact_sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.tasks.caption import Caption

DARK = 0.2
"""How bright a place is that was left out."""

COLUMNS = 6

SMALLEST = 96
"""Pixels that a picture's sides have at least; small ones are enlarged."""


def looked_sheet(image: NDArray[np.uint8], caption: Caption) -> Image.Image:
    """A sheet of the picture, and of the picture as each word saw it.

    Args:
        image: The picture as the network gets it, uint8 (H, W, C).
        caption: What was written of it.
    """
    factor = max(1, -(-SMALLEST // min(image.shape[:2])))
    large = np.repeat(np.repeat(image, factor, axis=0), factor, axis=1)
    colour = np.broadcast_to(large, (*large.shape[:2], 3)) if large.shape[2] == 1 else large
    tiles = [colour, *(lit(colour, looked) for looked in caption.looked)]
    words = ["the picture", *caption.words]
    return contact_sheet(np.stack(tiles), words, columns=COLUMNS)


def lit(image: NDArray[np.uint8], looked: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture (H, W, 3), bright where a word looked, (h, w)."""
    light = _enlarged(looked, image.shape[:2])
    share = DARK + (1.0 - DARK) * light / max(float(light.max()), 1e-12)
    return (image * share[..., np.newaxis]).astype(np.uint8)


def _enlarged(looked: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float64]:
    """A map (h, w) of the size of the picture, smooth."""
    from PIL import Image

    height, width = size
    small = Image.fromarray(looked.astype(np.float32))
    large = small.resize((width, height), Image.Resampling.BICUBIC)
    return np.maximum(np.asarray(large, np.float64), 0.0)
