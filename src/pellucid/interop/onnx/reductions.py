"""Nodes that make one number of many: means, maxima and sums over height and width."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.views import Value, of_maps

if TYPE_CHECKING:
    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode


def reduce_mean(builder: Builder, node: OnnxNode) -> None:
    """``ReduceMean`` over height and width, or over one of them."""
    builder.result(node, _reduced(builder, node, "mean"))


def reduce_max(builder: Builder, node: OnnxNode) -> None:
    """``ReduceMax`` over height and width, or over one of them."""
    builder.result(node, _reduced(builder, node, "maximum"))


def reduce_sum(builder: Builder, node: OnnxNode) -> None:
    """``ReduceSum`` over height and width: their mean, times as many."""
    builder.result(node, _reduced(builder, node, "sum"))


def _reduced(builder: Builder, node: OnnxNode, what: str) -> Value:
    """The mean, the maxima or the sums over some axes."""
    value = builder.value(node, moved=True)
    rank = len(value.axes)
    given = node.attribute("axes")
    if given is None and node.input(1):
        given = builder.constant(node, 1).ravel().tolist()
    if not given and node.attribute("noop_with_empty_axes", 0):
        return value
    axes = {int(each) % rank for each in (given or range(rank))}
    if value.batch in axes:
        raise node.refuse(f"it takes the {what} over the batch")
    gone = {k - (k > value.batch) for k in axes}
    keep = node.attribute("keepdims", 1)
    left = [
        () if k in axes else atoms for k, atoms in enumerate(value.axes) if keep or k not in axes
    ]
    reduced = {atom for k in gone for atom in value.theirs[k]}
    if not reduced:
        return value.with_axes(left)
    if what == "sum":  # the mean of numbers, each times their count
        count = math.prod(atom.size for atom in reduced)
        value = builder.affine(value, np.full(1, count), np.zeros(1))
    value = builder.settled(node, value)
    largest = what == "maximum"
    if len(value.ours) == 2 and reduced == {*value.ours[0]}:  # steps of a sequence
        maps = builder.add(
            node, ops.Reshape((1, *builder.shape(value.node))), value.node, word="maps"
        )
        value = replace(value, node=maps, ours=((), *value.ours))
    theirs = tuple(each for each in left if each is not None)
    if value.is_maps and reduced == {*value.ours[0], *value.ours[1]}:
        whole = ops.GlobalMaxPool() if largest else ops.GlobalAveragePool()
        name = builder.add(node, whole, value.node)
        made = Value(name, (value.ours[2],), theirs)
        return made.with_axes(left)
    if value.is_maps and not value.batch and len(value.theirs) == 3 and gone < {1, 2}:
        value = builder.maps(node, value)
        rows, columns, _ = builder.shape(value.node)
        size = (rows, 1) if gone == {1} else (1, columns)
        window = ops.MaxPool(size, size) if largest else ops.AveragePool(size, size)
        made = of_maps(name := builder.add(node, window, value.node), builder.shape(name))
        theirs = tuple(each for k, each in enumerate(made.theirs) if keep or k not in gone)
        return made.seen_as(*theirs)
    raise node.refuse(f"it takes the {what} over other axes than height and width")
