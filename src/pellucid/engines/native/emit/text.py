"""How LLVM's assembly language writes things: a function's definition, a number."""

from __future__ import annotations

import struct


def definition(name: str, signature: str, body: str) -> str:
    """A function that returns nothing.

    Args:
        name: Its name.
        signature: Its parameters, as they are declared.
        body: Its instructions, a line each.
    """
    return f"define void @{name}({signature}) {{\nentry:\n{body}\n  ret void\n}}\n"


def hexadecimal(number: float) -> str:
    """A float32 as LLVM writes it exactly: the bits of the same number as a double."""
    (single,) = struct.unpack("<f", struct.pack("<f", number))
    return f"0x{struct.unpack('<Q', struct.pack('<d', single))[0]:016X}"
