"""The one palette: which colour stands for which kind of number, on light and on dark ground.

Signed numbers are a colour whose opacity is their size: what is 0 shows the ground itself, so that
the same picture is blue – white – vermilion on paper and blue – black – orange in a dark room.
The colours are told apart with any colour vision (Okabe and Ito 2008), and have a contrast of at
least 3 : 1 to white and to near-black.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

    from pellucid.show.document import Colours

BLUE, VERMILION = "#0072b2", "#d55e00"
"""Activations and evidence: negative (against), positive (for)."""

GREEN, PURPLE = "#00855f", "#9b4dca"
"""Weights: negative, positive."""

GREY = "#767676"
"""What is neither: axes at 0, references, chance."""

PROBABILITY = "#5f7d95"
"""Probabilities, by length."""

INK = "#1a1a1b"
"""Text and axes of figures; on a page, the colour of its text."""

NOT_A_NUMBER = (240, 228, 66)
"""Red, green and blue of NaN and infinity, so that nobody takes them for a value."""

SCALES: dict[Colours, tuple[str, str]] = {
    "signed": (BLUE, VERMILION),
    "weights": (GREEN, PURPLE),
}

PERCENTILE = 99.5
"""Share of values, in percent, that colours tell apart: one bright pixel does not pale the rest."""


def limit_of(values: NDArray[Any]) -> float:
    """The size at which a scale ends on both sides: the :data:`PERCENTILE` of sizes; 1 of zeros."""
    sizes = np.abs(values[np.isfinite(values)].astype(np.float64))
    if not sizes.any():
        return 1.0
    return float(np.percentile(sizes, PERCENTILE)) or float(sizes.max())


def colours(values: NDArray[Any], limit: float, scale: Colours = "signed") -> NDArray[np.uint8]:
    """Values as red, green, blue and opacity, uint8 (…, 4).

    Args:
        values: Of any shape.
        limit: The size at which the scale ends on both sides.
        scale: Which kind of number they are.
    """
    finite = np.isfinite(values)
    size = np.clip(np.where(finite, values, 0.0).astype(np.float64) / limit, -1.0, 1.0)
    low, high = (np.array(rgb(colour), np.float64) for colour in SCALES[scale])
    found = np.empty((*values.shape, 4))
    found[..., :3] = np.where((size < 0)[..., None], low, high)
    found[..., 3] = 255.0 * np.abs(size)
    found[~finite] = (*NOT_A_NUMBER, 255.0)
    return found.round().astype(np.uint8)


def colour_map(scale: Colours = "signed") -> Colormap:
    """The scale for Matplotlib, to be used from −limit to limit."""
    from matplotlib.colors import ListedColormap

    steps = colours(np.linspace(-1.0, 1.0, 255), 1.0, scale) / 255.0
    red, green, blue = (part / 255.0 for part in NOT_A_NUMBER)
    return ListedColormap(steps.tolist(), name=scale).with_extremes(bad=(red, green, blue))


def rgb(colour: str) -> tuple[int, int, int]:
    """``#d55e00`` as 213, 94, 0."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
