"""Nodes that keep values within bounds: ReLU and its kin, however they are written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops

if TYPE_CHECKING:
    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value

_NEAR = 1e-5
"""How far a constant may be from the one that a layer has, e.g. 1/6 as the file writes it."""


def hard_sigmoid(builder: Builder, node: OnnxNode) -> None:
    """``HardSigmoid``: as ours for alpha 1/6 and beta 1/2, else scaled and clipped."""
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    value = builder.affine(builder.value(node), np.full(1, alpha), np.full(1, beta))
    builder.result(node, clipped(builder, node, value, 0.0, 1.0))


def clip(builder: Builder, node: OnnxNode) -> None:
    """``Clip``: ReLU, ReLU6, a hard sigmoid, or two bounds."""
    value = builder.value(node)
    bounds = [-np.inf, np.inf]
    if node.opset < 11:
        bounds = [float(node.attribute("min", -np.inf)), float(node.attribute("max", np.inf))]
    else:
        for place in (1, 2):
            given = builder.constant(node, place)
            if given is not None and given.size:
                bounds[place - 1] = float(given.ravel()[0])
    largest = float(np.finfo(np.float32).max)
    low, high = (each if abs(each) < largest else np.sign(each) * np.inf for each in bounds)
    builder.result(node, clipped(builder, node, value, low, high))


def clipped(builder: Builder, node: OnnxNode, value: Value, low: float, high: float) -> Value:
    """A value between two bounds."""
    affine = value.affine
    if low == -np.inf and high == np.inf:
        return value
    if affine is not None and np.isfinite((low, high)).all() and high > low:
        share = 1.0 / (high - low)
        slope, start = affine.scale * share, (affine.shift - low) * share
        if (abs(slope - 1 / 6) < _NEAR).all() and (abs(start - 0.5) < _NEAR).all():
            plain = builder.each(node, ops.HardSigmoid(), replace(value, affine=None))
            return builder.affine(plain, np.full(1, high - low), np.full(1, low))
    if low == -np.inf:  # min(x, high) is high - ReLU(high - x)
        turned = builder.affine(value, -np.ones(1), np.full(1, high))
        return builder.affine(builder.each(node, ops.ReLU(), turned), -np.ones(1), np.full(1, high))
    if high == np.inf and low != 0:  # max(x, low) is ReLU(x - low) + low
        lowered = builder.affine(value, np.ones(1), np.full(1, -low))
        return builder.affine(builder.each(node, ops.ReLU(), lowered), np.ones(1), np.full(1, low))
    if high == np.inf:
        return builder.each(node, ops.ReLU(), value)
    if (low, high) == (0, 6):
        return builder.each(node, ops.ReLU6(), value)
    operation = builder.make(node, ops.Clip, low=float(low), high=float(high))
    return builder.each(node, operation, value)


def largest(builder: Builder, node: OnnxNode) -> None:
    """``Max`` with a constant: a bound below, which a ``Min`` behind it takes on."""
    value, bound = _bounded(builder, node)
    tensor = node.outputs[0]
    readers = builder.readers.get(tensor, [])
    if [each.kind for each in readers] == ["Min"] and builder.read_once(tensor):
        builder.lower[tensor] = bound
        builder.result(node, value)
        return
    builder.result(node, clipped(builder, node, value, bound, np.inf))


def smallest(builder: Builder, node: OnnxNode) -> None:
    """``Min`` with a constant: a bound above, and what a ``Max`` before it has below."""
    value, bound = _bounded(builder, node)
    low = max(builder.lower.get(each, -np.inf) for each in node.inputs)
    builder.result(node, clipped(builder, node, value, low, bound))


def _bounded(builder: Builder, node: OnnxNode) -> tuple[Value, float]:
    """The value and the one number it is compared with."""
    places = [k for k in range(len(node.inputs)) if node.input(k) in builder.constants]
    if len(node.inputs) != 2 or len(places) != 1:
        raise node.refuse("it compares two values, of which none is a constant")
    (place,) = places
    bound = builder.constant(node, place)
    if bound.size != 1:
        raise node.refuse("its bounds differ from position to position, which no layer does")
    return builder.value(node, 1 - place), float(bound.ravel()[0])
