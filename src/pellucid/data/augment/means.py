"""The mean colour of each picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mean_colours(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean of each picture and channel, exact to the last bit, shape (N, C).

    Args:
        images: Shape (N, H, W, C).
    """
    count, height, width, channels = images.shape
    # rows first, all colours side by side: sums over three channels alone are ten times as slow
    columns = images.reshape(count, height, width * channels).sum(axis=1, dtype=np.uint32)
    sums = columns.reshape(count, width, channels).sum(axis=1, dtype=np.uint64)
    means: NDArray[np.float64] = sums / (height * width)
    return means
