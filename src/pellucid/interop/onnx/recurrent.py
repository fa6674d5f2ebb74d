"""Recurrent layers of other programs: ``RNN``, ``GRU`` and ``LSTM``, whose steps come first.

An ``RNN`` is a GRU whose gates never move: its state is always reset to nothing but what is new.

Their states are (T, directions, N, units). What is taken of all steps, or of the last one, and what
brings the batch to the front again, are views, see :mod:`pellucid.interop.onnx.views`. A direction
that reads backwards is a layer of its own, between two that turn the steps round.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.sequences import ORDERS
from pellucid.interop.onnx.views import Value, axis, reordered, size_of
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Axis
    from pellucid.ops.operation import Array

MOST_STEPS = 64
"""Of a sequence that is read backwards: a layer for each of them turns it round."""

ACTIVATIONS = {
    "RNN": ["tanh"],
    "GRU": ["sigmoid", "tanh"],
    "LSTM": ["sigmoid", "tanh", "tanh"],
}
DIRECTIONS = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
"""Whether each direction of a layer reads backwards."""


SATURATED = 100.0
"""A gate's bias where its sigmoid is 1, and of minus that less than 1e-43."""


def rnn(builder: Builder, node: OnnxNode) -> None:
    """``RNN`` with tanh: a GRU whose reset gate is open and whose update gate is shut.

    y = (1 − z)·c + z·h with z = σ(−100) is c = tanh(x·W + b + r·(h·R + d)) with r = σ(100) = 1.
    """
    _recurrent(builder, node, ops.GRU, 1)


def gru(builder: Builder, node: OnnxNode) -> None:
    """``GRU`` whose state is reset behind its kernel, as PyTorch has it."""
    if not node.attribute("linear_before_reset", 0):
        raise node.refuse(
            "its state is reset before its kernel (linear_before_reset=0); the layer here resets "
            "behind it, as PyTorch does"
        )
    _recurrent(builder, node, ops.GRU, 1)


def lstm(builder: Builder, node: OnnxNode) -> None:
    """``LSTM`` without peepholes."""
    if node.attribute("input_forget", 0):
        raise node.refuse("its input and forget gates are one (input_forget), which no layer has")
    if node.input(7) and np.any(builder.constant(node, 7)):
        raise node.refuse("it has peepholes, which no layer has")
    if builder.is_read(node, 2):
        raise node.refuse("its cell is read, which no layer gives")
    _recurrent(builder, node, ops.LSTM, 2)


def _recurrent(
    builder: Builder, node: OnnxNode, operation: type[ops.GRU | ops.LSTM], states: int
) -> None:
    value = builder.value(node, moved=True)
    if value.batch != 1 or len(value.theirs) != 2:
        raise node.refuse(f"it needs a sequence (T, N, F), got {builder.described(value)}")
    backwards = _settings(builder, node, value.shape[0])
    name, features = _sequence(builder, node, value)
    steps = value.theirs[0]
    given = [
        _state(builder, node, 5 + k, len(backwards))
        for k in range(states)
        if node.input(5 + k) not in builder.constants and node.input(5 + k)
    ]
    if given and len(given) != states:
        raise node.refuse("one of its first states is given, and the other is not")
    kernels = [
        _weights(builder, node, (k, len(backwards)), value.theirs[1], features)
        for k in range(len(backwards))
    ]
    units = kernels[0]["recurrent_kernel"].shape[0]
    made = []
    for reverse, weights in zip(backwards, kernels, strict=True):
        word = "backwards" if reverse else ""
        x = _reversed(builder, node, name, "reversed") if reverse else name
        layer = builder.make(node, operation, units=units)
        y = builder.add(node, layer, x, *given, weights=weights, word=word)
        made.append(_reversed(builder, node, y, "in_order") if reverse else y)
    _give(builder, node, made, steps, backwards)


def _give(
    builder: Builder,
    node: OnnxNode,
    made: Sequence[str],
    steps: Axis,
    backwards: Sequence[bool],
) -> None:
    """Note all states, and the last ones."""
    units = axis(builder.shape(made[0])[1])
    values = [Value(each, (steps, units), (steps, units), batch=1) for each in made]
    if builder.is_read(node, 0):
        if len(made) == 1:
            found = values[0].with_axes([steps, (), None, units])
        else:
            both, ways = builder.add(node, ops.Concatenate(), *made, word="both"), axis(2)
            found = Value(both, (steps, (*ways, *units)), (steps, ways, units), batch=2)
        builder.result(node, found)
    if not builder.is_read(node, 1):
        return
    count, last = size_of(steps), []
    for value, reverse in zip(values, backwards, strict=True):
        step = 0 if reverse else count - 1
        taken = value if count == 1 else steps_taken(builder, node, value, 0, [step])
        assert taken is not None
        last.append(taken.with_axes([(), None, units]))
    if len(last) == 1:
        builder.result(node, last[0], 1)
    else:
        builder.stacks[node.outputs[1]] = last


def _settings(builder: Builder, node: OnnxNode, steps: int) -> tuple[bool, ...]:
    """Whether each direction reads backwards; what no layer has is refused."""
    direction = _text(node.attribute("direction", "forward"))
    backwards = DIRECTIONS.get(direction)
    if backwards is None:
        raise node.refuse(f"there is no direction {direction!r:.40}")
    wanted = ACTIVATIONS[node.kind] * len(backwards)
    given = [_text(each).lower() for each in node.attribute("activations", ()) or wanted]
    if given != wanted:
        raise node.refuse(f"its functions are {', '.join(given)!s:.80}, not {', '.join(wanted)}")
    if node.attribute("layout", 0):
        raise node.refuse("its batch comes before its steps (layout=1), which is not read")
    if node.attribute("clip") is not None:
        raise node.refuse("its gates are bounded (clip), which no layer does")
    if node.input(4) and np.any(builder.constant(node, 4) != steps):
        raise node.refuse("its sequences have lengths of their own, which is not read")
    if any(backwards) and steps > MOST_STEPS:
        raise node.refuse(
            f"it reads {steps} steps backwards; at most {MOST_STEPS} are turned round"
        )
    for place in (5, 6)[: 2 if node.kind == "LSTM" else 1]:
        name = node.input(place)
        if name and name in builder.constants and np.any(builder.constant(node, place)):
            raise node.refuse("it begins with constants other than zeros, which no layer does")
    return backwards


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _sequence(builder: Builder, node: OnnxNode, value: Value) -> tuple[str, Axis]:
    """Our value (T, F) of a tensor's, and how its features lie."""
    steps, features = value.theirs
    value = builder.settled(node, value)
    if value.is_maps and value.ours[1] == steps and value.ours[0]:  # columns are the steps
        value = _columns(builder, node, value)
    flat = sum(value.ours, ())
    own = flat[len(steps) :]
    if flat[: len(steps)] != steps or set(own) != set(features):
        raise node.refuse(
            "its steps are neither the rows nor the columns of maps, in an order that a layer reads"
        )
    shape = size_of(steps), size_of(features)
    name = value.node
    if builder.shape(name) != shape:
        name = builder.add(node, ops.Reshape(shape), name, word="sequence")
    return name, own


def _columns(builder: Builder, node: OnnxNode, value: Value) -> Value:
    """Maps with one row, whose channels are a column's numbers: a convolution of ones and zeros."""
    rows, columns, channels = value.ours
    height, _, count = builder.shape(value.node)
    kernel = np.eye(height * count, dtype=np.float32).reshape(height, 1, count, -1)
    operation = builder.make(
        node, ops.Conv2D, filters=height * count, size=(height, 1), padding="valid", bias=False
    )
    name = builder.add(node, operation, value.node, weights={"kernel": kernel}, word="columns")
    return replace(value, node=name, ours=((), columns, (*rows, *channels)))


def _state(builder: Builder, node: OnnxNode, place: int, directions: int) -> str:
    """A first state that is computed, (1, N, units), as a vector."""
    value = builder.value(node, place, moved=True)
    if directions > 1 or value.batch != 1 or len(value.theirs) != 2 or value.theirs[0]:
        raise node.refuse(
            f"its first state must be (1, N, units) of one direction, got "
            f"{builder.described(value)}"
        )
    value = builder.plain(node, value.with_axes([None, value.theirs[1]]))
    return value.node


def _weights(
    builder: Builder, node: OnnxNode, way: tuple[int, int], given: Axis, wanted: Axis
) -> dict[str, Array]:
    """The weights of one direction (its place, of how many), gates in our order."""
    direction, directions = way
    order = ORDERS.get(node.kind, (0,))
    count = len(order)
    kernels = [builder.weight(node, place) for place in (1, 2)]
    units = node.attribute("hidden_size", kernels[1].shape[-1])
    rows = (directions, count * units)
    if any(each.ndim != 3 or each.shape[:2] != rows for each in kernels):
        raise node.refuse(
            f"its kernels must be ({directions}, {count * units}, inputs), got "
            f"{kernels[0].shape} and {kernels[1].shape}"
        )

    def ours(rows: Array) -> Array:
        parts = rows.reshape(count, units, *rows.shape[1:])
        return np.concatenate([parts[order.index(k)] for k in range(count)])

    x, h = (ours(each[direction]).T for each in kernels)
    if len(x) != size_of(given):
        raise node.refuse(
            f"its kernel takes {counted(len(x), 'number')} a step, got {size_of(given)}"
        )
    biases = np.zeros((2, count * units), np.float32)
    if node.input(3):
        both = builder.weight(node, 3)
        if both.shape != (directions, 2 * count * units):
            raise node.refuse(
                f"its biases must be ({directions}, {2 * count * units}), got {both.shape}"
            )
        biases = both[direction].reshape(2, count * units)
    found = {
        "kernel": reordered(x, given, wanted),
        "recurrent_kernel": h,
        "bias": ours(biases[0]),
        "recurrent_bias": ours(biases[1]),
    }
    return {own: _saturated(own, array) for own, array in found.items()} if count == 1 else found


def _saturated(own: str, candidate: Array) -> Array:
    """A weight of a GRU whose gates are 1 and 0 whatever comes, by that of its candidate."""
    gates = np.zeros((*candidate.shape[:-1], 2, candidate.shape[-1]), np.float32)
    if own == "bias":
        gates[0], gates[1] = SATURATED, -SATURATED
    return np.concatenate([gates.reshape(*candidate.shape[:-1], -1), candidate], axis=-1)


# ------------------------------------------------------------------------------- parts of sequences


def steps_taken(
    builder: Builder, node: OnnxNode, value: Value, k: int, wanted: Sequence[int]
) -> Value | None:
    """Some steps of a sequence, one after the other; None where that is not what is taken.

    Args:
        builder: The network.
        node: What takes them.
        value: Of which tensor.
        k: Along which of its axes.
        wanted: Which positions.
    """
    steps = value.axes[k]
    if len(value.ours) != 2 or not steps or steps != value.ours[0]:
        return None
    if list(wanted) != list(range(wanted[0], wanted[-1] + 1)):
        return None
    value = builder.settled(node, value)
    count, features = builder.shape(value.node)
    maps = builder.add(node, ops.Reshape((1, count, features)), value.node, word="maps")
    sides = (wanted[0], count - wanted[-1] - 1)
    crop = builder.make(node, ops.Crop, cropping=((0, 0), sides))
    name = builder.add(node, crop, maps, word="taken")
    left = axis(len(wanted))
    if left:
        name = builder.add(node, ops.Reshape((len(wanted), features)), name, word="steps")
    else:
        name = builder.add(node, ops.Flatten(), name, word="step")
    ours = (left, value.ours[1]) if left else (value.ours[1],)
    axes = [left if at == k else each for at, each in enumerate(value.axes)]
    return replace(value, node=name, ours=ours).with_axes(axes)


def _reversed(builder: Builder, node: OnnxNode, name: str, word: str) -> str:
    """A sequence (T, F) with its steps turned round."""
    steps, features = builder.shape(name)
    if steps == 1:
        return name
    flat = builder.add(node, ops.Flatten(), name, word=f"{word}_flat")
    parts = [
        builder.add(
            node, ops.ChannelSlice(t * features, (t + 1) * features), flat, word=f"{word}{t}"
        )
        for t in reversed(range(steps))
    ]
    joined = builder.add(node, ops.Concatenate(), *parts, word=f"{word}_joined")
    return builder.add(node, ops.Reshape((steps, features)), joined, word=word)


# -------------------------------------------------------------------- last states, side by side


def stacked(builder: Builder, node: OnnxNode) -> bool:
    """Whether a ``Concat`` puts last states of several layers one behind the other; noted then."""
    if node.attribute("axis", 1) not in (0, -3):
        return False
    found: list[Value] = []
    for name in node.inputs:
        if name in builder.stacks:
            found += builder.stacks[name]
        elif name in builder.values and builder.values[name].axes[:2] == ((), None):
            found.append(builder.values[name])
        else:
            return False
    builder.stacks[node.outputs[0]] = found
    return True


def taken_of_stack(builder: Builder, node: OnnxNode) -> bool:
    """Whether a ``Gather`` takes one of several last states; it is the result then."""
    if (stack := builder.stacks.get(node.input(0))) is None:
        return False
    indices = builder.constant(node, 1)
    place = int(indices.ravel()[0]) if indices.size == 1 else len(stack)
    if node.attribute("axis", 0) not in (0, -3) or not -len(stack) <= place < len(stack):
        raise node.refuse(
            f"it takes {indices.tolist()!s:.60} of {counted(len(stack), 'last state')}"
        )
    value = stack[place]
    if indices.ndim == 0:
        value = value.with_axes(value.axes[1:])
    builder.result(node, value)
    return True
