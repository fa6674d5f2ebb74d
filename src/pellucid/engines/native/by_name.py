"""Arrays by full name, ``conv1.kernel``, sorted by their nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.ops.operation import Array


def by_node(arrays: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """Arrays by their node's name, which has no dot, and then by the rest."""
    found: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        node, _, own = name.partition(".")
        found.setdefault(node, {})[own] = array
    return found


def of_node(
    arrays: Mapping[str, Mapping[str, Array]], node: str, ending: str = ""
) -> dict[str, NDArray[np.float32]]:
    """One node's arrays by their own name."""
    return {
        name[: len(name) - len(ending)]: np.asarray(array, np.float32)
        for name, array in arrays.get(node, {}).items()
        if name.endswith(ending)
    }
