"""What an object file holds and what it needs: its sections and symbols.

See the System V Application Binary Interface, chapter 4 (object files), for both classes of ELF.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

MAGIC = b"\x7fELF"

SYMBOL_TABLE, RELOCATIONS, NO_BITS = 2, 4, 8
"""Kinds of sections: symbols, addresses to fill in with what is added to each, zeros."""

WRITABLE, ALLOCATED, EXECUTABLE = 1, 2, 4
"""Flags of sections: what is in memory as the program runs, and what may be done there."""

_GLOBAL = 1


class Section(NamedTuple):
    """A section: its kind and flags, where it lies in the file, and which others it refers to."""

    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int


class Symbol(NamedTuple):
    """A name for a place: the number of its section, 0 for another file's, and where there."""

    name: str
    section: int
    value: int
    is_global: bool


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
    (machine,) = struct.unpack_from("<H", data, 18)
    sections = read_sections(data)
    held = [section for section in sections if section.flags & ALLOCATED]
    code = sum(s.size for s in held if s.flags & EXECUTABLE)
    work = sum(s.size for s in held if s.kind == NO_BITS)
    whole = sum(s.size for s in held)
    named = [
        symbol
        for table in sections
        if table.kind == SYMBOL_TABLE
        for symbol in read_symbols(data, table, sections[table.link].offset)
        if symbol.is_global
    ]
    defined = frozenset(symbol.name for symbol in named if symbol.section)
    undefined = frozenset(symbol.name for symbol in named if not symbol.section)
    return ObjectFile(machine, code, whole - code - work, work, defined, undefined)


def read_sections(data: bytes) -> list[Section]:
    """The sections of an object file, in the order of their numbers."""
    wide = data[4] == 2
    (start,) = struct.unpack_from("<Q", data, 40) if wide else struct.unpack_from("<I", data, 32)
    each, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    form = struct.Struct("<IIQQQQIIQ" if wide else "<IIIIIIIII")
    rows = (form.unpack_from(data, start + each * number) for number in range(count))
    return [
        Section(kind, flags, offset, size, link, info, alignment)
        for _, kind, flags, _, offset, size, link, info, alignment in rows
    ]


def read_symbols(data: bytes, table: Section, names: int) -> list[Symbol]:
    """The symbols of a table, in the order of their numbers.

    Args:
        data: The object file.
        table: A section of symbols.
        names: Where the section begins that holds their names, in the file.
    """
    wide = data[4] == 2
    # name, info, other, section, value, size; of 32 bits: name, value, size, info, other, section
    form = struct.Struct("<IBBHQQ" if wide else "<IIIBBH")
    found = []
    for row in form.iter_unpack(data[table.offset : table.offset + table.size]):
        name, info, _, place, value, _ = row if wide else (row[0], *row[3:], *row[1:3])
        start = names + name
        text = data[start : data.index(b"\0", start)].decode()
        found.append(Symbol(text, place, value, is_global=info >> 4 >= _GLOBAL))
    return found
