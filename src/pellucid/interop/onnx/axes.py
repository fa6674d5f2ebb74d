"""Nodes that move numbers about: layouts, parts of the channels, and branches joined."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx import recurrent, region_rows
from pellucid.interop.onnx.builder import MOVED
from pellucid.interop.onnx.views import axis, of_maps, reshaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
from pellucid.interop.onnx.views import Value
from pellucid.text import counted

MOST_PARTS = 64
"""Of channels that are taken in some other order: a layer for each run of them."""


def flatten(builder: Builder, node: OnnxNode) -> None:
    """``Flatten`` behind the batch axis."""
    value = builder.value(node)
    at = node.attribute("axis", 1)
    at = at + len(value.theirs) + 1 if at < 0 else at
    if at < 1 or math.prod(value.shape[: at - 1]) != 1:
        raise node.refuse("it flattens the batch axis with others")
    builder.result(node, value.seen_as(sum(value.theirs, ())))


def reshape(builder: Builder, node: OnnxNode) -> None:
    """``Reshape`` to a constant shape that keeps the batch axis."""
    if node.input(0) in builder.rows:
        region_rows.reshape(builder, node)
        return
    value = builder.value(node, in_pieces=True, moved=True)
    given = node.attribute("shape")
    wanted = list(given) if given is not None else builder.constant(node, 1).ravel().tolist()
    before = value.with_batch(builder.batch)
    for k, length in enumerate(wanted):
        if length == 0 and not node.attribute("allowzero", 0) and k < len(before):
            wanted[k] = before[k]
    total = math.prod(before)
    known = math.prod(length for length in wanted if length != -1)
    if wanted.count(-1) > 1 or known <= 0 or total % known:
        raise node.refuse(f"it makes {wanted} of {counted(total, 'number')}")
    wanted = [total // known if length == -1 else length for length in wanted]
    if value.batch == 0 and region_rows.rows_of_batch(builder, node, value, wanted):
        return
    at = _batch_of(builder, value, wanted)
    if math.prod(wanted) != total or at is None:
        raise node.refuse(
            f"it makes {wanted} of {builder.described(value)}; the batch must stay an axis, and "
            "what lies before it before it"
        )
    found = reshaped(value, wanted[:at] + wanted[at + 1 :])
    if found is None:
        raise node.refuse(f"it cuts {builder.described(value)} into {wanted}, across its axes")
    builder.result(node, replace(found, batch=at))


def _batch_of(builder: Builder, value: Value, wanted: Sequence[int]) -> int | None:
    """Which of the axes that are wanted is the batch's: as much lies before it as did."""
    before = math.prod(value.shape[: value.batch])
    for k, length in enumerate(wanted):
        if length == builder.batch and math.prod(wanted[:k]) == before:
            return k
    return 0 if builder.batch == 1 and list(wanted[:1]) == [1] else None


def transpose(builder: Builder, node: OnnxNode) -> None:
    """``Transpose``: another order of the axes."""
    value = builder.value(node, in_pieces=True, moved=True)
    rank = len(value.axes)
    order = list(node.attribute("perm", range(rank)[::-1]))
    if sorted(order) != list(range(rank)):
        raise node.refuse(f"it brings {counted(rank, 'axis')} into the order {order}")
    builder.result(node, value.with_axes([value.axes[k] for k in order]))


def squeeze(builder: Builder, node: OnnxNode) -> None:
    """``Squeeze``: axes of length 1 go."""
    value = builder.value(node, in_pieces=True, moved=True)
    axes = value.axes
    given = _axes(builder, node)
    if given is None:
        gone = {k for k, atoms in enumerate(axes) if atoms == ()}
    else:
        gone = {each % len(axes) for each in given}
    if any(axes[k] != () for k in gone):
        raise node.refuse("it drops the batch axis, or one that is longer than 1")
    builder.result(node, value.with_axes([each for k, each in enumerate(axes) if k not in gone]))


def unsqueeze(builder: Builder, node: OnnxNode) -> None:
    """``Unsqueeze``: further axes of length 1."""
    value = builder.value(node, in_pieces=True, moved=True)
    given = _axes(builder, node) or []
    rank = len(value.axes) + len(given)
    new = {each % rank for each in given}
    if len(new) != len(given):
        raise node.refuse("it puts two axes into one place")
    left = iter(value.axes)
    builder.result(node, value.with_axes([() if k in new else next(left) for k in range(rank)]))


def _axes(builder: Builder, node: OnnxNode) -> list[int] | None:
    given = node.attribute("axes")
    if given is None and node.input(1):
        given = builder.constant(node, 1).ravel().tolist()
    return None if given is None else [int(each) for each in given]


def shape(builder: Builder, node: OnnxNode) -> None:
    """``Shape``: a constant, since pictures have one size."""
    value = builder.value(node, in_pieces=True, moved=True)
    found = value.with_batch(builder.batch)
    start, end = node.attribute("start", 0), node.attribute("end")
    builder.constants.set(node.outputs[0], np.array(found[start:end], np.int64))


def concat(builder: Builder, node: OnnxNode) -> None:
    """``Concat`` of channels."""
    if any(name in builder.rows for name in node.inputs):
        region_rows.concat(builder, node)
        return
    if recurrent.stacked(builder, node):
        return
    values = builder.alike(node, [builder.value(node, k) for k in range(len(node.inputs))])
    rank = len(values[0].theirs) + 1
    at = node.attribute("axis", 1) % rank
    if at != 1 or len({len(v.theirs) for v in values}) > 1:
        raise node.refuse("it joins along other axes than the channels, or maps and vectors")
    if len(values) == 1:
        builder.result(node, values[0])
        return
    if values[0].is_vector and any(any(value.theirs[1:]) for value in values):
        raise node.refuse("it joins along other axes than the channels")
    name = builder.add(node, ops.Concatenate(), *(value.node for value in values))
    builder.result(node, builder.made(name, values[0]))


def slice_(builder: Builder, node: OnnxNode) -> None:
    """``Slice``: some channels, also backwards; rows and columns cropped; or every second one."""
    if node.input(0) in builder.rows:
        region_rows.slice_(builder, node)
        return
    value = builder.value(node, moved=True)
    rank = len(value.axes)
    if node.opset < 10:
        starts, ends = list(node.attribute("starts")), list(node.attribute("ends"))
        axes, steps = list(node.attribute("axes", range(len(starts)))), [1] * len(starts)
    else:
        starts, ends = (builder.constant(node, k).ravel().tolist() for k in (1, 2))
        axes = builder.constant(node, 3, np.arange(len(starts))).ravel().tolist()
        steps = builder.constant(node, 4, np.ones(len(starts), np.int64)).ravel().tolist()
    sizes = value.with_batch(builder.batch)
    for start, end, at, step in zip(starts, ends, axes, steps, strict=True):
        k = int(at) % rank
        if step == 0:
            raise node.refuse("its step is 0")
        found = range(*slice(int(start), int(end), int(step)).indices(sizes[k]))
        if found == range(sizes[k]):
            continue
        if k == value.batch:
            raise node.refuse("it takes a part of the batch")
        if not found:
            raise node.refuse("it leaves nothing over")
        value = _taken(builder, node, value, k, found)
    builder.result(node, value)


def gather(builder: Builder, node: OnnxNode) -> None:
    """``Gather`` of one position, whose axis goes, or of channels in some order."""
    if recurrent.taken_of_stack(builder, node):
        return
    value = builder.value(node, moved=True)
    indices = builder.constant(node, 1)
    k = node.attribute("axis", 0) % len(value.axes)
    if k == value.batch:
        raise node.refuse("it takes a part of the batch")
    length = value.with_batch(builder.batch)[k]
    found = [int(each) + length * (each < 0) for each in indices.ravel().tolist()]
    if indices.ndim > 1 or not found or not all(0 <= each < length for each in found):
        raise node.refuse(f"it takes {indices.tolist()!s:.60} of {counted(length, 'position')}")
    if found != list(range(length)):
        value = _taken(builder, node, value, k, found)
    if indices.ndim == 0:
        value = value.with_axes([each for at, each in enumerate(value.axes) if at != k])
    builder.result(node, value)


def _taken(builder: Builder, node: OnnxNode, value: Value, k: int, wanted: Sequence[int]) -> Value:
    """Some of an axis's positions, in some order: parts that are joined where it is uneven."""
    if (steps := recurrent.steps_taken(builder, node, value, k, wanted)) is not None:
        return steps
    if value.batch:
        raise node.refuse(MOVED.format(shape=builder.described(value)))
    even = len({b - a for a, b in itertools.pairwise(wanted)}) <= 1
    forwards = len(wanted) == 1 or wanted[1] > wanted[0]
    if even and forwards and (k != 1 or len(wanted) == 1 or wanted[1] == wanted[0] + 1):
        return _part(builder, node, value, k, wanted)
    if k != 1:
        raise node.refuse("it takes positions in an order that no layer does")
    starts = [n for n, c in enumerate(wanted) if n == 0 or c != wanted[n - 1] + 1]
    runs = [wanted[a:b] for a, b in zip(starts, [*starts[1:], len(wanted)], strict=True)]
    if len(runs) > MOST_PARTS:
        raise node.refuse(f"it takes channels in {len(runs)} parts; at most {MOST_PARTS} are read")
    value = builder.plain(node, value)
    parts = [_part(builder, node, value, k, run, word=f"part{n + 1}") for n, run in enumerate(runs)]
    name = builder.add(node, ops.Concatenate(), *(part.node for part in parts))
    return builder.made(name, parts[0])


def split(builder: Builder, node: OnnxNode) -> None:
    """``Split`` of channels, or of another axis."""
    value = builder.value(node)
    rank = len(value.theirs) + 1
    k = node.attribute("axis", 0) % rank
    if k == 0:
        raise node.refuse("it splits the batch")
    given = node.attribute("split")
    if given is None and node.input(1):
        given = builder.constant(node, 1).ravel().tolist()
    count, length = len(node.outputs), value.shape[k - 1]
    if given is None:
        each = -(-length // count)
        given = [*(each,) * (count - 1), length - each * (count - 1)]
    if len(given) != count or sum(given) != length or min(given) < 1:
        raise node.refuse(f"it splits {length} into {list(given)}")
    start = 0
    for place, size in enumerate(given):
        part = range(start, start + int(size))
        start += int(size)
        if not node.outputs[place]:
            continue
        found = (
            value
            if len(part) == length
            else _part(builder, node, value, k, part, f"part{place + 1}")
        )
        builder.result(node, found, place)


def _part(
    builder: Builder, node: OnnxNode, value: Value, k: int, part: Sequence[int], word: str = ""
) -> Value:
    """Some of an axis's positions, evenly spaced."""
    start, stop, step = part[0], part[-1] + 1, part[1] - part[0] if len(part) > 1 else 1
    value = builder.plain(node, value)
    shape = value.shape
    if k == 1:
        if step != 1:
            raise node.refuse("it takes every n-th channel, which no layer does")
        operation = builder.make(node, ops.ChannelSlice, start=start, stop=stop)
        name = builder.add(node, operation, value.node, word=word)
        if not value.is_vector:
            return of_maps(name, builder.shape(name))
        features = axis(stop - start)
        return replace(value, node=name, ours=(features,), theirs=(features, *value.theirs[1:]))
    if value.is_vector:
        raise node.refuse("it takes a part of an axis that is none of maps (N, C, H, W)")
    rows = (start, shape[1] - stop) if k == 2 else (0, 0)
    columns = (start, shape[2] - stop) if k == 3 else (0, 0)
    name = value.node
    if any((*rows, *columns)):
        crop = builder.make(node, ops.Crop, cropping=(rows, columns))
        name = builder.add(node, crop, name, word=word or f"cropped{k}")
    if step > 1:  # windows of one position each
        strides = (step, 1) if k == 2 else (1, step)
        name = builder.add(node, ops.MaxPool((1, 1), strides), name, word=word or f"every{k}")
    return of_maps(name, builder.shape(name))
