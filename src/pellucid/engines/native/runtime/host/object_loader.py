"""Object files become code that runs, without LLVM where no more than addresses is missing.

LLVM's own loader comes with all of LLVM: 70 MB of a process, and a tenth of a second, for code that
was compiled long ago and lies in the cache. What the engine compiles for x86-64 uses one kind of
relocation alone, a whole address. See the System V Application Binary Interface, AMD64 supplement.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys
from typing import TYPE_CHECKING

from pellucid.engines.native.runtime.elf import (
    ALLOCATED,
    EXECUTABLE,
    MAGIC,
    NO_BITS,
    RELOCATIONS,
    SYMBOL_TABLE,
    WRITABLE,
    read_sections,
    read_symbols,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.native.runtime.elf import Section, Symbol

_MACHINE, _ADDRESS = 62, 1
"""x86-64, and its relocation R_X86_64_64: symbol + addend, in 64 bits."""

_UNWINDING = 0x70000001
"""The kind of sections for handlers of exceptions, of which this code raises none."""

_CODE, _CONSTANTS = range(2)


class LoadedObject:
    """An object file in memory, ready to be called; the memory goes with it."""

    def __init__(self, memory: mmap.mmap, addresses: dict[str, int]) -> None:
        self._memory = memory
        self._addresses = addresses

    def address(self, name: str) -> int:
        """Where the function of that name begins."""
        return self._addresses[name]


def load_object(data: bytes, symbols: Mapping[str, int]) -> LoadedObject | None:
    """Load an object file into this process.

    Args:
        data: The object file, made for this processor.
        symbols: Addresses of what it may take from elsewhere, by name.

    Returns:
        What was loaded; none where it takes another loader: other systems and processors, other
        relocations, data that are written, other symbols, or a system that lets nobody run what he
        has written.
    """
    if sys.platform != "linux" or not data.startswith(MAGIC + b"\2\1"):
        return None
    if struct.unpack_from("<H", data, 18) != (_MACHINE,):
        return None
    sections = read_sections(data)
    held = {
        number: section
        for number, section in enumerate(sections)
        if section.flags & ALLOCATED and section.size and section.kind != _UNWINDING
    }
    if any(each.flags & WRITABLE or each.kind == NO_BITS for each in held.values()):
        return None
    places, ends = _places(held)
    memory = mmap.mmap(-1, ends[_CONSTANTS], flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = _start(memory)
    for number, section in held.items():
        place = places[number]
        memory[place : place + section.size] = data[section.offset :][: section.size]

    def address(symbol: Symbol) -> int | None:
        if not symbol.section:
            return symbols.get(symbol.name)
        place = places.get(symbol.section)
        return None if place is None else start + place + symbol.value

    for section in sections:
        if section.kind != RELOCATIONS or section.info not in held:
            continue
        table = sections[section.link]
        known = [address(symbol) for symbol in _symbols(data, sections, table)]
        rows = data[section.offset : section.offset + section.size]
        for offset, info, added in struct.iter_unpack("<QQq", rows):
            value = known[info >> 32]
            if info & 0xFFFFFFFF != _ADDRESS or value is None:
                return None
            struct.pack_into("<Q", memory, places[section.info] + offset, value + added)
    if not _protect(start, ends):
        return None
    found = {
        symbol.name: where
        for table in sections
        if table.kind == SYMBOL_TABLE
        for symbol in _symbols(data, sections, table)
        if symbol.is_global and symbol.section and (where := address(symbol)) is not None
    }
    return LoadedObject(memory, found)


def _places(held: Mapping[int, Section]) -> tuple[dict[int, int], list[int]]:
    """Where each section comes to lie, and where code and constants end: each on whole pages."""
    places: dict[int, int] = {}
    ends: list[int] = []
    end = 0
    for executable in (True, False):
        for number, section in held.items():
            if bool(section.flags & EXECUTABLE) is executable:
                places[number] = _up(end, max(1, section.alignment))
                end = places[number] + section.size
        end = _up(end, mmap.PAGESIZE)
        ends.append(end)
    return places, ends


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _symbols(data: bytes, sections: list[Section], table: Section) -> list[Symbol]:
    return read_symbols(data, table, sections[table.link].offset)


def _start(memory: mmap.mmap) -> int:
    """Where memory begins; it can be given back as soon as nothing but its address is kept."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def _protect(start: int, ends: list[int]) -> bool:
    """Let code run and constants be read, and neither be written; whether the system agrees."""
    protect = ctypes.CDLL(None).mprotect
    protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    code, all_of_it = ends
    refused = protect(start, code, mmap.PROT_READ | mmap.PROT_EXEC)
    if all_of_it > code:
        refused |= protect(start + code, all_of_it - code, mmap.PROT_READ)
    return not refused
