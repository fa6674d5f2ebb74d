"""Networks as ONNX models: ONNX Runtime finds what the package computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from benchmarks.check import started_weights
from benchmarks.contenders import MEAN, STD
from benchmarks.networks import network
from benchmarks.onnx_model import to_onnx

from pellucid.engines import get_engine
from pellucid.graph import Network, initial_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("floats", [False, True])
def test_a_mobile_network_with_depthwise_convolutions(*, floats: bool) -> None:
    graph = network("efficientnet-lite0", 3, 7).graph((64, 45, 3))
    weights = started_weights(Network(graph, initial_weights(graph, seed=0)))
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 45, 3), dtype=np.uint8)
    session = onnxruntime.InferenceSession(
        to_onnx(graph, weights, floats=floats), providers=["CPUExecutionProvider"]
    )
    given: NDArray[Any] = images
    if floats:
        given = ((images.astype(np.float32) - MEAN) / STD).transpose(0, 3, 1, 2).copy()
    (found,) = session.run(None, {"pictures": given})
    expected = get_engine("native").load(Network(graph, weights)).forward(images)
    assert np.linalg.norm(found - expected) <= 1e-4 * np.linalg.norm(expected)
