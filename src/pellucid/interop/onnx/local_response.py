"""Local response normalisation written in pieces, as PyTorch exports it.

    y = x / (k + α · mean of x² over ``size`` channels)^β

Squares, seen as (N, 1, C, H, W), are padded with zeros along the channels, averaged by windows of
``size``×1×1, scaled, shifted, taken to a power, and divide what they were made of. Until the
division shows what it is, the steps are noted in :class:`~pellucid.interop.onnx.views.Neighbours`;
whatever else reads one of them is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.builder import OTHERWISE
from pellucid.interop.onnx.views import Neighbours
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value

CHANNELS = 2
"""Where the channels are in (N, 1, C, H, W)."""


def padded_squares(
    builder: Builder, value: Value, around: Mapping[int, tuple[int, int]], fill: float
) -> Value | None:
    """Squares with zeros around their channels; None where that is something else.

    Args:
        builder: The network.
        value: What is padded.
        around: Zeros before and behind each axis, the batch's among them.
        fill: What is laid around.
    """
    elsewhere = any(any(sides) for axis, sides in around.items() if axis != CHANNELS)
    if fill != 0 or elsewhere or not value.plain or _squared(builder, value) is None:
        return None
    before, after = around.get(CHANNELS, (0, 0))
    return replace(value, neighbours=Neighbours(before, after)) if min(before, after) >= 0 else None


def averaged_squares(builder: Builder, node: OnnxNode, value: Value) -> Value | None:
    """The mean of padded squares over neighbouring channels; None where that is something else.

    Raises:
        RefusedError: If no layer has such windows.
    """
    size = list(node.attribute("kernel_shape", ()))
    noted = value.neighbours
    if noted is None:
        if len(size) != 3 or not value.plain or _squared(builder, value) is None:
            return None
        noted = Neighbours(0, 0)
    pads = list(node.attribute("pads", (0,) * 6))
    plain = (
        noted.size == 0
        and size[1:] == [1, 1]
        and set(node.attribute("strides", (1, 1, 1))) == {1}
        and set(node.attribute("dilations", (1, 1, 1))) == {1}
        and node.attribute("auto_pad", "NOTSET") in ("NOTSET", "VALID")
        and len(pads) == 6
        and not any(pads[k] for k in (1, 2, 4, 5))
        and (node.attribute("count_include_pad", 0) or not any(pads))
    )
    if not plain:
        raise node.refuse(OTHERWISE)
    before, after = noted.before + pads[0], noted.after + pads[3]
    if before != after or before + after != size[0] - 1:
        raise node.refuse(
            f"it averages {counted(size[0], 'channel')}, of which {before} before a value's own "
            f"and {after} behind it; the layer's window is centred, so of an odd number"
        )
    return replace(value, neighbours=Neighbours(before, after, size[0]))


def power(builder: Builder, node: OnnxNode) -> None:
    """``Pow`` by a constant: 1, a square, or the exponent of a local response normalisation."""
    value = builder.value(node, in_pieces=True)
    exponent = builder.constant(node, 1)
    if exponent is None or exponent.size != 1 or exponent.dtype.kind not in "fiu":
        raise node.refuse("its exponents differ from position to position, which no layer does")
    beta = float(exponent.item())
    noted = value.neighbours
    if noted is not None:
        if noted.size == 0 or noted.power is not None:
            raise node.refuse(OTHERWISE)
        builder.result(node, replace(value, neighbours=replace(noted, power=beta)))
    elif beta == 1:
        builder.result(node, value)
    elif beta == 2:
        value = builder.plain(node, value)
        name = builder.add(node, ops.Multiply(), value.node, value.node)
        builder.result(node, replace(value, node=name))
    else:
        raise node.refuse(f"there is no layer for the power {beta:g}")


def divided(builder: Builder, node: OnnxNode) -> bool:
    """Make a division by a damped mean of squares the layer that it is; False if it is none."""
    noted = builder.values[node.input(1)].neighbours if node.input(1) in builder.values else None
    if noted is None:
        return False
    value, damping = builder.value(node), builder.value(node, 1, in_pieces=True)
    source = _squared(builder, damping)
    value = builder.maps(node, value)
    alpha, k = (
        (np.ones(1), np.zeros(1))
        if damping.affine is None
        else (damping.affine.scale, damping.affine.shift)
    )
    fits = (
        noted.power is not None
        and source == value.node
        and sum(damping.theirs, ()) == sum(value.theirs, ())
        and len(damping.theirs) == 3
        and alpha.size == k.size == 1
    )
    if not fits:
        raise node.refuse(OTHERWISE)
    operation = builder.make(
        node, ops.LocalResponseNorm,
        size=noted.size,
        alpha=float(alpha.item()) / noted.size,
        beta=noted.power,
        k=float(k.item()),
    )  # fmt: skip
    name = builder.add(node, operation, value.node)
    builder.result(node, replace(value, node=name))
    return True


def _squared(builder: Builder, value: Value) -> str | None:
    """What a tensor (N, 1, C, H, W), or (N, C, H, W) at the end, has the squares of; or None."""
    made = builder.nodes.get(value.node)
    if made is None or not value.is_maps or not isinstance(made.operation, ops.Multiply):
        return None
    channels_first = value.theirs[-3:] == (value.ours[2], value.ours[0], value.ours[1])
    fits = channels_first and not any(value.theirs[:-3]) and len(set(made.inputs)) == 1
    return made.inputs[0] if fits else None
