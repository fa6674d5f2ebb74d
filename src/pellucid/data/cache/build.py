"""Decode picture files in threads, in the order in which they are to be kept."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.cache.entry import Block, block_size
from pellucid.data.names import shown
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from concurrent.futures import Future

    from pellucid.data.decoded import PictureFile
    from pellucid.data.preprocessing import Preprocessing


def decoded_blocks(
    files: Sequence[PictureFile],
    order: Sequence[int],
    preprocessing: Preprocessing,
    max_pixels: int,
    *,
    threads: int,
    stop: bool,
) -> Generator[Block, None, None]:
    """Decode pictures; the same blocks for any number of threads.

    Args:
        files: The pictures.
        order: Positions of all files, in the order in which they are decoded.
        preprocessing: How each is converted and resized.
        max_pixels: Pictures with more pixels count as bad.
        threads: How many decode.
        stop: Whether to raise at a bad file.

    Raises:
        DataError: If ``stop``, for the first bad file in order.
    """
    from concurrent.futures import ThreadPoolExecutor

    size = block_size(preprocessing.shape)

    def decode(positions: Sequence[int]) -> Block:
        pixels = np.empty((len(positions), *preprocessing.shape), np.uint8)
        good: list[int] = []
        bad: dict[int, str] = {}
        for i in positions:
            path = files[i].path
            try:
                pixels[len(good)] = preprocessing.read(path, max_pixels=max_pixels)
                good.append(i)
            except DataError as error:
                if stop:
                    raise
                bad[i] = str(error).removeprefix(f"{shown(path)}: ")
        return Block(good, pixels[: len(good)], bad)

    parts = (order[first : first + size] for first in range(0, len(order), size))
    with ThreadPoolExecutor(threads) as pool:
        # as few blocks wait in memory as keep all threads at work
        waiting: deque[Future[Block]] = deque(
            pool.submit(decode, part) for part in islice(parts, 2 * threads)
        )
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(decode, part) for part in islice(parts, 1))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
