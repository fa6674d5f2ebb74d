"""Models for tests of ONNX files, and what ONNX Runtime makes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.graph import Network
from tests.engines.networks import network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto

    from pellucid.graph import Graph
    from pellucid.tasks import Task

PROVENANCE: dict[str, Any] = {"seed": 7, "architecture": "made", "results": [0.1, None]}


def model(graph: Graph, task: Task | Sequence[str] | None = None, seed: int = 0) -> Model:
    """A model with random weights, none of them as it starts."""
    made = network(graph, seed)
    weights = {name: array.astype(np.float32) for name, array in made.weights.items()}
    (outputs,) = graph.output_shape
    names = [f"class {k}" for k in range(outputs)]
    height, width, channels = graph.input_shape
    preprocessing = Preprocessing(height, width, channels)
    return Model(Network(graph, weights), task or names, preprocessing, PROVENANCE)


def pixels(graph: Graph, count: int, seed: int = 0) -> NDArray[np.uint8]:
    random = np.random.default_rng([seed, count])
    return random.integers(0, 256, (count, *graph.input_shape), dtype=np.uint8)


def run(proto: ModelProto | bytes, *feeds: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """All outputs of a file, by ONNX Runtime."""
    data = proto if isinstance(proto, bytes) else proto.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    found = session.run(None, dict(zip(names, feeds, strict=True)))
    return {o.name: y for o, y in zip(session.get_outputs(), found, strict=True)}


def apart(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest difference, as a share of the largest expected value."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())
