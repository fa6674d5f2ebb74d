"""Tensors of the Open Inference Protocol: as JSON, and as the bytes behind it.

https://github.com/open-inference-protocol (version 2), with Triton's extension for binary tensors:
the body begins with JSON of ``Inference-Header-Content-Length`` bytes; behind it are the bytes of
each tensor that has a ``binary_data_size``, little-endian, in their order. Texts (``BYTES``) have
their length before them, as 32 bits.
"""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.text import brief_repr, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TYPES: dict[str, np.dtype[Any]] = {
    "UINT8": np.dtype("u1"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
"""Types of tensors of numbers."""

BYTES = "BYTES"
"""The type of tensors of texts, or of files."""

_MOST_AXES = 8
_MOST_VALUES = 1 << 31


def shape_of(given: object, name: str) -> tuple[int, ...]:
    """A tensor's shape.

    Raises:
        ArgumentError: If it is no list of a few whole numbers.
    """
    axes = given if isinstance(given, list) else []
    well = all(type(axis) is int and 0 <= axis < _MOST_VALUES for axis in axes)
    if not well or not 1 <= len(axes) <= _MOST_AXES:
        raise ArgumentError(f"{name}: its shape is {brief_repr(given)}; expected whole numbers")
    return tuple(axes)


def numbers(data: object, shape: tuple[int, ...], kind: str, name: str) -> NDArray[Any]:
    """A tensor of numbers as JSON has them: a list, flat or nested as the shape is.

    Raises:
        ArgumentError: If they are no such numbers, or more or fewer than the shape has.
    """
    values = np.zeros(0, object)
    if isinstance(data, list) and _all_numbers(data):  # an array of texts could be huge
        with suppress(ValueError, OverflowError):  # lists of different lengths
            values = np.asarray(data)
    wanted = "iu" if kind == "UINT8" else "iuf"
    fits = values.shape in (shape, (math.prod(shape),))
    if not fits or (values.dtype.kind not in wanted and values.size):
        raise ArgumentError(
            f"{name}: its data are no list of {counted(math.prod(shape), 'number')}, flat or "
            "nested as its shape is" + (", whole ones from 0 to 255" if kind == "UINT8" else "")
        )
    if kind == "UINT8" and values.size and (values.min() < 0 or values.max() > 255):
        raise ArgumentError(f"{name}: UINT8 has values from 0 to 255, others came")
    with np.errstate(over="ignore"):
        return values.reshape(shape).astype(TYPES[kind])


def _all_numbers(data: list[Any]) -> bool:
    """Whether a list, or lists in it, hold numbers alone."""
    kinds = set(map(type, data))
    while kinds == {list}:
        data = list(chain.from_iterable(data))
        kinds = set(map(type, data))
    return kinds <= {int, float}


def binary_numbers(data: bytes, shape: tuple[int, ...], kind: str, name: str) -> NDArray[Any]:
    """A tensor of numbers from its bytes.

    Raises:
        ArgumentError: If there are more or fewer than the shape has.
    """
    wanted = math.prod(shape) * TYPES[kind].itemsize
    if len(data) != wanted:
        raise ArgumentError(f"{name}: {wanted} bytes are expected by its shape, got {len(data)}")
    return np.frombuffer(data, TYPES[kind]).reshape(shape)


def texts(data: bytes, count: int, name: str) -> list[bytes]:
    """A tensor of texts from its bytes.

    Raises:
        ArgumentError: If it is cut short, or has more or fewer texts.
    """
    found: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        if at + 4 > len(data) or end > len(data):
            raise ArgumentError(f"{name}: its bytes are cut short")
        found.append(data[at + 4 : end])
        at = end
        if len(found) > count:
            break
    if len(found) != count:
        raise ArgumentError(f"{name}: {count} values are expected by its shape, got others")
    return found


def as_binary(values: NDArray[Any] | Sequence[str]) -> bytes:
    """A tensor's bytes."""
    if isinstance(values, np.ndarray):
        kind = values.dtype.newbyteorder("<") if values.dtype.itemsize > 1 else values.dtype
        return np.ascontiguousarray(values, kind).tobytes()
    encoded = [text.encode("utf-8", errors="backslashreplace") for text in values]
    return b"".join(struct.pack("<I", len(each)) + each for each in encoded)


def kind_of(values: NDArray[Any] | Sequence[str]) -> str:
    """The type of a tensor, as the protocol calls it."""
    if not isinstance(values, np.ndarray):
        return BYTES
    return next(name for name, dtype in TYPES.items() if dtype == values.dtype)
