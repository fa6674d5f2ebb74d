"""What an object file holds and what it needs: its sections and symbols.

See the System V Application Binary Interface, chapter 4 (object files), for both classes of ELF.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

MAGIC = b"\x7fELF"

_SYMBOL_TABLE, _NO_BITS = 2, 8
_WRITABLE, _ALLOCATED, _EXECUTABLE = 1, 2, 4
_GLOBAL = 1


class _Section(NamedTuple):
    kind: int
    flags: int
    offset: int
    size: int
    link: int


@dataclass(frozen=True)
class ObjectFile:
    """An object file, described.

    Attributes:
        machine: The processor, by the number that the format gives it.
        code: Bytes of machine code.
        constant: Bytes that are never written, tables of addresses included.
        work: Bytes that are zero before the program starts.
        defined: Functions and data that other files can name.
        undefined: What it takes from other files.
    """

    machine: int
    code: int
    constant: int
    work: int
    defined: frozenset[str]
    undefined: frozenset[str]


def read_object(data: bytes) -> ObjectFile:
    """Describe an object file, little-endian, of 32 or 64 bits."""
    assert data.startswith(MAGIC)
    wide = data[4] == 2
    (machine,) = struct.unpack_from("<H", data, 18)
    (start,) = struct.unpack_from("<Q", data, 40) if wide else struct.unpack_from("<I", data, 32)
    each, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    sections = [_section(data, start + each * number, wide=wide) for number in range(count)]
    held = [section for section in sections if section.flags & _ALLOCATED]
    code = sum(s.size for s in held if s.flags & _EXECUTABLE)
    work = sum(s.size for s in held if s.kind == _NO_BITS)
    whole = sum(s.size for s in held)
    defined, undefined = _symbols(data, sections, wide=wide)
    return ObjectFile(machine, code, whole - code - work, work, defined, undefined)


def _section(data: bytes, at: int, *, wide: bool) -> _Section:
    form = "<IIQQQQI" if wide else "<IIIIIII"
    _, kind, flags, _, offset, size, link = struct.unpack_from(form, data, at)
    return _Section(kind, flags, offset, size, link)


def _symbols(
    data: bytes, sections: list[_Section], *, wide: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """The global symbols that are defined, and those that are not."""
    found: tuple[set[str], set[str]] = (set(), set())
    size = 24 if wide else 16
    for table in (section for section in sections if section.kind == _SYMBOL_TABLE):
        names = sections[table.link].offset
        for at in range(table.offset + size, table.offset + table.size, size):  # the first is none
            if wide:
                name, info, _, place = struct.unpack_from("<IBBH", data, at)
            else:
                name, _, _, info, _, place = struct.unpack_from("<IIIBBH", data, at)
            if info >> 4 >= _GLOBAL:
                start = names + name
                found[place == 0].add(data[start : data.index(b"\0", start)].decode())
    return frozenset(found[False]), frozenset(found[True])
