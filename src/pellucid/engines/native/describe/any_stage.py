"""Stages of which no more is known than what they read and write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.engines.native.describe.subject import DOUBLE, FLOAT, Description
from pellucid.graph import INPUT

if TYPE_CHECKING:
    from pellucid.engines.native.describe.subject import Subject

FAMILIES = {
    "activate": "rows of vectors",
    "add": "rows of vectors",
    "average": "sums over positions",
    "pool": "windows",
}
"""What the kernels of a kind do; the others bear the kind's name."""


def forward(s: Subject) -> Description:
    """From values to a value."""
    remembers = s.stage.kind == "pool" and s.training
    return Description(
        _family(s),
        layout=s.code.plan.values[s.stage.target].layout,
        bytes_read=s.values(*s.stage.sources),
        bytes_written=s.values(s.stage.target) + (s.winners if remembers else 0),
        flops=s.flops,
    )


def by_reference(s: Subject) -> Description:
    """NumPy, called from between compiled stages."""
    made = backward(s) if s.part else forward(s)
    note = f"there is no kernel for {s.stage.node.operation.kind}: one thread computes it in NumPy"
    return replace(made, kernel="reference", notes=(note,))


def pixels(s: Subject) -> Description:
    """The first stage: bytes come in."""
    height, width, channels = s.code.plan.graph.shapes[INPUT]
    layout = s.code.plan.values[s.stage.target].layout
    read = s.images * height * width * channels
    return Description("bytes to floats", None, layout, read, s.values(s.stage.target))


def backward(s: Subject) -> Description:
    """From the gradient at what was made to the gradients at what it was made of."""
    found = s.code.plan.gradients
    layouts = [found[name].layout for name in s.stage.sources if name in found]
    return Description(
        _family(s),
        layout=layouts[0] if layouts else None,
        bytes_read=s.gradients(s.stage.target) + s.values(*s.stage.sources),
        bytes_written=s.gradients(*s.stage.sources),
        flops=s.flops,
    )


def clear(s: Subject) -> Description:
    """Zeros, where later only some positions are added to."""
    return Description("rows of zeros", bytes_written=s.gradients(*s.stage.sources))


def no_gradient(s: Subject) -> Description:
    """Zeros, where nothing leads to the answer."""
    return Description("rows of zeros", bytes_written=s.gradients(s.stage.target))


def mask(s: Subject) -> Description:
    """The gradient where ReLU let values through."""
    gradient = s.gradients(s.stage.target)
    read = s.values(s.stage.target) + gradient
    return Description("rows of vectors", bytes_read=read, bytes_written=gradient)


def kernel_gradient(s: Subject) -> Description:
    """Weights' gradient: of convolutions from all images, of others from sums of each image."""
    if not s.flops:
        return Description("sums over images")
    parameter = s.code.weighted[s.stage.node.name].parameter
    return Description(
        "kernel gradient",
        bytes_read=s.values(*s.stage.sources) + s.gradients(s.stage.target),
        bytes_written=FLOAT * parameter.size * parameter.chunks,
        flops=s.flops,
    )


def flip(s: Subject) -> Description:
    """The weights again, as the backward pass reads them."""
    size = FLOAT * s.code.weighted[s.stage.node.name].parameter.size
    return Description("copy, flipped", bytes_read=size, bytes_written=size)


def loss(s: Subject) -> Description:
    """From logits to each image's loss, and to the gradient at them."""
    name = s.stage.target
    layout = s.code.plan.gradients[name].layout
    return Description("loss", None, layout, s.values(name), s.gradients(name))


def sum_of_losses(s: Subject) -> Description:
    """The batch's loss, and how many answers are correct."""
    return Description("sums over images", bytes_read=2 * DOUBLE * s.images)


def clip(s: Subject) -> Description:
    """Partial sums joined and measured; or what their length means for the update."""
    made = s.code.weighted.get(s.stage.node.name)
    if made is None or not s.part:
        return Description("norm of the gradient")
    size = FLOAT * made.parameter.size
    return Description("squares", None, None, size * made.parameter.chunks, size)


def update(s: Subject) -> Description:
    """The optimizer's step on what a layer has learned."""
    made = s.code.weighted.get(s.stage.node.name)
    if made is None:
        return Description("optimizer")
    parameter = made.parameter
    size, slots = FLOAT * parameter.size, len(parameter.memory)
    return Description(
        "optimizer",
        bytes_read=size * (1 + slots + parameter.chunks),
        bytes_written=size * (1 + slots),
        notes=(f"joins {parameter.chunks} partial sums",) if parameter.chunks > 1 else (),
    )


def _family(s: Subject) -> str:
    return FAMILIES.get(s.stage.kind, s.stage.kind)
