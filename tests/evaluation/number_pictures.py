"""Made pictures of a bar, whose numbers are its grey and its place."""

from __future__ import annotations

import numpy as np

SIDE = 16
COLUMNS = ("grey", "place")


def bars(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 (N, 16, 16), and the bars' grey (0 to 10) and place (−1 to 1), (N, 2)."""
    draws = np.random.default_rng(seed)
    images = draws.integers(0, 40, (count, SIDE, SIDE))
    grey, place = draws.integers(60, 250, count), draws.integers(0, SIDE - 3, count)
    for image, value, x in zip(images, grey.tolist(), place.tolist(), strict=True):
        image[:, x : x + 4] = value
    numbers = np.stack([grey / 25, 2 * place / (SIDE - 4) - 1], axis=1)
    return images.astype(np.uint8), numbers


def switched(numbers: np.ndarray, column: int, count: int, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Numbers of which some are another picture's, far from their own, and which these are."""
    draws = np.random.default_rng(seed)
    given = numbers.copy()
    wrong = draws.choice(len(numbers), count, replace=False)
    for i in wrong.tolist():
        far = np.abs(numbers[:, column] - numbers[i, column])
        given[i, column] = numbers[draws.choice(np.flatnonzero(far > far.max() * 0.7)), column]
    return given, wrong
