"""An experiment with 30 layers: how first weights are drawn decides whether it learns at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines import get_engine
from pellucid.engines.batches import images_at_once, parts
from pellucid.experiments.experiment import Experiment
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, Normalise, ReLU, Sequential
from pellucid.ops import CrossEntropy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.experiments.experiment import Spreads
    from pellucid.layers import Block

CONVOLUTIONS, MAPS, UNITS = 27, 16, 64

_LOOKED_AT = 64
"""Pictures from which the spreads are taken."""


def _network(initializer: str) -> Callable[[int], Sequential]:
    """27 convolutions 3×3 and 3 dense layers, without batch norms; two have stride 2."""

    def layers(classes: int) -> Sequential:
        every: list[Block] = []
        for i in range(CONVOLUTIONS):
            stride = 2 if i in (0, CONVOLUTIONS // 3) else 1
            every.append(Conv2D(MAPS, 3, stride=stride, padding="same", initializer=initializer))
            every.append(ReLU())
        every.append(Flatten())
        for _ in range(2):
            every += [Dense(UNITS, initializer=initializer), ReLU()]
        # no ReLU follows the last layer: neither answer to the question is meant for it
        return Sequential([*every, Dense(classes, initializer="lecun")])

    return layers


def spreads(experiment: Experiment, data: Dataset) -> Spreads:
    """How widely values and gradients spread in every layer with weights, before any training.

    Args:
        experiment: Whose variants to look at, all with seed 0.
        data: Pictures; 64 of them are used.

    Returns:
        By variant, ``forward`` and ``backward``: the standard deviation of each layer's output for
        these pictures, and that of the loss' gradient by the layer's kernel, first layer first.
    """
    images, labels = data.images[:_LOOKED_AT], data.places[:_LOOKED_AT]
    level, deviation = float(data.images.mean()), max(1.0, float(data.images.std()))
    channels = data.image_shape[2]
    found = {}
    for name, layers in experiment.variants.items():
        normalise = Normalise([level] * channels, [deviation] * channels)
        blocks = [normalise, *layers(len(data.classes)).layers]
        graph = Sequential(blocks).graph(data.image_shape)
        program = get_engine("reference").load(Network(graph, initial_weights(graph, 0)))
        weighted = [n.name for n in graph.nodes if n.operation.family in ("convolution", "dense")]
        found[name] = _spreads_of(program, images, labels, weighted)
    return found


def _spreads_of(
    program: Program, images: NDArray[np.uint8], labels: NDArray[np.int64], layers: list[str]
) -> dict[str, list[float]]:
    """The spreads of one network, from batches that bound the memory."""
    # Twice: forward and backward each keep the values of all layers.
    size = images_at_once(2 * program.values_bytes, _LOOKED_AT)
    sums, squares = dict.fromkeys(layers, 0.0), dict.fromkeys(layers, 0.0)
    numbers = dict.fromkeys(layers, 0)
    kernels: dict[str, NDArray[np.float64]] = {}
    for part in parts(len(images), size):
        values = program.values(images[part])
        for layer in layers:
            value = values[layer].astype(np.float64)
            sums[layer] += float(value.sum())
            squares[layer] += float((value**2).sum())
            numbers[layer] += value.size
        del values
        share = len(images[part]) / len(images)
        gradients = program.gradients(images[part], labels[part], CrossEntropy()).weights
        for layer in layers:
            own = share * gradients[f"{layer}.kernel"].astype(np.float64)
            kernels[layer] = kernels[layer] + own if layer in kernels else own
    means = {layer: sums[layer] / numbers[layer] for layer in layers}
    spread = {layer: squares[layer] / numbers[layer] - means[layer] ** 2 for layer in layers}
    return {
        "forward": [max(0.0, spread[layer]) ** 0.5 for layer in layers],
        "backward": [float(kernels[layer].std()) for layer in layers],
    }


INITIALISATION = Experiment(
    "initialisation",
    "How large should first weights be in a network of 30 layers with ReLUs?",
    "He et al. 2015, Delving deep into rectifiers, section 2.2 and figure 3; Glorot and Bengio "
    "2010, Understanding the difficulty of training deep feedforward neural networks",
    {"He": _network("he"), "Glorot": _network("glorot")},
    epochs=4,
    settings={"schedule": "constant", "batch_size": 64, "learning_rate": 0.005},
    caution="It holds for plain stacks with ReLUs; batch norms and shortcuts make deep networks "
    "learn with either. At a rate of 0.02, He's stalls as well.",
    spreads=spreads,
)
