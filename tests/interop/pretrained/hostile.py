"""Files in PyTorch's old format, written piece by piece, as damage and malice would have them."""

from __future__ import annotations

import pickle
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC = 0x1950A86A20F9469CFC6C
MACHINE = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}


def name(module: str, attribute: str) -> bytes:
    """What a pickle imports."""
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    """An integer of any size."""
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def tuple_of(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def storage(
    count: int = 6,
    *,
    kind: bytes = name("torch", "FloatStorage"),
    key: bytes = text("a"),
    word: str = "storage",
    view: bytes = b"N",
) -> bytes:
    return tuple_of(text(word), kind, key, text("cpu"), number(count), view) + b"Q"


def tensor(
    shape: Iterable[int] = (2, 3),
    strides: Iterable[int] = (3, 1),
    offset: int = 0,
    of: bytes | None = None,
    function: bytes = name("torch._utils", "_rebuild_tensor_v2"),
) -> bytes:
    of = storage() if of is None else of
    size = tuple_of(*map(number, shape))
    steps = tuple_of(*map(number, strides))
    return function + tuple_of(of, number(offset), size, steps, b"\x89", b"N") + b"R"


def weights(*entries: tuple[str, bytes]) -> bytes:
    """A dictionary of them, as a pickle."""
    inside = b"".join(text(key) + value for key, value in entries)
    return b"\x80\x02" + name("collections", "OrderedDict") + b")R(" + inside + b"u."


def file(
    description: bytes | None = None,
    *,
    magic: object = MAGIC,
    machine: object = MACHINE,
    keys: object = ("a",),
    values: bytes = struct.pack("<q6f", 6, *range(6)),
) -> bytes:
    """A whole file; without changes it holds ``w``, 0 to 5 as 2×3."""
    description = weights(("w", tensor())) if description is None else description
    start = b"".join(pickle.dumps(each, protocol=2) for each in (magic, 1001, machine))
    return start + description + pickle.dumps(list(keys), protocol=2) + values  # type: ignore[call-overload]
