"""A trained network's body: all of it up to the values that its last dense layer reads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node, check_reals, graph_to_dict
from pellucid.ops import Bfloat16, Dense, GlobalAveragePool, Quantise
from pellucid.ops.types import Type
from pellucid.text import array_shape, printable

if TYPE_CHECKING:
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.files import Model
    from pellucid.ops.operation import Shape


MEAN = "mean-of-maps"
"""The layer that makes features of maps."""


@dataclass(frozen=True, eq=False)
class Body:
    """The part of a network that is kept where another head is learned.

    Attributes:
        network: From pictures to features, (D,).
        preprocessing: How any picture becomes what it takes.
        cut: The name of the value that the head reads.
        head: The name of the dense layer that reads it; empty where features are means of maps.
    """

    network: Network
    preprocessing: Preprocessing
    cut: str
    head: str

    @classmethod
    def of(cls, model: Model, name: str) -> Body:
        """The body of a model.

        Args:
            model: The model.
            name: What it is called in messages.

        Raises:
            ArgumentError: If there is no place to cut; one line.
        """
        return cls.of_network(model.network, model.preprocessing, name)

    @classmethod
    def for_features(cls, model: Model, name: str) -> Body:
        """The part of a model whose values are a picture's features.

        Of a network that ends in a dense layer it is the body. Detectors and recognizers of speech
        end in maps that are made of other maps: their features are the means, over all places, of
        the last maps that everything behind is made of; of captioners those of the places that
        words are made of.

        Args:
            model: The model.
            name: What it is called in messages.

        Raises:
            ArgumentError: If there are no such values; one line.
        """
        if model.task.makes_pictures:
            raise ArgumentError(
                f"{printable(name)}: makes pictures of noise and sees none, so that it has no "
                "features of them; take a network that answers pictures"
            )
        if not model.task.of_map:
            return cls.of(model, name)
        graph = model.network.graph
        cut = graph.output if model.task.parts else last_maps(graph, name)
        mean = MEAN
        while mean in graph.types:
            mean += "_"
        means = graph.select(cut).extend([Node(mean, GlobalAveragePool(), (cut,))], {mean: mean})
        weights = {str(each): model.network.weights[str(each)] for each in means.parameters}
        return cls(Network(means, weights), model.preprocessing, mean, "")

    @classmethod
    def of_network(cls, network: Network, preprocessing: Preprocessing, name: str) -> Body:
        """The body of a network; arguments and errors as of :meth:`of`."""
        cut, head = find_cut(network.graph, name)
        return cls(network.select(cut), preprocessing, cut, head)

    @property
    def head_weights(self) -> tuple[str, str]:
        """The full names of the head's kernel and bias."""
        return f"{self.head}.kernel", f"{self.head}.bias"

    @property
    def features(self) -> int:
        """How many features it gives, D."""
        return self.network.graph.output_shape[-1]

    @cached_property
    def digest(self) -> bytes:
        """What stands for graph and weights, 32 bytes; equal bodies have equal ones."""
        described = graph_to_dict(self.network.graph)
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode("utf-8"))
        for name in sorted(self.network.weights):
            digest.update(np.ascontiguousarray(self.network.weights[name], "<f4").data)
        return digest.digest()


def with_new_head(model: Model, name: str, image_shape: Shape, outputs: int) -> Network:
    """A model's network with another head, which answers 0 until it is learned.

    Args:
        model: The model.
        name: What it is called in messages.
        image_shape: Of the pictures, (height, width, channels).
        outputs: How many there are to be.

    Raises:
        ArgumentError: If there is no place to cut, or the model is quantised.
        ShapeError: If the body cannot take pictures of this size.
    """
    old = model.network.graph
    check_reals(old, "another head")
    cut, head = find_cut(old, name)
    nodes = [
        replace(node, operation=Dense(outputs)) if node.name == head else node for node in old.nodes
    ]
    inputs = {old.input: Type(image_shape)}
    try:
        graph = Graph(inputs, nodes, old.outputs)
        weights = {
            each: weight
            for each, weight in model.network.weights.items()
            if not each.startswith(f"{head}.")
        }
        length = graph.shapes[cut][-1]
        weights[f"{head}.kernel"] = np.zeros((length, outputs), np.float32)
        weights[f"{head}.bias"] = np.zeros(outputs, np.float32)
        return Network(graph, weights)
    except ShapeError as error:
        raise ShapeError(
            f"{printable(name)}: its body takes pictures {array_shape(old.input_shape)}, and "
            f"cannot be used for {array_shape(image_shape)} ({error}); leave the image size out"
        ) from error


def find_cut(graph: Graph, name: str) -> tuple[str, str]:
    """Where a network is cut: the value that its last dense layer reads, and that layer.

    Args:
        graph: From a picture to its outputs.
        name: What it is called in messages.

    Raises:
        ArgumentError: If it does not end in a dense layer, or nothing before that has weights.
    """
    last = graph[graph.output] if graph.output not in graph.inputs else None
    if last is None or last.operation.family != "dense":
        kind = "nothing" if last is None else f"{printable(last.name)} ({last.operation.kind})"
        raise ArgumentError(
            f"{printable(name)}: has no place to cut: a body ends before the last dense layer, and "
            f"this network ends in {kind}; take another body, or let all of it learn (--start-from)"
        )
    (cut,) = last.inputs
    cut = _real(graph, cut)
    shared = [n.name for n in graph.nodes if n.store == last.store and n.name != last.name]
    if cut in graph.inputs or shared or not graph.select(cut).parameters:
        why = (
            f"its last dense layer shares its weights with {printable(shared[0])}"
            if shared
            else "nothing before its last dense layer has learned anything"
        )
        raise ArgumentError(
            f"{printable(name)}: has no place to cut: {why}; take another body, or let all of it "
            "learn (--start-from)"
        )
    return cut, last.name


def last_maps(graph: Graph, name: str) -> str:
    """The last maps, (h, w, C), through which all goes that a network answers.

    Those are left out that the answer itself is, or that only hand it on.

    Args:
        graph: From a picture to maps or rows.
        name: What the network is called in messages.

    Raises:
        ArgumentError: If there are none that have been learned.
    """
    last = graph[graph.output]
    while len(last.inputs) == 1 and not graph.parameters_of(last) and last.inputs[0] != graph.input:
        last = graph[last.inputs[0]]
    for node in reversed(graph.select(last.name).nodes[:-1]):
        if len(graph.shapes[node.name]) == 3 and not _is_avoided(graph, node.name, last.name):
            if graph.select(node.name).parameters:
                return _real(graph, node.name)
            break
    raise ArgumentError(
        f"{printable(name)}: has no maps that all of its answer is made of, whose means would be "
        "its features; take another network"
    )


def _real(graph: Graph, name: str) -> str:
    """The value that was rounded, where this is what it became: features are values."""
    while name not in graph.inputs and isinstance(graph[name].operation, Quantise | Bfloat16):
        (name,) = graph[name].inputs
    return name


def _is_avoided(graph: Graph, value: str, last: str) -> bool:
    """Whether anything reaches a layer from the input without passing a value."""
    return graph.input in {
        source for node in graph.nodes_before([last], [value]) for source in node.inputs
    }
