"""What a network is built up in while the nodes of an ONNX file become layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.errors import ArgumentError, PellucidError
from pellucid.graph import Node
from pellucid.interop.onnx.nodes import reads_of
from pellucid.interop.onnx.views import (
    Affine,
    Value,
    of_maps,
    of_vector,
    reordered,
    shuffle_groups,
    size_of,
)
from pellucid.ops.types import Type
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.interop.onnx.constants import Constants
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.region_rows import RegionRows
    from pellucid.interop.onnx.views import Axis
    from pellucid.ops.operation import Array, Operation, Shape


OTHERWISE = (
    "it pads or reads squares across channels other than local response normalisation does "
    "(squares padded, averaged over an odd number of channels, times alpha plus k, to a power)"
)
"""Why steps that begin as a local response normalisation are refused where they go on otherwise."""

OF_BATCH = (
    "it works with rows of all pictures of a batch; only RoiAlign and MaxRoiPool do, and what "
    "brings their values back to each picture"
)
"""Why what has no batch axis of its own is refused elsewhere."""

MOVED = (
    "it reads {shape}, whose batch axis is not the first; only recurrent layers, what multiplies "
    "and bends their states, and what brings the batch to the front do"
)
"""Why a tensor with steps before the batch is refused elsewhere."""

STACKED = "it reads the last states of several layers; only a Gather of one of them does"

Pads = tuple[int, int, int, int]
"""Top, left, bottom, right, as ONNX has them."""


class Builder:
    """Collects layers and weights, and knows what each tensor of the file is among them.

    Attributes:
        constants: The file's.
        values: What each tensor is in the network, by its name in the file.
        nodes: The layers, by name.
        weights: By full name, float32.
        batch: Length of the batch axis in the file; 1 where it is open.
        readers: The nodes that read each tensor.
        pads: Padding of a tensor that the windows which read it take on: top, left, bottom, right.
        rows: Tensors of regions, which have no batch axis of their own.
        stacks: Tensors of several last states, (layers, N, units), by name.
        lower: Bounds below of tensors, which the only node that reads one, a bound above, takes on.
        results: The tensors that are the file's outputs.
    """

    def __init__(
        self,
        constants: Constants,
        source: tuple[str, Value, Shape],
        batch: int,
        nodes: Sequence[OnnxNode],
        results: Sequence[str],
    ) -> None:
        tensor, value, shape = source
        self.constants = constants
        self.values: dict[str, Value] = {tensor: value}
        self.input = value.node
        self.nodes: dict[str, Node] = {}
        self.weights: dict[str, Array] = {}
        self.batch = batch
        self.results = frozenset(results)
        self.readers: dict[str, list[OnnxNode]] = {}
        for node in nodes:
            for name in dict.fromkeys(reads_of(node.proto)):
                self.readers.setdefault(name, []).append(node)
                if name not in node.inputs:  # graphs within it may read it more than once
                    self.readers[name].append(node)
        self.pads: dict[str, Pads] = {}
        self.lower: dict[str, float] = {}
        self.rows: dict[str, RegionRows] = {}
        self.stacks: dict[str, list[Value]] = {}
        self._types = {value.node: Type(shape)}
        self._shown: dict[str, list[str]] = {value.node: [tensor]}
        self._laid_out: dict[tuple[str, int], str] = {}  # by groups; 0 for a flattening
        self._settled: dict[tuple[str, Affine], str] = {}
        self._names: Counter[str] = Counter([value.node])

    # ------------------------------------------------------------------------------------ tensors

    def value(
        self, node: OnnxNode, place: int = 0, *, in_pieces: bool = False, moved: bool = False
    ) -> Value:
        """What an input of a node is in the network.

        Args:
            node: The node.
            place: Which input.
            in_pieces: Whether it may be a step of a local response normalisation.
            moved: Whether its batch axis may be another than the first.

        Raises:
            RefusedError: If it is a constant, or nothing before the node makes it.
        """
        name = node.input(place)
        if name not in self.values:
            if name in self.constants:
                raise node.refuse(f"its input {place + 1} is a constant, which is not supported")
            if name in self.rows:
                raise node.refuse(OF_BATCH)
            if name in self.stacks:
                raise node.refuse(STACKED)
            raise node.refuse(f"nothing before it makes its input {quoted(name, 80)}")
        value = self.values[name]
        if value.logarithm:
            raise node.refuse("it works with the logarithms of probabilities; a network ends there")
        if value.neighbours is not None and not in_pieces:
            raise node.refuse(OTHERWISE)
        if value.batch and not moved:
            raise node.refuse(MOVED.format(shape=self.described(value)))
        return value

    def constant(self, node: OnnxNode, place: int, default: Any = None) -> Any:
        """A constant input of a node as an array; the default where it is left out.

        Raises:
            RefusedError: If it is no constant.
        """
        name = node.input(place)
        if not name:
            return default
        if name not in self.constants:
            computed = "must be a constant, and is computed"
            missing = f"is {quoted(name, 80)}, which the file does not hold"
            raise node.refuse(
                f"its input {place + 1} {computed if name in self.values else missing}"
            )
        return self.constants[name]

    def weight(self, node: OnnxNode, place: int) -> Array:
        """A constant input that is a weight, float32.

        Raises:
            RefusedError: If there is none, or it holds no finite numbers.
        """
        array = self.constant(node, place)
        if array is None:
            raise node.refuse(f"its input {place + 1}, a weight, is missing")
        if array.dtype.kind not in "fV" or (array.dtype.kind == "V" and array.dtype.itemsize > 2):
            raise node.refuse(f"its weights are of type {array.dtype}, not floats")
        with np.errstate(over="ignore"):
            found = np.asarray(array, np.float32)
        if not np.isfinite(found).all():
            raise node.refuse("its weights hold NaN or infinity")
        return found

    def is_read(self, node: OnnxNode, place: int) -> bool:
        """Whether anything takes an output of a node, or it is one of the file's."""
        name = node.outputs[place] if place < len(node.outputs) else ""
        return bool(name) and (name in self.readers or name in self.results)

    def read_once(self, tensor: str) -> bool:
        """Whether a single node reads a tensor, and it is none of the file's outputs."""
        return len(self.readers.get(tensor, ())) == 1 and tensor not in self.results

    def read_only_by(self, tensor: str, *kinds: str) -> bool:
        """Whether nodes of some kinds alone read a tensor, as their first input."""
        readers = self.readers.get(tensor, [])
        return (
            bool(readers)
            and tensor not in self.results
            and all(each.kind in kinds and each.inputs.count(tensor) == 1 for each in readers)
            and all(each.input(0) == tensor for each in readers)
        )

    # ------------------------------------------------------------------------------------- layers

    def shape(self, name: str) -> Shape:
        """The shape of one of our values."""
        return self._types[name].shape

    def add(
        self,
        node: OnnxNode,
        operation: Operation,
        *inputs: str,
        weights: Mapping[str, Array] | None = None,
        word: str = "",
        called: str = "",
    ) -> str:
        """Add a layer; the name of its value.

        Args:
            node: Whose it is: it is called as the node's first output.
            operation: What it computes.
            inputs: Our values.
            weights: Its own, by its names for them.
            word: Of a layer that the node needs besides.
            called: Another name than that of the node's output.

        Raises:
            RefusedError: If the layer cannot take what reaches it.
        """
        try:
            made = operation.output_type(*(self._types[name] for name in inputs))
            wanted = operation.parameters(*(self.shape(name) for name in inputs))
        except PellucidError as error:
            raise node.refuse(str(error)) from error
        given = dict(weights or {})
        for own, parameter in wanted.items():
            if own not in given or given[own].shape != parameter.shape:
                came = given[own].shape if own in given else "none"
                raise node.refuse(f"its {own} must be of shape {parameter.shape}, got {came}")
        name = self.name(called or node.outputs[0], word)
        self.nodes[name] = Node(name, operation, inputs)
        self._types[name] = made
        for own, array in given.items():
            self.weights[f"{name}.{own}"] = np.ascontiguousarray(array, np.float32)
        return name

    def merge(
        self, node: OnnxNode, name: str, operation: Operation, weights: Mapping[str, Array]
    ) -> str:
        """Let a layer compute what a node does to its value, which nothing else reads; its name.

        Args:
            node: The node.
            name: The layer.
            operation: Its settings from now on.
            weights: All of its weights.
        """
        for tensor in self.tensors_of(name):
            del self.values[tensor]
        old = self.nodes.pop(name)
        for parameter in operation.parameters(*(self.shape(each) for each in old.inputs)):
            self.weights.pop(f"{name}.{parameter}", None)
        return self.add(node, operation, *old.inputs, weights=weights)

    def drop(self, name: str) -> None:
        """Take a layer without weights out again, whose value nothing reads any more."""
        for tensor in self.tensors_of(name):
            del self.values[tensor]
        del self.nodes[name]

    def read_alone(self, name: str) -> bool:
        """Whether a single node reads one of our values, through whatever tensors show it."""
        return name not in self._settled.values() and all(
            self.read_once(each) for each in self.tensors_of(name)
        )

    def weights_of(self, name: str) -> dict[str, Array]:
        """A layer's weights, by its own names for them."""
        start = f"{name}."
        return {w.removeprefix(start): a for w, a in self.weights.items() if w.startswith(start)}

    def tensors_of(self, name: str) -> list[str]:
        """The tensors that show one of our values."""
        known = self._shown.get(name, ())
        return [each for each in known if each in self.values and self.values[each].node == name]

    def name(self, tensor: str, word: str = "") -> str:
        """A name for a layer, which is that of a tensor as far as it can be."""
        plain = printable(tensor).replace(".", "_") or "layer"
        wanted = f"{plain}/{word}" if word else plain
        self._names[wanted] += 1
        if self._names[wanted] == 1:
            return wanted
        return self.name(tensor, f"{word}{self._names[wanted]}")

    def make(self, node: OnnxNode, operation: type[Operation], **settings: Any) -> Operation:
        """An operation with settings from a file.

        Raises:
            RefusedError: If one is out of range.
        """
        try:
            return operation(**settings)
        except ArgumentError as error:
            raise node.refuse(str(error)) from error

    # ---------------------------------------------------------------- views made into layers

    def each(self, node: OnnxNode, operation: Operation, value: Value) -> Value:
        """A function of each number alone: however the axes lie."""
        value = self.settled(node, value)
        return replace(value, node=self.add(node, operation, value.node))

    def result(self, node: OnnxNode, value: Value, place: int = 0) -> None:
        """Note what an output of a node is."""
        self.values[node.outputs[place]] = value
        self._shown.setdefault(value.node, []).append(node.outputs[place])

    def settled(self, node: OnnxNode, value: Value) -> Value:
        """The value with its scale and shift computed by a layer."""
        affine = value.affine
        if affine is None or affine.nothing:
            return replace(value, affine=None)
        if not value.is_maps:
            raise node.refuse(
                "it reads a vector or rows multiplied or shifted by constants, which no layer "
                "does; only next to a dense layer or a batch norm it can be part of that"
            )
        known = self._settled.get((value.node, affine))
        if known is not None:  # several nodes read it
            return replace(value, node=known, affine=None)
        channels = self.shape(value.node)[-1]
        scale, shift = (np.broadcast_to(each, channels) for each in (affine.scale, affine.shift))
        uniform = np.ptp(scale) == 0 and np.ptp(shift) == 0
        std = 1.0 / scale if (scale > 0).all() else np.zeros(1)
        mean = -shift * std
        fits = (std >= 1e-6).all() and (std <= 1e6).all() and (np.abs(mean) <= 1e6).all()
        if (uniform or value.node == self.input) and fits:
            plain = ops.Normalise(tuple(mean.tolist()), tuple(std.tolist()))
            word, called = ("", "pixels") if value.node == self.input else ("scaled", "")
            name = self.add(node, plain, value.node, word=word, called=called)
        else:
            depthwise = ops.Conv2D(channels, (1, 1), groups=channels)
            weights = {
                "kernel": scale.astype(np.float32).reshape(1, 1, 1, -1),
                "bias": shift.astype(np.float32),
            }
            name = self.add(node, depthwise, value.node, weights=weights, word="scaled")
        self._settled[value.node, affine] = name
        return replace(value, node=name, affine=None)

    def maps(self, node: OnnxNode, value: Value) -> Value:
        """The value as feature maps, whose tensor is (C, H, W) and which lie as (H, W, C).

        Raises:
            RefusedError: If no layer brings its numbers into that order.
        """
        value = self.settled(node, value)
        if len(value.theirs) != 3 or not value.is_maps:
            raise node.refuse(
                f"it needs feature maps (N, C, H, W), got {self.described(value)}"
                + ("" if value.is_maps else "; no layer makes maps of a vector or of rows")
            )
        channels, rows, columns = value.theirs
        ours = value.ours
        if (ours[0], ours[1]) == (rows, columns):
            if ours[2] == channels:
                return value
            if (groups := shuffle_groups(ours[2], channels)) is not None:
                name = self._shuffled(node, value.node, groups)
                return replace(value, node=name, ours=(rows, columns, channels))
        raise node.refuse(
            "the axes of its input were moved about in a way that no layer computes; only channel "
            "shuffles are"
        )

    def vector(self, node: OnnxNode, value: Value) -> Value:
        """The value as one of our vectors, whose atoms may lie in another order than the tensor's.

        Raises:
            RefusedError: If the tensor has several axes longer than 1.
        """
        if sum(map(bool, value.theirs)) > 1:
            raise node.refuse(
                "a vector (N, F), or maps of one pixel (N, C, 1, 1), are needed here; got "
                f"{self.described(value)}"
            )
        if value.is_vector:
            return value
        value = self.settled(node, value)
        name = self._laid_out.get((value.node, 0)) or self.add(
            node, ops.Flatten(), value.node, word="flat"
        )
        self._laid_out[value.node, 0] = name
        return replace(value, node=name, ours=(sum(value.ours, ()),))

    def plain(self, node: OnnxNode, value: Value) -> Value:
        """The value as maps or as a vector, its numbers in the tensor's order."""
        if value.is_maps and len(value.theirs) == 3:
            return self.maps(node, value)
        value = self.settled(node, self.vector(node, value))
        (order,) = value.ours
        if order != sum(value.theirs, ()):
            groups = shuffle_groups(order, sum(value.theirs, ()))
            if groups is None:
                raise node.refuse("it needs the flattened numbers in an order that no layer makes")
            name = self._shuffled(node, value.node, groups)
            value = replace(value, node=name, ours=(sum(value.theirs, ()),))
        return value

    def _shuffled(self, node: OnnxNode, name: str, groups: int) -> str:
        """A channel shuffle of one of our values, made once for all that read it."""
        if (name, groups) not in self._laid_out:
            shuffle = self.make(node, ops.ChannelShuffle, groups=groups)
            self._laid_out[name, groups] = self.add(node, shuffle, name, word="shuffled")
        return self._laid_out[name, groups]

    def alike(self, node: OnnxNode, values: Sequence[Value]) -> list[Value]:
        """Values as :meth:`plain` gives them, all of them vectors where one is."""
        found = [self.plain(node, value) for value in values]
        if len({value.is_vector for value in found}) > 1:
            found = [self.plain(node, self.vector(node, value)) for value in found]
        return found

    def per_channel(self, node: OnnxNode, value: Value, array: Array, axis: Axis) -> Array:
        """Numbers of a tensor's axis, in the order of our last axis.

        Raises:
            RefusedError: If that axis is not our last one.
        """
        if set(axis) != set(value.ours[-1]) or len(array) != size_of(axis):
            raise node.refuse("its weights do not belong to the channels of its input")
        return np.asarray(reordered(array, axis, value.ours[-1]))

    def made(self, name: str, like: Value) -> Value:
        """A layer's value as a tensor: feature maps, or a vector with as many axes as before."""
        shape = self.shape(name)
        if len(shape) == 3:
            return of_maps(name, shape)
        return of_vector(name, shape[0], len(like.theirs))

    def described(self, value: Value) -> str:
        """A tensor's shape for a message."""
        sizes = [*map(str, value.shape)]
        return f"({', '.join([*sizes[: value.batch], 'N', *sizes[value.batch :]])})"

    def affine(self, value: Value, scale: NDArray[Any], shift: NDArray[Any]) -> Value:
        """The value with a scale and a shift that are computed later."""
        now = value.affine or Affine(np.ones(1), np.zeros(1))
        return replace(value, affine=now.then(scale.astype(np.float64), shift.astype(np.float64)))
