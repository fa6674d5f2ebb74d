"""Decode picture files in threads and processes, in the order in which they are to be kept."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from pellucid.data.cache.cache_file import Block, block_size
from pellucid.data.cache.helper import decode_some
from pellucid.data.cache.helpers import Helpers, helpers_for
from pellucid.data.decoded import named_in, reason_of
from pellucid.errors import DataError
from pellucid.in_threads import in_order

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

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
    helpers: Helpers | None = None,
) -> Generator[Block, None, None]:
    """Decode pictures; the same blocks for any number of threads and helping processes.

    Args:
        files: The pictures.
        order: Positions of all files, in the order in which they are decoded.
        preprocessing: How each is converted and resized.
        max_pixels: Pictures with more pixels count as bad.
        threads: How many decode, or wait for a process that does.
        stop: Whether to raise at a bad file.
        helpers: Processes that help, started before; None to start some where it is worth while.

    Raises:
        DataError: If ``stop``, for the first bad file in order.
    """
    size = block_size(preprocessing.shape)

    def decode(positions: Sequence[int]) -> Block:
        paths = [files[i].path for i in positions]
        found = helpers.decode(paths) if helpers is not None else None
        good, pixels, bad = found or decode_some(paths, preprocessing, max_pixels)
        if stop and bad:
            first = min(bad)
            raise DataError(f"{bad[first]}{named_in(files[positions[first]])}") from bad[first]
        return Block(
            [positions[k] for k in good],
            pixels,
            {positions[k]: reason_of(paths[k], error) for k, error in bad.items()},
        )

    parts = (order[first : first + size] for first in range(0, len(order), size))
    with ExitStack() as stack:
        if helpers is None:
            count = helpers_for([file.path for file in files], threads)
            helpers = stack.enter_context(Helpers(count, preprocessing, max_pixels))
        blocks = in_order(decode, parts, threads=threads, give_up=helpers.kill)
        yield from stack.enter_context(closing(blocks))
