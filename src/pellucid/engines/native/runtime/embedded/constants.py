"""The data of an object file in LLVM's assembly language, and what everything in it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.memory.arena import ALIGNMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.ops.operation import Array

_BYTES = np.array([f"\\{number:02X}".encode() for number in range(256)])


@dataclass(frozen=True)
class Names:
    """What the file's functions and data are called; other files see the first three.

    Attributes:
        name: What all of them begin with.
    """

    name: str

    @property
    def run(self) -> str:
        """The function that answers."""
        return f"{self.name}_run"

    @property
    def probabilities(self) -> str:
        """The function that makes probabilities of logits."""
        return f"{self.name}_probabilities"

    @property
    def self_test(self) -> str:
        """The function that compares answers with stored ones."""
        return f"{self.name}_self_test"

    def data(self, what: str) -> str:
        """A piece of memory, e.g. ``weights`` or ``work``."""
        return f"{self.name}_{what}"


def constant(name: str, array: Array) -> str:
    """Constant bytes, those of an array, at a multiple of a cache line."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    text = _BYTES[data].tobytes().decode("ascii")
    return f'@{name} = internal constant [{len(data)} x i8] c"{text}", align {ALIGNMENT}'


def zeros(name: str, size: int) -> str:
    """Memory that is zero before the first call."""
    return f"@{name} = internal global [{size} x i8] zeroinitializer, align {ALIGNMENT}"


def address_table(name: str, entries: Sequence[tuple[str, int]]) -> str:
    """The constant table that stages take: of each entry what it points into, and where there."""
    places = ", ".join(
        f"ptr getelementptr inbounds (i8, ptr @{base}, i64 {offset})" for base, offset in entries
    )
    return f"@{name} = internal constant [{len(entries)} x ptr] [{places}]"
