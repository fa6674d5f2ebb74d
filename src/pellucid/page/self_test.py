"""What a page checks at its start: that it computes what the engine here computed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.page.blobs import little_endian

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.page.graph_data import ShownGraph


def self_test_data(model: Model, shown: ShownGraph, pixels: NDArray[Any]) -> dict[str, Any]:
    """The engine's values of one picture: the outputs, and of every layer a checksum.

    Args:
        model: The model.
        shown: The layers whose values a page has.
        pixels: (H, W, C), uint8; of generators noise, float32.
    """
    program = get_engine("native").load(model.network)
    values = program.values(pixels[None])
    names = [node.name for node in shown.graph.nodes]
    return {
        "engine": program.made_by(),
        "outputs": [float(x) for x in values[shown.graph.output][0].reshape(-1)],
        "checksums": {name: checksum(values[name][0]) for name in names},
    }


def checksum(values: NDArray[np.floating[Any]]) -> int:
    """CRC-32 of values as float32 in row-major order, little-endian."""
    return zlib.crc32(little_endian(values.astype(np.float32)))
