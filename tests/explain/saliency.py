"""Questions to networks of every kind, and a torch module of a network for Captum to look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.engines.torch.call import Call
from pellucid.engines.torch.operations import MAPPINGS
from pellucid.explain.activations import Activations
from pellucid.explain.score import Score, choose_score
from pellucid.files import Model
from pellucid.graph import INPUT, Graph, Network
from pellucid.ops.operation import INFERENCE
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Node
    from pellucid.ops.operation import Array


def activations(graph: Graph, seed: int = 0, engine: str = "reference") -> Activations:
    """A random picture in a network in the midst of its training."""
    made = network(graph, seed)
    weights = {name: np.asarray(w, np.float32) for name, w in made.weights.items()}
    return activations_of(Network(graph, weights), seed, engine)


def activations_of(made: Network, seed: int = 0, engine: str = "reference") -> Activations:
    """A random picture in a network."""
    (count,) = made.graph.output_shape
    height, width, channels = made.graph.input_shape
    classes = tuple(f"c{k}" for k in range(count))
    model = Model(made, classes, Preprocessing(height, width, channels))
    images, _ = batch(made.graph, 1, seed)
    return Activations(model, get_engine(engine).load(made), images[0])


def question(graph: Graph, seed: int = 0, *, compared: bool = False) -> Score:
    """Why that network answers as it does."""
    return choose_score(activations(graph, seed), compared=compared)


class _Node(torch.nn.Module):
    """One operation, so that hooks can be put on it."""

    def __init__(self, node: Node, weights: Mapping[str, Array]) -> None:
        super().__init__()
        self.node = node
        self.own = {name: torch.tensor(np.asarray(w, np.float64)) for name, w in weights.items()}
        if node.operation.kind == "conv2d":
            self.own["kernel"] = self.own["kernel"].permute(3, 2, 0, 1).contiguous()

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return MAPPINGS[self.node.operation.kind](
            Call(self.node.operation, list(inputs), self.own, INFERENCE)
        )


class Module(torch.nn.Module):
    """A network by the torch engine's page of mappings; takes (N, C, H, W) in pixel units."""

    def __init__(self, made: Network) -> None:
        super().__init__()
        self.graph = made.graph
        self.parts = torch.nn.ModuleDict(
            {
                node.name: _Node(
                    node,
                    {
                        name: made.weights[f"{node.name}.{name}"]
                        for name in node.operation.parameters(*made.graph.inputs_of(node))
                    },
                )
                for node in made.graph.nodes
            }
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {INPUT: x}
        for node in self.graph.nodes:
            values[node.name] = self.parts[node.name](*[values[name] for name in node.inputs])
        return values[self.graph.output]


def pixels(image: Array) -> torch.Tensor:
    """An image (H, W, C) as a torch batch of one, in float64."""
    return torch.tensor(image.astype(np.float64).transpose(2, 0, 1)[None])
