"""Which network a command's argument means: an architecture's name, or a model on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.architectures import ARCHITECTURES, get_architecture
from pellucid.graph import Network, initial_weights

if TYPE_CHECKING:
    from pellucid.ops.operation import Shape


def is_path(network: str) -> bool:
    """Whether a model is meant; what bears an architecture's name is written ./lecture."""
    path = Path(network)
    looks_so = len(path.parts) > 1 or path.suffix == ".safetensors"
    return network not in ARCHITECTURES and (looks_so or path.exists())


def find_network(network: str, input_shape: Shape, classes: int) -> Network:
    """A model's network; or an architecture's, for these images and classes, yet untrained.

    Raises:
        PellucidError: If there is none, or it cannot take these images.
    """
    if is_path(network):
        from pellucid.estimators import load_estimator

        return load_estimator(network).model_.network
    graph = get_architecture(network)(classes).graph(input_shape)
    return Network(graph, initial_weights(graph, seed=0))
