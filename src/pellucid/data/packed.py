"""Bounds on what compressed data files unpack to, so that a small file cannot fill the memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, DataError
from pellucid.memory import check_memory
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_BYTES = 1 << 30
"""Bytes that any file may unpack to: 1 GiB, room for 350 000 colour pictures of 32×32."""

MAX_EXPANSION = 20
"""Times its own size that a file may unpack to; MNIST unpacks to 4.7 times its size."""

BYTES_PER_LABEL = 64
"""Bytes that a value of a one-dimensional array counts as: labels become integers and objects."""

_CHUNK = 1 << 20


def check_max_bytes(max_bytes: object) -> None:
    """Raise ArgumentError unless ``max_bytes`` is None or an integer ≥ 1."""
    if max_bytes is None:
        return
    if not isinstance(max_bytes, int) or isinstance(max_bytes, bool) or max_bytes < 1:
        raise ArgumentError(
            f"max_bytes is {max_bytes!r:.80}; expected a number of bytes, at least 1, or None"
        )


def check_unpacked(name: str, packed: int, unpacked: int, max_bytes: int | None) -> None:
    """Check how much a file unpacks to, before it is unpacked.

    Args:
        name: What the file is called in messages.
        packed: Its size, in bytes.
        unpacked: The size of what is read from it, in bytes.
        max_bytes: The most that is allowed; None for the larger of :data:`MAX_BYTES` and
            :data:`MAX_EXPANSION` times its own size.

    Raises:
        DataError: If it is more than that.
    """
    most = max(MAX_BYTES, MAX_EXPANSION * packed) if max_bytes is None else max_bytes
    if unpacked > most:
        raise DataError(
            f"{name}: {packed} bytes that unpack to {_brief(unpacked)}, at most {most} are "
            f"allowed; if you trust the file, allow more: --max-bytes {_brief(unpacked)}, in "
            f"Python max_bytes={_brief(unpacked)}"
        )


def read_values(stream: IO[bytes], name: str, expected: int, claim: str) -> NDArray[np.uint8]:
    """Read exactly a number of bytes from a stream.

    Args:
        stream: The stream; it may give less at a time than is asked for.
        name: What the file is called in messages.
        expected: How many bytes, at least 0; their memory is asked for at once.
        claim: Why that number, for messages.

    Raises:
        DataError: If there are fewer, or memory is short.
    """
    check_memory(expected, f"{name}: the values in it", "make a file of fewer or smaller pictures")
    try:
        values = np.empty(expected, np.uint8)
    except (MemoryError, ValueError) as error:
        raise DataError(
            f"{name}: {claim}, that is {counted(expected, 'byte')}: not enough memory"
        ) from error
    target = values.data
    done = 0
    while done < expected:
        chunk = stream.read(min(_CHUNK, expected - done))
        if not chunk:
            raise DataError(
                f"{name}: cut short: {claim}, that is {counted(expected, 'byte')}, and there are "
                f"{done}; get the file again"
            )
        target[done : done + len(chunk)] = chunk
        done += len(chunk)
    return values


def _brief(number: int) -> str:
    return str(number) if number < 10**18 else f"{float(min(number, 10**300)):.3g}"
