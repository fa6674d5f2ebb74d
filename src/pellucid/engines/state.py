"""What a step remembers, by name: the same names for all engines.

``step`` counts the steps taken; ``conv1.kernel.velocity`` and the like are arrays shaped as their
weight, one for each of the optimizer's slots and each weight that the step trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.step import Step
    from pellucid.ops.operation import Array, Shape


def state_shapes(step: Step | None) -> dict[str, Shape]:
    """The name and shape of everything that is remembered; the step alone where nothing learns."""
    trained = step.trained.items() if step else ()
    arrays = {
        f"{name}.{slot}": parameter.shape
        for name, parameter in trained
        for slot in (step.optimizer.slots if step else ())
    }
    return {"step": (), **arrays}


def check_state(step: Step | None, state: Mapping[str, Array]) -> None:
    """Check that a remembered state is that of this step, no more and no less.

    Raises:
        ShapeError: Naming the first that is not.
    """
    expected = state_shapes(step)
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
