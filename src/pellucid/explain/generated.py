"""A generator opened up: a picture that it makes, its score, and one of its pixels.

Each is a network that takes noise and has an answer of its own kind, as a model, so that all that
opens a model opens a generator: the picture alone; the discriminator behind it, whose answer is the
label ``real``; and one channel of one pixel, a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.generator import JUDGED, OF_GENERATED
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.explain.activations import Activations, check_position
from pellucid.explain.update_rule import UpdateRule
from pellucid.files import Model
from pellucid.graph import INPUT, Graph, Node
from pellucid.ops import ChannelSlice, Crop, Flatten
from pellucid.tasks.of_noise import GreyLevel, Realness
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.graph import Network
    from pellucid.ops.operation import Array

PIXEL = "pixel"
"""What the layer is called that hands on one channel of one pixel."""


def picture_model(model: Model) -> Model:
    """The generator alone: from noise, the input, to a picture."""
    graph = _from_input(model.network.graph)
    return Model(model.network.part(graph), model.task, model.preprocessing, model.provenance)


def score_model(model: Model) -> Model:
    """The generator and its discriminator: from noise to the logit that the picture is real.

    Raises:
        ArgumentError: If the model's file has no discriminator.
    """
    graph = _from_input(_judged(model.network)).select(OF_GENERATED)
    task = Realness(pictures=model.preprocessing.shape)
    return Model(model.network.part(graph), task, model.preprocessing, model.provenance)


def has_discriminator(model: Model) -> bool:
    """Whether a generator's file has the discriminator that it learned against."""
    return JUDGED in model.network.graphs


def pixel_model(model: Model, at: Sequence[int]) -> Model:
    """From noise to one channel of one pixel, a number 0..255.

    Args:
        model: A generator's.
        at: (row, column, channel), from 0; of grey pictures (row, column) is enough.

    Raises:
        ArgumentError: If it lies outside the picture.
    """
    graph = _from_input(model.network.graph)
    height, width, channels = graph.output_shape
    place = (*at, 0) if channels == 1 and len(at) == 2 else at
    row, column, channel = check_position("the picture", graph.output_shape, place)
    names = [f"{PIXEL}-place", f"{PIXEL}-channel", PIXEL]
    steps = [
        Crop(((row, height - 1 - row), (column, width - 1 - column))),
        ChannelSlice(channel, channel + 1),
        Flatten(),
    ]
    inputs = [graph.output, *names[:-1]]
    nodes = [Node(n, s, (i,)) for n, s, i in zip(names, steps, inputs, strict=True)]
    graph = graph.extend(nodes, {PIXEL: PIXEL})
    task = GreyLevel((f"pixel {row},{column},{channel}",), pictures=model.preprocessing.shape)
    return Model(model.network.part(graph), task, model.preprocessing, model.provenance)


def pixel_learner(model: Model) -> UpdateRule:
    """Squared error of one pixel, and the optimizer that the generator was trained with."""
    made = UpdateRule.of(model)
    loss = GreyLevel((PIXEL,)).loss()
    origin = f"{made.origin}, but for the loss"
    return UpdateRule(loss, made.optimizer, made.learning_rate, origin)


def of_noise(
    model: Model, noise: Array, engine: str, *, name: str = "", whole: bool = False
) -> Activations:
    """What some noise gives rise to in one of these models.

    Args:
        model: The model.
        noise: Z numbers, of any shape.
        engine: Who computes.
        name: What the picture is called.
        whole: Whether all values are looked at.

    Raises:
        ShapeError: If there are not Z numbers.
        ArgumentError: If one is no finite number.
    """
    shape = model.network.graph.input_shape
    given: Any = np.asarray(noise)
    if given.dtype.kind not in "iuf" or given.size != shape[-1]:
        raise ShapeError(
            f"a picture is made of {counted(shape[-1], 'number')}, got {given.dtype} {given.shape}"
        )
    taken = given.reshape(shape).astype(np.float32)
    if not np.isfinite(taken).all():
        raise ArgumentError("a picture is made of finite numbers, got NaN or infinity")
    program = get_engine(engine).load(model.network)
    return Activations(model, program, taken, name, whole)


def _judged(network: Network) -> Graph:
    found = network.graphs.get(JUDGED)
    if found is None:
        raise ArgumentError(
            "the generator's file has no discriminator, so that nothing scores its pictures; train "
            "again, --start-from the run: newer files keep it"
        )
    return found


def _from_input(graph: Graph) -> Graph:
    """The graph with its noise under the name that explanations know: ``input``."""
    return graph.rename("", values={graph.input: INPUT})
