"""Whether a picture is unlike those that a model learned from, by the model's own statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.picture_statistics import FEATURES, LEVEL, features, of_inverted
from pellucid.data.pillow import MAX_PIXELS
from pellucid.ops import Normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.files import Model

MOST_DEVIATIONS = 2.0
"""Of a model without statistics of its pictures: how many standard deviations of its pixels a
picture's mean may be away from theirs."""


@dataclass(frozen=True)
class Unlike:
    """How a picture differs from those that a model learned from.

    Attributes:
        reasons: What lies outside the learned pictures' range, one text each.
        invert: Whether the picture would be like them if black and white were exchanged.
    """

    reasons: tuple[str, ...]
    invert: bool

    @property
    def line(self) -> str:
        """One line for the user, without the picture's name."""
        hint = "; with --invert it would be like them" if self.invert else ""
        return (
            f"unlike the pictures that the network learned from: {', '.join(self.reasons)}; its "
            f"answer may mean nothing{hint}"
        )


def unlike(model: Model, images: NDArray[np.uint8]) -> list[Unlike | None]:
    """Compare pictures with those that a model learned from.

    Args:
        model: The model.
        images: Pictures as it takes them, (N, H, W, C), uint8 0..255.

    Returns:
        For each picture how it differs; None if it is like them, or nothing is known of them.
    """
    ranges = _ranges(model)
    if not ranges or not len(images):
        return [None] * len(images)
    found = features(images, ranges)
    outside = _outside(found, ranges)
    odd = np.flatnonzero(np.any(list(outside.values()), axis=0))
    result: list[Unlike | None] = [None] * len(images)
    if not len(odd):
        return result
    inverted = _outside(of_inverted({name: values[odd] for name, values in found.items()}), ranges)
    fits = ~np.any(list(inverted.values()), axis=0)
    for i, inverts in zip(odd.tolist(), fits.tolist(), strict=True):
        reasons = tuple(
            f"its {FEATURES[name]} is {found[name][i]:.0f}, theirs {max(0, low):.0f} to "
            f"{min(255, high):.0f}"
            for name, (low, high) in ranges.items()
            if outside[name][i]
        )
        result[i] = Unlike(reasons, inverts)
    return result


def unlike_picture(model: Model, picture: Picture, max_pixels: int = MAX_PIXELS) -> Unlike | None:
    """Compare a picture, e.g. given as a file, with those that a model learned from.

    Whether it would be like them with black and white exchanged is found out as ``--invert`` does
    it, before borders are added.

    Args:
        model: The model.
        picture: What :meth:`pellucid.data.Preprocessing.read` takes.
        max_pixels: Files with more pixels are refused.

    Raises:
        DataError: If the picture cannot be used.
    """
    seen = model.preprocessing
    (found,) = unlike(model, seen.read(picture, max_pixels=max_pixels)[None])
    if found is None or seen.invert:
        return found if found is None else replace(found, invert=False)
    inverted = replace(seen, invert=True).read(picture, max_pixels=max_pixels)
    return replace(found, invert=unlike(model, inverted[None])[0] is None)


def _outside(
    found: dict[str, NDArray[np.float64]], ranges: dict[str, tuple[float, float]]
) -> dict[str, NDArray[np.bool_]]:
    return {
        name: (found[name] < low) | (found[name] > high) for name, (low, high) in ranges.items()
    }


def _ranges(model: Model) -> dict[str, tuple[float, float]]:
    """Return the ranges in a model's provenance, which may be anything; or by its first layer."""
    kept: Any = model.provenance.get("pixels")
    known = set(FEATURES) if model.preprocessing.channels > 1 else set(FEATURES) - {"colour"}
    if isinstance(kept, dict) and known.issuperset(kept) and kept:
        pairs = [_pair(value) for value in kept.values()]
        if None not in pairs:
            return {name: pair for name, pair in zip(kept, pairs, strict=True) if pair is not None}
    return _by_first_layer(model)


def _pair(value: object) -> tuple[float, float] | None:
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if all(type(end) in (int, float) and isfinite(end) for end in value) and low < high:
            return float(low), float(high)
    return None


def _by_first_layer(model: Model) -> dict[str, tuple[float, float]]:
    """Return the range of mean levels, from the layer that normalises pixels."""
    operation = model.network.graph.nodes[0].operation
    if not isinstance(operation, Normalise):
        return {}
    mean = sum(operation.mean) / len(operation.mean)
    deviation = MOST_DEVIATIONS * (sum(operation.std) / len(operation.std))
    return {LEVEL: (mean - deviation, mean + deviation)}
