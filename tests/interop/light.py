"""The classic networks that the onnx package brings: their graphs, with weights of our own.

Their files are "light": every weight is a ``ConstantOfShape``, so that the answers stored beside
them are constant and prove nothing. Here each weight is drawn at random (kernels at He's scale,
variances positive), and ONNX Runtime is asked for the answer. ``python -m tests.interop.light``
compares all nine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import ModelProto, numpy_helper

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.engines import get_engine
from pellucid.interop.onnx.export import onnx_model
from pellucid.interop.onnx.importing import import_proto
from pellucid.layers import Normalise, Sequential
from tests.interop.onnx_files import apart, pixels, run
from tests.interop.onnx_files import model as made_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.layers import Block

FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
NAMES = sorted(path.stem for path in FOLDER.glob("*.onnx"))
EXPORTED = 1e-5
"""Largest difference of an exported network's logits, as a share of the largest logit."""
TOLERANCE = 1e-4
"""Largest difference of logits, as a share of the largest logit."""


def with_weights(name: str, seed: int = 0) -> ModelProto:
    """One of the networks with weights drawn at random."""
    random = np.random.default_rng([seed, NAMES.index(name)])
    model = onnx.load(FOLDER / f"{name}.onnx")
    shapes = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    readers: dict[str, tuple[str, int]] = {}
    for node in model.graph.node:
        for place, tensor in enumerate(node.input):
            readers.setdefault(tensor, (node.op_type, place))
    unsqueezed = {n.input[0]: n.output[0] for n in model.graph.node if n.op_type == "Unsqueeze"}
    kept = []
    for node in model.graph.node:
        (output, *_) = node.output
        reader = readers.get(unsqueezed.get(output, output), ("", 0))
        if node.op_type != "ConstantOfShape" or reader[0] in ("Reshape", ""):
            kept.append(node)
            continue
        shape = tuple(int(each) for each in shapes[node.input[0]])
        weight = _drawn(random, reader, shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weight, output))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    read = {tensor for node in kept for tensor in node.input}
    for listed in (model.graph.initializer, model.graph.input):
        wanted = [each for each in listed if each.name in read]
        del listed[:]
        listed.extend(wanted)
    return model


def _drawn(
    random: np.random.Generator, reader: tuple[str, int], shape: tuple[int, ...]
) -> NDArray[Any]:
    """A weight by what reads it, and at which place."""
    kind, place = reader
    if kind in ("Conv", "Gemm") and place == 1:
        fan_in = int(np.prod(shape[1:]))
        return np.asarray(random.normal(size=shape) * np.sqrt(2.0 / fan_in))
    if kind == "BatchNormalization" and place in (1, 4):
        return random.uniform(0.5, 1.5, shape)  # scale and variance
    if kind == "Mul":
        return np.asarray(random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape))
    return random.uniform(-0.2, 0.2, shape)


def before_softmax(model: ModelProto) -> ModelProto:
    """The same file, whose output are the logits."""
    for node in model.graph.node:
        if node.op_type == "Softmax":
            assert [each.name for each in model.graph.output] == list(node.output)
            del model.graph.output[:]
            model.graph.output.add(name=node.input[0])
    return model


def input_shape(model: ModelProto) -> tuple[int, ...]:
    """(C, H, W) of the file's only input that is no weight."""
    constants = {each.name for each in model.graph.initializer}
    (given,) = (each for each in model.graph.input if each.name not in constants)
    return tuple(each.dim_value for each in given.type.tensor_type.shape.dim[1:])


def difference(name: str, engine: str = "native") -> float:
    """How far a network's logits are from ONNX Runtime's, as a share of the largest."""
    model = with_weights(name)
    network = import_proto(model).model.network
    shape = input_shape(model)
    images = np.random.default_rng(1).integers(0, 256, (1, *shape), dtype=np.uint8)
    found = get_engine(engine).load(network).forward(images.transpose(0, 2, 3, 1))
    feeds = images.astype(np.float32)
    (expected,) = run(before_softmax(model), feeds).values()
    return apart(found, expected.reshape(found.shape))


def exported(name: str, engine: str) -> tuple[float, float, float]:
    """How far an exported architecture's logits are apart, as shares of the largest.

    ONNX Runtime's from the definition in double precision, an engine's from it, and both.

    Its pictures are half as large as published, so that double precision is affordable.
    """
    published = PUBLISHED.get(name)
    height, width, channels = (28, 28, 1) if published is None else published.input_shape
    if height > 100 and name not in ("alexnet", "zfnet"):
        height, width = height // 2, width // 2
    layers: list[Block] = [
        Normalise([100.0] * channels, [60.0] * channels),
        ARCHITECTURES[name](10),
    ]
    made = made_model(Sequential(layers).graph((height, width, channels)))
    proto = onnx_model(made)
    again = import_proto(proto).model.network
    for weight, array in made.network.weights.items():
        assert again.weights[weight].tobytes() == array.tobytes(), weight
    images = pixels(made.network.graph, 1)
    exact = get_engine("reference").load(made.network, precision="float64").forward(images)
    theirs = run(proto, images)["logits"]
    ours = get_engine(engine).load(made.network).forward(images)
    return apart(theirs, exact), apart(ours, exact), apart(ours, theirs)


def main() -> int:
    """Compare all of them; 1 if one is too far off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="native")
    parser.add_argument("--architectures", action="store_true", help=exported.__doc__)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    failed = 0
    for name in given.names or (ARCHITECTURES if given.architectures else NAMES):
        start = time.monotonic()
        found: tuple[float, ...]
        if given.architectures:
            found, allowed = exported(name, given.engine), EXPORTED
        else:
            found, allowed = (difference(name, given.engine),), TOLERANCE
        failed += not found[0] <= allowed
        shown = "  ".join(f"{each:.2e}" for each in found)
        sys.stdout.write(f"{name:24} {shown}  {time.monotonic() - start:6.1f} s{os.linesep}")
        sys.stdout.flush()
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
