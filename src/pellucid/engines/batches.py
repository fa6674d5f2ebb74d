"""Batches for inference: as many images at once as fit into bounded memory, whatever their size.

Every answer is an image's own, so that cutting changes no number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.engines.engine import Program
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array

LIMIT = 256 << 20
"""Bytes of layer outputs and scratch memory that a batch may need; one image may need more."""

MOST = 256
"""Images in a batch at most, however small they are."""


def forward(program: Program, images: Array) -> Array:
    """The network's answers to any number of images, (N, …), computed in batches.

    Args:
        program: The network.
        images: (N, H, W, C), N at least 1.

    Raises:
        ShapeError: If the images are not the network's.
    """
    size = images_at_once(program.forward_bytes)
    if len(images) <= size:  # also none at all: the program says what is wrong
        return program.forward(images)
    return np.concatenate([program.forward(images[part]) for part in parts(len(images), size)])


def images_at_once(image_bytes: int, most: int = MOST) -> int:
    """How many images a batch may have, at least 1.

    Args:
        image_bytes: What each needs: ``program.forward_bytes``, or ``program.values_bytes``.
        most: No more than these.
    """
    return max(1, min(most, LIMIT // max(1, image_bytes)))


def parts(count: int, size: int) -> Iterator[slice]:
    """Where each batch lies among ``count`` images."""
    return (slice(first, first + size) for first in range(0, count, size))


def values_bytes(graph: Graph) -> int:
    """About how many bytes one image needs where every layer's float32 output is kept.

    The outputs of all layers, and the patches of the convolution that has most of them: a matrix
    product needs each patch as a row, and NumPy a copy of it.
    """
    values = sum(_size(shape) for shape in graph.shapes.values())
    patches = 0
    for node in graph.nodes:
        output = graph.shapes[node.name]
        work = node.operation.multiply_adds(*graph.inputs_of(node))
        patches = max(patches, work // output[-1])
    return 4 * (values + 2 * patches)


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
