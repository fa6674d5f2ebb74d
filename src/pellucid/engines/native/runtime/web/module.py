"""From LLVM's WebAssembly object to a module that a browser takes, without a linker.

An object of one module has nothing left to link: its sections are already those of a module, its
addresses final. What is missing is the export section, and what is too much are the custom sections
for linkers. See the WebAssembly core specification, 5.5 (modules), and the conventions of its tools
("linking" section, symbol table) for the names of functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAGIC = b"\0asm\x01\0\0\0"

_CUSTOM, _EXPORT = 0, 7
_AFTER_EXPORTS = (8, 9, 12, 10, 11)
"""The sections behind the exports, in a module's order: start, elements, data count, code, data."""

_SYMBOL_TABLE = 8
_FUNCTION, _DATA, _GLOBAL, _SECTION = 0, 1, 2, 3
_UNDEFINED, _EXPLICIT_NAME = 0x10, 0x40


def module_of(object_code: bytes, functions: Iterable[str]) -> bytes:
    """The module that an object makes.

    It imports its memory as ``env.__linear_memory``, and ``env.pellucid_yield``, which code for one
    thread never calls.

    Args:
        object_code: What LLVM emits for a wasm32 target.
        functions: The functions that the module exports, by name.

    Raises:
        KeyError: The object has no function of such a name.
    """
    kept, linking = [], b""
    for kind, content in _sections(object_code):
        if kind != _CUSTOM:
            kept.append((kind, content))
        else:
            name, rest = _name(content, 0)
            linking = content[rest:] if name == "linking" else linking
    indices = _defined_functions(linking)
    entries = [_text(name) + bytes([_FUNCTION]) + _number(indices[name]) for name in functions]
    exports = (_EXPORT, _number(len(entries)) + b"".join(entries))
    at = next(i for i, (kind, _) in enumerate(kept) if kind in _AFTER_EXPORTS)
    kept.insert(at, exports)
    return MAGIC + b"".join(bytes([kind]) + _number(len(c)) + c for kind, c in kept)


def _sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and contents of a module's sections."""
    assert module.startswith(MAGIC)
    at = len(MAGIC)
    while at < len(module):
        kind = module[at]
        size, start = _read_number(module, at + 1)
        at = start + size
        yield kind, module[start:at]


def _defined_functions(linking: bytes) -> dict[str, int]:
    """The index of each function that an object defines, by its name, from its "linking" section.

    Symbols that are not functions of its own are read over.
    """
    found: dict[str, int] = {}
    _, at = _read_number(linking, 0)  # the version
    while at < len(linking):
        kind = linking[at]
        size, start = _read_number(linking, at + 1)
        at = start + size
        if kind == _SYMBOL_TABLE:
            count, place = _read_number(linking, start)
            for _ in range(count):
                place = _read_symbol(linking, place, found)
    return found


def _read_symbol(data: bytes, at: int, found: dict[str, int]) -> int:
    """Read a symbol; where the next begins."""
    kind = data[at]
    flags, at = _read_number(data, at + 1)
    if kind == _DATA:
        _, at = _name(data, at)
        for _ in range(0 if flags & _UNDEFINED else 3):  # segment, offset, size
            _, at = _read_number(data, at)
        return at
    index, at = _read_number(data, at)
    if kind == _SECTION:
        return at
    if flags & _UNDEFINED and not flags & _EXPLICIT_NAME:
        return at  # an import's name is in the import section
    name, at = _name(data, at)
    if kind == _FUNCTION and not flags & _UNDEFINED:
        found[name] = index
    return at


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where what follows it begins."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _number(value: int) -> bytes:
    """An unsigned number in LEB128."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where what follows it begins."""
    size, start = _read_number(data, at)
    return data[start : start + size].decode(), start + size


def _text(name: str) -> bytes:
    data = name.encode()
    return _number(len(data)) + data
