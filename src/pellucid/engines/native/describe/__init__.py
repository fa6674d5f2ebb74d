"""What stages of a plan do, in words and numbers: for reports, not for computing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.describe import any_stage, convolutions, norms
from pellucid.engines.native.describe.subject import Description, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.emit.schedule_builder import Call

__all__ = ["Description", "describe"]


def describe(code: Code, schedule: str, call: Call, images: int) -> Description:
    """A stage in words and numbers.

    Args:
        code: The program it is part of.
        schedule: ``forward``, or the part of a training step.
        call: The stage.
        images: How many there are in the batch.
    """
    stage = next((stage for stage in code.plan.stages if stage.target == call.origin), None)
    if stage is None:
        return Description(call.name)
    part = call.name.removesuffix(stage.node.name).strip()
    subject = Subject(code, stage, part, images)
    tell = PARTS.get((stage.kind, part)) or PARTS.get(("", part)) or ANY[schedule]
    return tell(subject)


PARTS: dict[tuple[str, str], Callable[[Subject], Description]] = {
    ("normalise", ""): any_stage.pixels,
    ("", "clear for"): any_stage.clear,
    ("", "clear"): any_stage.no_gradient,
    ("", "mask"): any_stage.mask,
    ("", "kernel gradient"): any_stage.kernel_gradient,
    ("", "sum of losses"): any_stage.sum_of_losses,
    ("", "update"): any_stage.update,
    ("", "flip"): any_stage.flip,
    ("by reference", ""): any_stage.by_reference,
    ("by reference", "back through"): any_stage.by_reference,
    ("convolve", ""): convolutions.forward,
    ("convolve", "unpool"): convolutions.unpool,
    ("convolve", "back through"): convolutions.data_gradient,
    ("convolve", "kernel gradient"): convolutions.kernel_gradient,
    ("convolve", "flip"): convolutions.flip,
    ("norm", ""): norms.forward,
    ("norm", "sums of"): norms.sums,
    ("norm", "statistics of"): norms.join,
    ("norm", "gradient sums of"): norms.gradient_sums,
    ("norm", "gradients of"): norms.join,
    ("norm", "back through"): norms.back,
}
"""How to describe what is named so: by the stage's kind (or any) and what its name begins with."""

ANY: dict[str, Callable[[Subject], Description]] = {
    "forward": any_stage.forward,
    "learn": any_stage.forward,
    "loss": any_stage.loss,
    "backward": any_stage.backward,
    "clip": any_stage.clip,
    "update": any_stage.update,
}
"""How to describe stages of a schedule about which nothing more is known."""
