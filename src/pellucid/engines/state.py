"""What an optimizer remembers between steps, by name: the same names for all engines.

``step`` counts the steps taken; ``conv1.kernel.velocity`` and the like are arrays shaped as their
weight, one for each of the optimizer's slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.engine import Learning
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array, Shape


def state_shapes(graph: Graph, learning: Learning | None) -> dict[str, Shape]:
    """The name and shape of everything that is remembered; the step alone where nothing learns."""
    slots = learning.optimizer.slots if learning else ()
    arrays = {
        f"{name}.{slot}": parameter.shape
        for name, parameter in graph.parameters.items()
        if parameter.trainable
        for slot in slots
    }
    return {"step": (), **arrays}


def check_optimizer_state(
    graph: Graph, learning: Learning | None, state: Mapping[str, Array]
) -> None:
    """Check that a remembered state is that of this graph and optimizer, no more and no less.

    Raises:
        ShapeError: Naming the first that is not.
    """
    expected = state_shapes(graph, learning)
    for name, shape in expected.items():
        if name not in state:
            raise ShapeError(f"the optimizer's state lacks {name!r}; was it another optimizer's?")
        if tuple(state[name].shape) != shape:
            raise ShapeError(
                f"the optimizer's {name!r} must have the shape {shape}, got "
                f"{tuple(state[name].shape)}"
            )
    if superfluous := sorted(state.keys() - expected.keys()):
        raise ShapeError(
            f"this optimizer remembers no {superfluous[0]!r}; was the state another optimizer's?"
        )
