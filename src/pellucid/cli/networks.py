"""Which network a command's argument means: an architecture's name, or a model on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.cli import option_values
from pellucid.graph import Network, initial_weights
from pellucid.known_names import find_name

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.tasks import Task

DEFAULT_SHAPE, DEFAULT_CLASSES = (28, 28, 1), 10
"""Of architectures that no paper gives pictures and classes."""


def is_path(network: str) -> bool:
    """Whether a model is meant; what bears an architecture's name is written ./lecture."""
    path = Path(network)
    looks_so = len(path.parts) > 1 or path.suffix == ".safetensors"
    return network not in ARCHITECTURES and (looks_so or path.exists())


def named_graph(network: str, input_shape: str | None, classes: int | None) -> Graph:
    """The graph of a named architecture.

    Args:
        network: Its name.
        input_shape: HEIGHTxWIDTHxCHANNELS; none: as it was published, or else 28×28×1.
        classes: How many; none: as it was published, or else 10.

    Raises:
        PellucidError: If there is none, or it cannot take these images.
    """
    name = find_name("architecture", network, ARCHITECTURES)
    published = PUBLISHED.get(name)
    shape = DEFAULT_SHAPE if published is None else published.input_shape
    if input_shape is not None:
        shape = option_values.input_shape(input_shape)
    if classes is None:
        classes = DEFAULT_CLASSES if published is None else published.classes
    return ARCHITECTURES[name](classes).graph(shape)


def find_graph(network: str, input_shape: str | None, classes: int | None) -> Graph:
    """A model's graph; or an architecture's, see :func:`named_graph`."""
    if is_path(network):
        from pellucid.estimators import load_estimator

        return load_estimator(network).model_.network.graph
    return named_graph(network, input_shape, classes)


def find_task(network: str) -> Task | None:
    """What a model was trained for; None of an architecture's name."""
    if not is_path(network):
        return None
    from pellucid.estimators import load_estimator

    return load_estimator(network).model_.task


def find_network(network: str, input_shape: str | None, classes: int | None) -> Network:
    """A model's network; or an architecture's, yet untrained, see :func:`named_graph`."""
    if is_path(network):
        from pellucid.estimators import load_estimator

        return load_estimator(network).model_.network
    graph = named_graph(network, input_shape, classes)
    return Network(graph, initial_weights(graph, seed=0))
