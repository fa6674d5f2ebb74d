"""The smallest image that a network can take, for the message of one that cannot take this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError, TooSmallError
from pellucid.ops.types import Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.graph.graph import Node
    from pellucid.ops.operation import Shape

LARGEST_INPUT = 1024
"""How far the search for a smallest workable image goes, in pixels a side."""

MOST_TRIES = 100_000
"""How many layers that search may look at in all, so that a hostile file cannot keep it busy."""


def smallest_input(nodes: Sequence[Node], inputs: Mapping[str, Type], image: str) -> Shape | None:
    """The least enlargement of an image for which every layer works; none if size is no cure.

    Args:
        nodes: Of the graph.
        inputs: Their types; ``image`` is the one that is enlarged, (height, width, channels).
        image: Its name.
    """

    def fits(shape: Shape) -> bool | None:
        """Whether an image is large enough; none if its layers do not fit for another reason."""
        types = {**inputs, image: Type(shape)}
        try:
            for node in nodes:
                types[node.name] = node.operation.output_type(*(types[n] for n in node.inputs))
        except TooSmallError:
            return False
        except ShapeError:
            return None
        return True

    def first_fit(shapes: Sequence[Shape]) -> Shape | None:
        return next((shape for shape in shapes if fits(shape)), None)

    height, width, channels = inputs[image].shape
    least = min(height, width)
    for side in range(least, min(LARGEST_INPUT + 1, least + MOST_TRIES // len(nodes))):
        tall, wide = max(height, side), max(width, side)
        enough = fits((tall, wide, channels))
        if enough is None:
            return None
        if enough:
            # Both sides grew together; one of them may have grown further than it must.
            taller = first_fit([(h, wide, channels) for h in range(height, tall)])
            tall = tall if taller is None else taller[0]
            wider = first_fit([(tall, w, channels) for w in range(width, wide)])
            return wider or (tall, wide, channels)
    return None
