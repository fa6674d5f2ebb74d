"""Going on from a model: its layers and weights are where a training starts, and all of it learns.

The network is the model's own. Pictures may be of another size or have other channels, and classes
may be others; what then does not fit starts from scratch. A layer does so
whole: its kernel and bias belong together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, FileFormatError, PellucidError
from pellucid.graph import (
    Graph,
    Network,
    check_weights,
    classifier_weights,
    graph_from_dict,
    output_layers,
)
from pellucid.ops import Normalise
from pellucid.ops.operation import describe
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from pellucid.text import array_shape, counted, listed, printable, truncated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.training.saved_run import SavedRun


class StartsFromScratchWarning(UserWarning):
    """A classifier that has learned already is fitted from scratch; its weights are not used."""


@dataclass(frozen=True, eq=False)
class Start:
    """Where a training starts that does not start from scratch.

    Attributes:
        network: The network for the data at hand, with its first weights.
        architecture: What it is called.
        record: For the provenance: ``name`` of the model, ``weights`` (SHA-256 of those it had),
            ``from_scratch`` (layers that start so).
        line: The same in words, for the user.
        reading: How pictures are read, where the model decides it.
    """

    network: Network
    architecture: str
    record: dict[str, Any]
    line: str
    reading: Preprocessing | None = None


def architecture_of(model: Model) -> str:
    """What a model's architecture is called; ``custom`` where nobody named it."""
    name = model.provenance.get("architecture")
    return name if isinstance(name, str) and name else "custom"


def check_architecture(given: str, model: Model, name: str) -> None:
    """Check that the architecture that is asked for is the model's own.

    Raises:
        ArgumentError: If it is another.
    """
    own = architecture_of(model)
    if given != own:
        raise ArgumentError(
            f"{printable(name)}: is of the architecture {printable(own)}, but {printable(given)} "
            "is asked for; leave the architecture out, or train from scratch"
        )


def check_startable(model: Model, name: str) -> None:
    """Check that a model answers whole pictures, so that its last layer can be exchanged.

    Args:
        model: The model.
        name: What it is called in messages.

    Raises:
        ArgumentError: If it is for boxes, texts, captions or pictures.
    """
    if not isinstance(model.task, SingleLabel | MultiLabel | Regression):
        raise ArgumentError(
            f"{printable(name)}: a model for {model.task.title}, whose network has no last layer "
            "that could be exchanged for these data; give one for classes, labels or numbers, or "
            "train from scratch"
        )


def start_from(
    model: Model,
    name: str,
    data: Dataset,
    mean: Sequence[float],
    deviation: Sequence[float],
    seed: int,
) -> Start:
    """A network for some data that starts from a model.

    Args:
        model: The model.
        name: What it is called in messages.
        data: The pictures to learn from.
        mean: Of each channel of these pictures, for a network that takes other channels.
        deviation: Standard deviation of each of those channels.
        seed: Of the weights of layers that start from scratch.

    Raises:
        ArgumentError: If no layer with weights fits, or the network has no last layer that could
            answer with these classes.
        ShapeError: If a layer cannot take pictures of this size.
    """
    check_startable(model, name)
    old = model.network.graph
    heads = output_layers(old)
    nodes = []
    for node in old.nodes:
        operation = node.operation
        if isinstance(operation, Normalise) and len(operation.mean) != data.image_shape[2]:
            operation = Normalise(tuple(mean), tuple(deviation))
        if node.name in heads and old.shapes[node.name][-1] == len(model.classes):
            operation = operation.with_outputs(len(data.classes))
        nodes.append(replace(node, operation=operation))
    graph = Graph(data.image_shape, tuple(nodes))
    if graph.output_shape != (len(data.classes),):
        raise ArgumentError(
            f"{printable(name)}: its network answers with {describe(graph.output_shape)}, expected "
            f"one logit for each of {counted(len(data.classes), 'class')}; train without a model "
            "to start from"
        )
    fresh = _fresh(model, graph, heads, data.classes)
    weights = classifier_weights(graph, seed)
    learned = dict.fromkeys(each.node for each in graph.parameters if each.node not in fresh)
    if not learned:
        raise ArgumentError(
            f"{printable(name)}: no layer of it fits pictures {array_shape(data.image_shape)} of "
            f"{counted(len(data.classes), 'class')} (it takes {describe(old.input_shape)}); give "
            "its image size, or train without a model to start from"
        )
    for each in graph.parameters:
        if each.node in learned:
            weights[str(each)] = model.network.weights[str(each)].copy()
    record = start_record(name, model.network, list(fresh))
    described = "; ".join(f"{printable(layer)} ({why})" for layer, why in list(fresh.items())[:3])
    more = f" and {len(fresh) - 3} more" if len(fresh) > 3 else ""
    line = (
        f"starts from {printable(name)} ({printable(architecture_of(model))}): "
        f"{len(learned)} of {counted(len(learned) + len(fresh), 'layer')} with weights as they "
        "were learned"
    ) + (f"; from scratch: {described}{more}" if fresh else "")
    return Start(Network(graph, weights), architecture_of(model), record, line)


def with_fitting_weights(
    origin: Model, name: str, network: Network, *, fresh: Collection[str] = ()
) -> Start:
    """A network whose layers have a model's weights where all of theirs fit.

    Args:
        origin: The model.
        name: What it is called in messages.
        network: With first weights.
        fresh: Layers that start from scratch, whatever fits.

    Raises:
        ArgumentError: If no layer fits.
    """
    own, weights = origin.network.weights, dict(network.weights)
    layers = {each.node for each in network.graph.parameters}
    new = set(fresh) & layers
    for each in network.graph.parameters:
        known = own.get(str(each))
        if known is None or known.shape != weights[str(each)].shape:
            new.add(each.node)
    if new == layers:
        raise ArgumentError(
            f"{printable(name)}: no layer of it fits the network that is to learn; train without a "
            "model to start from"
        )
    for each in network.graph.parameters:
        if each.node not in new:
            weights[str(each)] = own[str(each)].copy()
    line = (
        f"starts from {printable(name)} ({printable(architecture_of(origin))}): "
        f"{len(layers - new)} of {counted(len(layers), 'layer')} with weights as they were learned"
    )
    record = start_record(name, origin.network, sorted(new))
    return Start(Network(network.graph, weights), architecture_of(origin), record, line)


def resumed(kept: SavedRun) -> Start | None:
    """Where a run that is taken up again had started; none if it had started from scratch.

    Raises:
        FileFormatError: If the state does not hold the network.
    """
    record = kept.provenance.get("start_from")
    if record is None:
        return None
    try:
        graph = graph_from_dict(kept.graph)
        # before as large ones are made
        check_weights(graph, kept.checkpoint.now.weights)
        architecture = kept.provenance["architecture"]
        network = Network(graph, classifier_weights(graph, 0))  # the state brings its own
        name, fresh = record["name"], record["from_scratch"]
        record = _record(name, record["weights"], fresh)
        line = f"began from {printable(name)}; from scratch: {listed(fresh) or 'nothing'}"
        transfer = kept.provenance.get("transfer")
        read = kept.provenance["start_from"].get("reading") or (
            transfer and transfer["preprocessing"]
        )
        reading = read and Preprocessing.from_dict(read)
    except (PellucidError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise FileFormatError(
            "the run's state does not hold the network that it started from "
            f"({truncated(str(error))}); train from scratch"
        ) from error
    return Start(network, architecture, record, line, reading)


def start_record(name: str, network: Network, fresh: list[str]) -> dict[str, Any]:
    """What the provenance says of a start: the model's name, its weights' SHA-256, new layers."""
    return _record(printable(name), _digest(network), fresh)


def _record(name: str, weights: str, fresh: list[str]) -> dict[str, Any]:
    """A provenance's entry; always in one order, so that a resumed run writes the same bytes."""
    return {"name": name, "weights": weights, "from_scratch": fresh}


def _fresh(
    model: Model, graph: Graph, heads: frozenset[str], classes: tuple[str, ...]
) -> dict[str, str]:
    """The layers that cannot start from the model's weights, and why."""
    found: dict[str, str] = {}
    for name, parameter in graph.parameters.items():
        weight = model.network.weights[str(name)]
        if name.node in heads and model.classes != classes:
            found[name.node] = "the classes are others"
        elif weight.shape != parameter.shape:
            found[name.node] = "what it takes is of another shape"
    return found


def _digest(network: Network) -> str:
    digest = hashlib.sha256()
    for name in sorted(network.weights):
        weight = network.weights[name]
        digest.update(f"{name} {weight.shape} ".encode())
        digest.update(np.ascontiguousarray(weight, "<f4").tobytes())
    return digest.hexdigest()
