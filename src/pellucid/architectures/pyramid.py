"""Feature maps of a body at several sizes, joined into one at one cell in 8×8 pixels.

The body's maps at 8, 16 and 32 pixels a cell (each the last of its size) are brought to as many
channels, and joined from the coarsest to the finest (Lin et al. 2017, *Feature pyramid networks for
object detection*, section 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError
from pellucid.layers import Add, BatchNorm, Conv2D, Input, ReLU, Resize, Sequential, connect
from pellucid.text import array_shape

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.layers import Value

STRIDE = 8
"""Pixels of the picture from one cell to the next."""

COARSEST = 32
"""Pixels from one cell to the next of the coarsest map that is used."""

WIDTH = 64
"""Channels of the pyramid."""

LAST = "smooth"
"""The convolution that ends it."""


def pyramid(body: Graph) -> Graph:
    """A body's graph, with its maps joined behind it.

    Args:
        body: From a picture (height, width, channels), both multiples of 32, to feature maps, of
            which there are some at :data:`STRIDE` pixels a cell or finer; or a network that a
            pyramid was put into before, which is then taken up to that.

    Returns:
        The graph to a map (height/8, width/8, :data:`WIDTH`).

    Raises:
        ShapeError: If the picture's size does not fit, or the body has no such maps.
    """
    height, width, _ = body.input_shape
    if height % COARSEST or width % COARSEST:
        raise ShapeError(
            f"a detector takes pictures whose height and width are multiples of {COARSEST}, got "
            f"{array_shape((height, width))}"
        )
    end = f"{LAST}-relu"
    if end in body.shapes and body.shapes[end] == (height // STRIDE, width // STRIDE, WIDTH):
        return body.select(end)
    taps = feature_maps(body)
    inputs = {name: Input(body.shapes[name]) for name in taps.values()}
    maps = {stride: inputs[name] for stride, name in taps.items()}
    finest = max(stride for stride in maps if stride <= STRIDE) if min(maps) <= STRIDE else 0
    if not finest:
        raise ShapeError("the body has no feature map at 8 pixels a cell, or at fewer")
    while finest < STRIDE:  # a body for small pictures: further steps down are learned here
        maps[2 * finest] = convolution(f"down{2 * finest}", 3, 2)(maps[finest])
        finest *= 2
    top: Value | None = None
    for stride in sorted((s for s in maps if s >= STRIDE), reverse=True):
        level = convolution(f"lateral{stride}", 1)(maps[stride])
        if top is not None:
            level = Add(name=f"joined{stride}")(Resize(2, name=f"up{stride}")(top), level)
        top = level
    assert top is not None
    joined = connect(inputs, {end: convolution(LAST, 3)(top)})
    return body.select(*inputs).extend(joined.nodes, joined.outputs)


def feature_maps(body: Graph) -> dict[int, str]:
    """The last feature map of each size, by pixels from one cell to the next: 1, 2, … 32."""
    height, width, _ = body.input_shape
    found: dict[int, str] = {}
    for node in body.nodes:
        shape = body.shapes[node.name]
        if len(shape) != 3 or height % shape[0] or width % shape[1]:
            continue
        stride = height // shape[0]
        if stride == width // shape[1] and stride <= COARSEST and stride & (stride - 1) == 0:
            found[stride] = node.name
    return found


def convolution(name: str, size: int, stride: int = 1) -> Sequential:
    """A convolution to :data:`WIDTH` channels, a batch norm and a ReLU.

    Args:
        name: Of the convolution; of the others, with ``-norm`` and ``-relu``.
        size: Of the kernel.
        stride: Of the convolution.
    """
    return Sequential(
        [
            Conv2D(WIDTH, size, stride=stride, padding="same", bias=False, name=name),
            BatchNorm(name=f"{name}-norm"),
            ReLU(name=f"{name}-relu"),
        ]
    )
