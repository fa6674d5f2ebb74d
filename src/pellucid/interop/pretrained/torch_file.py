"""Read arrays from a file of weights in PyTorch's old format (``torch.save`` before version 1.6).

Five pickles one after the other: a magic number, the format's version, facts on the machine that
wrote it, the weights by name, and the keys of their storages; then, for each key, the number of its
values in eight bytes, and the values as they lay in memory. A tensor is a window on a storage:
where it starts, its shape, and how far apart its neighbours along each axis lie.

PyTorch reads such a file by executing it. Here it is data and no more: see
:mod:`pellucid.interop.pretrained.inert_pickle`. Every number is checked against the file's length
before memory is taken for it.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import FileFormatError
from pellucid.interop.pretrained.inert_pickle import (
    ORDERED_DICT,
    Call,
    Name,
    Persistent,
    PickleError,
    load,
)
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001

MOST_AXES = 8

MOST_COPIES = 4
"""Tensors may share a storage; together they take at most this many times the file's bytes."""

DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
}
"""How the values of each type of storage lie in the file."""

_TENSOR = Name("torch._utils", "_rebuild_tensor_v2")
_STORAGES = {Name("torch", name): np.dtype(dtype) for name, dtype in DTYPES.items()}
_KNOWN = frozenset({ORDERED_DICT, _TENSOR, *_STORAGES})
_CALLS = frozenset({ORDERED_DICT, _TENSOR})
_NOTHING: frozenset[Name] = frozenset()


def read_tensors(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Read the tensors of a file by name, in the file's order.

    Args:
        data: The file's bytes.
        name: What it is called in messages.

    Returns:
        New arrays, each in C order, of the tensors' shapes and types.

    Raises:
        FileFormatError: The file is cut short, damaged, of PyTorch's newer format or of another
            one; or it holds something else than tensors by name; or it describes something that it
            does not hold, or that is larger than itself; or it would import or call anything.
    """
    if data.startswith(b"PK"):
        raise _refused(name, "it is of PyTorch's newer format, a zip archive")
    try:
        return _tensors(io.BytesIO(data), len(data))
    except PickleError as error:
        raise _refused(name, str(error)) from error
    except MemoryError as error:
        raise _refused(name, "there is not enough memory to read it") from error


def _refused(name: str, reason: str) -> FileFormatError:
    return FileFormatError(
        f"{printable(name)}: is no file of weights that can be read: {printable(reason)}; expected "
        "tensors by name, as torch.save wrote them before version 1.6"
    )


def _tensors(stream: io.BytesIO, size: int) -> dict[str, NDArray[Any]]:
    for wanted in (MAGIC, VERSION):
        if load(stream, _NOTHING, _NOTHING) != wanted:
            raise PickleError("it does not begin with PyTorch's number")
    machine = load(stream, _NOTHING, _NOTHING)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise PickleError("its values are not in the order of bytes that is read (little-endian)")
    weights = load(stream, _KNOWN, _CALLS)
    if not isinstance(weights, dict):
        raise PickleError("it holds no weights by name")
    windows = {name: _window(name, value) for name, value in weights.items()}
    _check_sizes(windows, size)
    keys = load(stream, _NOTHING, _NOTHING)
    storages = _storages(stream, keys, windows)
    return {name: _array(window, storages[window.storage.key]) for name, window in windows.items()}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True)
class _Window:
    """A tensor: a window on a storage; offset and strides count values."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _window(name: str, value: object) -> _Window:
    if not isinstance(value, Call) or value.function != _TENSOR or len(value.arguments) < 4:
        raise PickleError(f"{name!r:.80} is no tensor")
    storage = _described(name, value.arguments[0])
    offset, shape, strides = value.arguments[1:4]
    if (
        not isinstance(shape, tuple)
        or not isinstance(strides, tuple)
        or not len(shape) == len(strides) <= MOST_AXES
        or not all(_is_count(number) for number in (offset, *shape, *strides))
    ):
        raise PickleError(
            f"{name!r:.80} must have an offset, a shape and as many strides, of at most "
            f"{MOST_AXES} axes and no negative number"
        )
    window = _Window(storage, offset, shape, strides)
    count = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if count > storage.count or (count and last >= storage.count):
        raise PickleError(
            f"{name!r:.80} reaches beyond its storage of {counted(storage.count, 'value')}"
        )
    return window


def _described(name: str, value: object) -> _Storage:
    """What stands for a storage: a word, its type, its key, a device, its length, and no view."""
    key = value.key if isinstance(value, Persistent) else None
    if not isinstance(key, tuple) or len(key) not in (5, 6) or key[0] != "storage":
        raise PickleError(f"{name!r:.80} has no storage")
    _, kind, label, _, count, *view = key
    dtype = _STORAGES.get(kind) if isinstance(kind, Name) else None
    if (
        dtype is None
        or not isinstance(label, str)
        or not _is_count(count)
        or view not in ([], [None])
    ):
        raise PickleError(f"{name!r:.80} has a storage of a kind that is not read")
    return _Storage(label, dtype, count)


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < 1 << 62


def _check_sizes(windows: dict[str, _Window], size: int) -> None:
    """Check what all tensors take, and that storages of one key are one."""
    taken = 0
    by_key: dict[str, _Storage] = {}
    for window in windows.values():
        storage = window.storage
        if by_key.setdefault(storage.key, storage) != storage:
            raise PickleError(f"storage {storage.key!r:.80} is described in two ways")
        taken += math.prod(window.shape) * storage.dtype.itemsize
    if sum(each.count * each.dtype.itemsize for each in by_key.values()) > size:
        raise PickleError("it describes more values than it holds")
    if taken > MOST_COPIES * size:
        raise PickleError(f"its tensors take {counted(taken, 'byte')}, of a file of {size}")


def _storages(
    stream: io.BytesIO, keys: object, windows: dict[str, _Window]
) -> dict[str, NDArray[Any]]:
    """The storages in the file's order, each as one row of values."""
    wanted = {window.storage.key: window.storage for window in windows.values()}
    if (
        not isinstance(keys, list)
        or not all(isinstance(key, str) for key in keys)
        or len(keys) != len(wanted)
        or set(keys) != set(wanted)
    ):
        raise PickleError("its storages are not those that its tensors need")
    found = {}
    for key in keys:
        storage = wanted[key]
        if int.from_bytes(stream.read(8), "little", signed=True) != storage.count:
            raise PickleError(f"storage {key!r:.80} has not the length that its tensors expect")
        length = storage.count * storage.dtype.itemsize
        content = stream.read(length)
        if len(content) != length:
            raise PickleError("it is cut short")
        found[key] = np.frombuffer(content, storage.dtype)
    if stream.read(1):
        raise PickleError("something follows its last storage")
    return found


def _array(window: _Window, values: NDArray[Any]) -> NDArray[Any]:
    if 0 in window.shape:
        return np.empty(window.shape, window.storage.dtype.newbyteorder("="))
    step = window.storage.dtype.itemsize
    view = np.lib.stride_tricks.as_strided(
        values[window.offset :],
        window.shape,
        tuple(step * stride for stride in window.strides),
        writeable=False,
    )
    return np.array(view, window.storage.dtype.newbyteorder("="), order="C")
