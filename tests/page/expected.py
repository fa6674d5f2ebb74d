"""What opened values and gradients must be made of: ``python -m tests.page.expected FOLDER``.

Of networks that have every operation it writes the page, and beside it what Python's own records
say of values, gradients and weights that are drawn at random, with the arrays that they are of.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.explain.activations import Activations
from pellucid.explain.backward import Backward, backward
from pellucid.explain.value_terms import ValueTerms
from pellucid.files import Model
from pellucid.graph import INPUT, Network
from pellucid.ops import CrossEntropy, Huber, MeanSquaredError, SigmoidCrossEntropy, SquaredError
from pellucid.page import make_page
from pellucid.page.blobs import little_endian
from pellucid.page.samples import Samples
from pellucid.settings import to_dict
from tests.engines.networks import GRAPHS, network, sequence_operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.operation import Array

NETWORKS = (
    "every operation",
    "further operations",
    "resampling operations",
    "sequence operations",
    "lecture",
    "resnet20",
)

VALUES, GRADIENTS, WEIGHTS = 250, 100, 100
"""How many are opened of each network."""


def model(name: str) -> Model:
    """A network with weights as a page holds them."""
    graph = sequence_operations() if name == "sequence operations" else GRAPHS[name]
    (classes,) = graph.output_shape
    single = {key: array.astype(np.float32) for key, array in network(graph).weights.items()}
    names = tuple(f"class {k}" for k in range(classes))
    height, width, channels = graph.input_shape
    return Model(Network(graph, single), names, Preprocessing(height, width, channels))


def picture(own: Model, seed: int = 7) -> Array:
    """Pixels, half of them black as in a drawing."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, own.network.graph.input_shape, np.uint8)
    return np.where(random.random(pixels.shape) < 0.5, pixels, np.uint8(0))


def expected(own: Model, pixels: Array) -> dict[str, Any]:
    """What the records say, as JSON values."""
    random = np.random.default_rng(11)
    passed = backward(own, pixels, 1)
    activations = Activations.of(own, pixels, whole=True)
    learned = passed.gradients
    return {
        "loss": passed.loss,
        "at_logits": passed.at_logits.tolist(),
        "arrays": _packed(activations.values),
        "deltas": _packed({name: array[0] for name, array in learned.values.items()}),
        "weights": _packed(learned.weights),
        "opened": _values(activations, random),
        "gradients": [_gradient(passed, random) for _ in range(GRADIENTS)],
        "weight_gradients": [_weight(passed, random) for _ in range(WEIGHTS)],
    }


def _values(activations: Activations, random: np.random.Generator) -> list[Any]:
    folded = activations.program.unpredicted
    layers = [node.name for node in activations.graph.nodes if node.name not in folded]
    opened = []
    for k in range(VALUES):
        layer = layers[k % len(layers)]
        record = ValueTerms.of(activations, layer, _drawn(random, activations.graph.shapes[layer]))
        opened.append(record.to_dict())
    return opened


def _gradient(passed: Backward, random: np.random.Generator) -> dict[str, Any]:
    shapes = passed.activations.model.network.graph.shapes
    layers = [INPUT, *(name for name in shapes if name != passed.activations.logits)]
    layer = layers[random.integers(len(layers))]
    shape = passed.activations.shape(layer)
    return passed.value(layer, _drawn(random, shape)).to_dict()


def _weight(passed: Backward, random: np.random.Generator) -> dict[str, Any]:
    names = list(passed.gradients.weights)
    name = names[random.integers(len(names))]
    shape = passed.activations.model.network.weights[name].shape
    return passed.weight(name, _drawn(random, shape), check=False).to_dict()


def _drawn(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(random.integers(length)) for length in shape)


def losses() -> list[dict[str, Any]]:
    """Every loss of random outputs, some of them sure of themselves: its value and gradient."""
    random = np.random.default_rng(4)
    found = []
    every = (
        CrossEntropy(),
        CrossEntropy(label_smoothing=0.1, class_weights=(1.0, 0.5, 2.0, 3.0, 1.0)),
        MeanSquaredError(),
        SigmoidCrossEntropy(),
        SquaredError(),
        Huber(0.7),
    )
    for loss in every:
        for size in (1.0, 40.0):
            outputs = random.normal(0.0, size, (1, 5)).astype(np.float32)
            targets = np.eye(5)[[2]] if loss.kind != "huber" else random.normal(0.0, 1.0, (1, 5))
            value, gradient = loss.value_and_gradient(outputs.astype(np.float64), targets)
            found.append(
                {
                    "about": to_dict(loss),
                    "outputs": outputs[0].tolist(),
                    "targets": targets[0].tolist(),
                    "loss": value,
                    "gradient": gradient[0].tolist(),
                }
            )
    return found


def _packed(arrays: Mapping[str, Array]) -> dict[str, str]:
    return {
        name: base64.b64encode(little_endian(np.asarray(array, np.float32))).decode("ascii")
        for name, array in arrays.items()
    }


def write(folder: Path) -> None:
    """Write NAME.html and NAME.json of every network, and ``losses.json``."""
    (folder / "losses.json").write_text(json.dumps(losses()), "utf-8")
    for name in NETWORKS:
        own = model(name)
        pixels = picture(own)
        with patch(
            "pellucid.page.variants.MOST_LAYERS", 0
        ):  # which would compile each of them again
            page = make_page(own, Samples(pixels[None], ("drawn",), (1,)), title=name)
        page.save(folder / f"{name}.html")
        (folder / f"{name}.json").write_text(json.dumps(expected(own, pixels)), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
