"""How signed values become colours: dark is negative, light is positive, as on the lecture's slide.

The scale runs from dark blue through grey at 0 to light yellow. Its lightness grows all the way, so
that signs can be told apart with any colour vision and in black and white.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array

ANCHORS = np.array(
    [[8, 24, 74], [58, 92, 140], [128, 128, 128], [203, 183, 106], [255, 246, 205]], np.float64
)
"""Red, green and blue at −limit, −limit/2, 0, limit/2 and limit."""

NOT_A_NUMBER = (214, 39, 40)
"""What NaN and infinity are painted with, so that nobody takes them for a value."""


def limit_of(values: Array) -> float:
    """The largest size of a finite value, at which the scale ends on both sides; at least 1e-12."""
    finite = np.abs(values[np.isfinite(values)])
    return max(float(finite.max()) if finite.size else 0.0, 1e-12)


def signed_colours(values: Array, limit: float) -> NDArray[np.uint8]:
    """Values as colours, uint8 (…, 3).

    Args:
        values: Of any shape.
        limit: The size at which the scale ends on both sides.
    """
    finite = np.isfinite(values)
    place = np.clip(np.where(finite, values, 0.0).astype(np.float64) / limit, -1.0, 1.0)
    stops = np.linspace(-1.0, 1.0, len(ANCHORS))
    colours = np.stack([np.interp(place, stops, ANCHORS[:, k]) for k in range(3)], axis=-1)
    colours[~finite] = NOT_A_NUMBER
    return colours.round().astype(np.uint8)


def colour_map() -> Colormap:
    """The scale for Matplotlib, to be used from −limit to limit."""
    from matplotlib.colors import ListedColormap

    steps = signed_colours(np.linspace(-1.0, 1.0, 255), 1.0) / 255.0
    red, green, blue = (part / 255.0 for part in NOT_A_NUMBER)
    scale = ListedColormap(steps.tolist(), name="signed")
    return scale.with_extremes(bad=(red, green, blue))
