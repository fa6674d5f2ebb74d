"""The pictures that a page brings along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.page.blobs import Blobs

SAMPLES = 12
"""Pictures that a page brings along where nothing else is asked for."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures as the network takes them.

    Attributes:
        pixels: (N, H, W, C), uint8 0..255.
        names: One a picture.
        truths: The place of each picture's class; None where it is not known.
    """

    pixels: NDArray[np.uint8]
    names: tuple[str, ...]
    truths: tuple[int | None, ...]

    @classmethod
    def of(cls, data: Dataset, count: int) -> Samples:
        """Some of a data set: the first of every class, then the second of every class, and so on.

        Args:
            data: Of the network's size and classes.
            count: How many, at most.
        """
        chosen = _by_turns(data, count)
        names = data.names or tuple(f"{data.name}[{number}]" for number in range(len(data)))
        truths = data.places if data.kind == "single-label" else None
        return cls(
            data.images[chosen],
            tuple(names[k] for k in chosen),
            tuple(None if truths is None else int(truths[k]) for k in chosen),
        )

    def to_dict(self, blobs: Blobs) -> dict[str, Any]:
        """As JSON values."""
        return {
            "pixels": blobs.add("samples", self.pixels),
            "names": [printable(name) for name in self.names],
            "truths": list(self.truths),
        }


def _by_turns(data: Dataset, count: int) -> list[int]:
    """The numbers of pictures, classes by turns; of other tasks the first ones."""
    if data.kind != "single-label":
        return list(range(min(count, len(data))))
    rank = np.zeros(len(data), np.int64)
    seen = np.zeros(len(data.classes), np.int64)
    for number, place in enumerate(data.places.tolist()):
        rank[number] = seen[place]
        seen[place] += 1
    order = np.lexsort((data.places, rank))
    return [int(k) for k in order[:count]]
