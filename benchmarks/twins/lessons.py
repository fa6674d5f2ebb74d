"""What each task learns, in the package's own layers: networks, steps and made-up batches.

Pictures are random and boxes, classes and numbers beside them too: speeds and gradients do not
depend on whether there is anything to learn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.contenders import MEAN, STD
from benchmarks.networks import residual
from benchmarks.twins import Lesson
from pellucid.architectures import faster_rcnn, get_architecture, region_head
from pellucid.architectures.captioner import (
    FEATURES,
    LOGITS,
    WORDS,
    CaptionerSize,
    captioner,
)
from pellucid.architectures.detector import detector, first_weights
from pellucid.architectures.generator import NOISE, REAL, adversaries
from pellucid.architectures.speech import speech
from pellucid.engines import Step
from pellucid.engines.step import TARGETS, with_loss
from pellucid.experiments.spatial_networks import TRANSFORMER, experiment_on
from pellucid.graph import TRAINING, Graph, Network, initial_weights
from pellucid.layers import Conv2D, Normalise, Sequential
from pellucid.ops import (
    CentreLoss,
    CrossEntropy,
    CTCLoss,
    Dropout,
    Huber,
    Propose,
    RegionLoss,
    SampleRegions,
    SequenceCrossEntropy,
)
from pellucid.tasks import Generation
from pellucid.training.adversarial import (
    WANTED_GENERATED,
    WANTED_REAL,
    adversarial_steps,
)
from pellucid.training.objective import training_step
from pellucid.training.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.twins import Array
    from pellucid.layers import Block
    from pellucid.ops.loss import Loss
    from pellucid.optimizers import Optimizer

MOST_BOXES = 40
"""Of a picture."""

Size = tuple[int, int]


def detection(
    optimizer: Optimizer, batch: int, random: np.random.Generator,
    *, size: Size, classes: int, depth: int,
) -> Lesson:  # fmt: skip
    """A one-stage detector, from 5 to 40 boxes a picture, few of them to be ignored."""
    shape = (*size, 3)
    graph = detector(_normalised(residual(depth, classes), shape), classes)
    boxes = np.stack([_boxes(size, classes, random) for _ in range(batch)])
    return _plain(
        Network(graph, first_weights(graph, 0)), CentreLoss(boxes=MOST_BOXES), optimizer,
        _pictures(shape, batch, random), boxes,
    )  # fmt: skip


def two_stages(
    optimizer: Optimizer, batch: int, random: np.random.Generator,
    *, size: Size, classes: int, depth: int, scales: tuple[float, ...],
    proposals: int, candidates: int, sample: int,
) -> Lesson:  # fmt: skip
    """Faster R-CNN on the same body, with boxes as of one stage."""
    shape = (*size, 3)
    graph = faster_rcnn.faster_rcnn(_normalised(residual(depth, classes), shape), classes, scales)
    network = Network(graph, region_head.first_weights(graph, 0))
    network = faster_rcnn.for_training(network, MOST_BOXES)
    nodes = []
    for node in network.training_graph.nodes:
        operation = node.operation
        if isinstance(operation, Propose):
            operation = replace(operation, most=proposals, candidates=candidates)
        elif isinstance(operation, SampleRegions):
            operation = replace(operation, rows=sample)
        nodes.append(replace(node, operation=operation))
    learns = Graph(network.training_graph.inputs, nodes, network.training_graph.outputs)
    network = Network(graph, network.weights, {TRAINING: learns}, network.sides, network.losses)
    recipe = Recipe(loss=RegionLoss(MOST_BOXES), optimizer=optimizer, learning_rate=0.01)
    boxes = np.stack([_boxes(size, classes, random) for _ in range(batch)])
    feeds: dict[str, Array] = {graph.input: _pictures(shape, batch, random), TARGETS: boxes}
    return Lesson(network, {"train": training_step(network, recipe)}, {"train": feeds})


def sound(
    optimizer: Optimizer, batch: int, random: np.random.Generator, *, size: Size, classes: int
) -> Lesson:
    """The lecture's network on log-mel spectrograms."""
    shape = (*size, 1)
    network = _network(_normalised(get_architecture("lecture")(classes), shape))
    pictures, labels = _pictures(shape, batch, random), random.integers(0, classes, batch)
    return _plain(network, CrossEntropy(), optimizer, pictures, labels)


def transcripts(
    optimizer: Optimizer, batch: int, random: np.random.Generator,
    *, size: Size, classes: int, labels: int,
) -> Lesson:  # fmt: skip
    """The speech network on log-mel spectrograms, for one to some words; without dropout.

    What dropout leaves out differs from program to program.
    """
    layers = speech(size[0], classes, 4).layers
    kept = [each for each in layers if not isinstance(getattr(each, "operation", None), Dropout)]
    graph = _normalised(Sequential(kept), (*size, 1))
    wanted = np.full((batch, labels), -1)
    for row in wanted:
        count = int(random.integers(1, labels + 1))
        row[:count] = random.integers(1, classes, count)
    pictures = _pictures((*size, 1), batch, random)
    return _plain(_network(graph), CTCLoss(labels), optimizer, pictures, wanted)


def captions(
    optimizer: Optimizer, batch: int, random: np.random.Generator,
    *, shape: tuple[int, int, int], vocabulary: int, length: int, units: int,
) -> Lesson:  # fmt: skip
    """The part of a captioner that learns, behind a body's map; without dropout."""
    body = _network(Sequential([Conv2D(shape[2], 1)]).graph((*shape[:2], 1)))
    size = CaptionerSize(units // 2, units, units, dropout=0.0)
    made = captioner(body, vocabulary, length, size)
    graph = with_loss(made.learns, SequenceCrossEntropy(), of=LOGITS)
    weights = initial_weights(made.learns, 0)
    last = weights["caption-logits.kernel"]  # zeros at first, before which nothing has a gradient
    weights["caption-logits.kernel"] = random.normal(0, 0.1, last.shape).astype(np.float32)
    words = random.integers(0, vocabulary, (batch, length + 1)).astype(np.int32)
    wanted = np.where(
        np.arange(length) < random.integers(2, length + 1, (batch, 1)), words[:, 1:], -1
    )
    feeds = {
        FEATURES: random.normal(0, 1, (batch, *shape)).astype(np.float32),
        WORDS: words[:, :-1],
        TARGETS: wanted,
    }
    step = Step(graph, optimizer, running_statistics=("*",))
    return Lesson(Network(made.learns, weights), {"train": step}, {"train": feeds})


def driving(optimizer: Optimizer, batch: int, random: np.random.Generator, *, size: Size) -> Lesson:
    """PilotNet on a camera's pictures; angles are standardised."""
    shape = (*size, 3)
    network = _network(_normalised(get_architecture("pilotnet")(1), shape))
    angles = random.normal(0, 1, (batch, 1)).astype(np.float32)
    return _plain(network, Huber(), optimizer, _pictures(shape, batch, random), angles)


def generator(
    optimizer: Optimizer, batch: int, random: np.random.Generator,
    *, size: Size, channels: int, latent: int, width: int,
) -> Lesson:  # fmt: skip
    """A DCGAN: a step of the discriminator, and one of the generator."""
    both = adversaries((*size, channels), latent=latent, width=width)
    recipe = Recipe(loss=Generation(latent).loss(), optimizer=optimizer, learning_rate=0.01)
    ones = np.ones((batch, 1), np.float32)
    noises = [random.normal(0, 1, (batch, 1, 1, latent)).astype(np.float32) for _ in range(2)]
    feeds = {
        "discriminator": {
            REAL: _pictures((*size, channels), batch, random).astype(np.float32),
            NOISE: noises[0],
            WANTED_REAL: np.float32(0.9) * ones,
            WANTED_GENERATED: 0.0 * ones,
        },
        "generator": {NOISE: noises[1], WANTED_GENERATED: ones},
    }
    network = Network(both.whole, both.network.weights)
    return Lesson(network, adversarial_steps(both, recipe), feeds)


def spatial_transformer(
    optimizer: Optimizer, batch: int, random: np.random.Generator, *, size: Size, classes: int
) -> Lesson:
    """A spatial transformer that has begun to turn pictures, before a small network."""
    shape = (*size, 1)
    layers = experiment_on("rotation", shape, size, classes).variants[TRANSFORMER](classes)
    network = _network(_normalised(layers, shape))
    weights = dict(network.weights)
    places = weights["dense2.kernel"]  # zeros at first, so that nothing before it has a gradient
    weights["dense2.kernel"] = random.normal(0, 0.02, places.shape).astype(np.float32)
    labels = random.integers(0, classes, batch)
    return _plain(
        Network(network.graph, weights), CrossEntropy(), optimizer,
        _pictures(shape, batch, random), labels,
    )  # fmt: skip


# --------------------------------------------------------------------------------------- parts


def _normalised(layers: Sequential, shape: tuple[int, int, int]) -> Graph:
    normalise = Normalise([MEAN] * shape[2], [STD] * shape[2], name="normalise")
    first: list[Block] = [normalise]
    return Sequential([*first, *layers.layers]).graph(shape)


def _network(graph: Graph) -> Network:
    return Network(graph, initial_weights(graph, 0))


def _plain(
    network: Network, loss: Loss, optimizer: Optimizer, pictures: Array, wanted: Array
) -> Lesson:
    """A network with one picture, one answer and one loss."""
    step = Step.of(network.graph, loss, optimizer)
    (targets,) = step.graph.inputs.keys() - network.graph.inputs.keys()
    return Lesson(
        network, {"train": step}, {"train": {network.graph.input: pictures, targets: wanted}}
    )


def _pictures(
    shape: tuple[int, int, int], batch: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    return random.integers(0, 256, (batch, *shape), dtype=np.uint8)


def _boxes(size: Size, classes: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Boxes of one picture, (M, 6), as :class:`pellucid.ops.CentreLoss` takes them."""
    height, width = size
    found = np.full((MOST_BOXES, 6), -1, np.float32)
    count = int(random.integers(5, MOST_BOXES + 1))
    centres = random.uniform(0, (width, height), (count, 2))
    sides = random.uniform(8, min(size) / 2, (count, 2))
    corners = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
    found[:count, :4] = np.clip(corners, 0, (width, height, width, height))
    found[:count, 4] = random.integers(0, classes, count)
    found[:count, 5] = random.uniform(size=count) < 0.05
    return found
