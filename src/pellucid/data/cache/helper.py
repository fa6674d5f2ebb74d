"""A process that decodes pictures for another: what it is asked on its input, it answers.

The first line is a JSON object, what :meth:`pellucid.data.Preprocessing.to_dict` gives under
``preprocessing``, and ``max_pixels``; an empty line says that it was understood. Then each line is
a JSON array of paths, and the answer a line with a JSON array ``[good, bad]`` and, after it, the
pixels of the good ones: ``good`` counts them in the order of the paths, ``bad`` pairs positions
with messages. It ends with its input, so that it never outlives who asks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def decode_some(
    paths: Sequence[Path], preprocessing: Preprocessing, max_pixels: int
) -> tuple[list[int], NDArray[np.uint8], dict[int, DataError]]:
    """Decode some picture files.

    Returns:
        The positions of those that can be used, in ascending order; their pixels, uint8
        (n, H, W, C); and what is wrong with each of the others, by position.
    """
    pixels = np.empty((len(paths), *preprocessing.shape), np.uint8)
    good: list[int] = []
    bad: dict[int, DataError] = {}
    for i, path in enumerate(paths):
        try:
            pixels[len(good)] = preprocessing.read(path, max_pixels=max_pixels)
            good.append(i)
        except DataError as error:
            bad[i] = error
    return good, pixels[: len(good)], bad


def serve(asked: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there is nothing more to read."""
    settings: dict[str, Any] = json.loads(asked.readline())
    preprocessing = Preprocessing.from_dict(settings["preprocessing"])
    answers.write(b"\n")
    answers.flush()
    for line in asked:
        paths = [Path(path) for path in json.loads(line)]
        good, pixels, bad = decode_some(paths, preprocessing, settings["max_pixels"])
        described = [good, [(i, str(error)) for i, error in bad.items()]]
        answers.write(json.dumps(described).encode("ascii") + b"\n")
        answers.write(pixels.reshape(-1).data)
        answers.flush()
