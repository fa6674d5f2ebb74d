"""What is explained is what predicted: by the program that predicts, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import ENGINES, Program, get_engine
from pellucid.explain.backward import backward
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.methods import METHODS
from pellucid.explain.score import choose_score
from pellucid.explain.trace import Trace
from pellucid.ops.softmax import probabilities
from tests.engines.networks import DIFFERENT, GRAPHS, batch, network
from tests.explain.saliency import activations

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array

AMONG = 5
"""Pictures that are predicted at once, of which one is looked at."""


@lru_cache(maxsize=2)
def native(name: str) -> Program:
    return get_engine("native").load(network(GRAPHS[name]))


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_trace_shows_what_predicted(name: str) -> None:
    """Alone, and among others: the same logits, probabilities, and values on the way."""
    graph, program = GRAPHS[name], native(name)
    images, _ = batch(graph, AMONG)
    answers = program.forward(images)
    among = program.values(images)
    looked_at = activations(graph)
    for place in (0, AMONG - 1):
        alone = images[place]
        whole = place == 0  # in one pass, or what prediction never makes in another
        shown = Trace(replace(looked_at, pixels=alone, program=program, whole=whole))
        logits = shown[graph.output].values
        np.testing.assert_array_equal(logits, answers[place])
        np.testing.assert_array_equal(logits, program.forward(alone[None])[0])
        np.testing.assert_array_equal(shown.steps[-1].values, probabilities(answers)[place])
        for step in shown.steps[1:-1]:
            np.testing.assert_array_equal(step.values, among[step.name][place], err_msg=step.name)


@pytest.mark.parametrize("whole", [True, False])
def test_a_whole_trace_takes_one_pass(monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    program, passes = native("resnet20"), []
    run = program.run

    def noted(graph: Graph, feeds: dict[str, Array]) -> dict[str, Array]:
        passes.append(graph)
        return run(graph, feeds)

    monkeypatch.setattr(program, "run", noted)
    shown = Trace(replace(activations(program.graph), program=program, whole=whole))
    assert shown.steps[-1].values.any()
    assert len(passes) == 1
    assert all(step.lowest <= step.highest for step in shown.steps)
    assert len(passes) == (1 if whole else 2)


@pytest.mark.parametrize("name", ["resnet20", "vgg-medium"])
def test_gradients_begin_with_the_predicted_probabilities(name: str) -> None:
    looked_at = activations(GRAPHS[name])
    gone = backward(looked_at.model, looked_at.pixels, looked_at.classes[3])
    y = probabilities(native(name).forward(looked_at.pixels[None]))[0]
    np.testing.assert_array_equal(gone.probabilities, y)
    np.testing.assert_allclose(gone.at_logits, y - gone.targets, rtol=1e-6, atol=1e-9)
    graph = looked_at.graph
    normed = {node.inputs[0] for node in graph.nodes if node.operation.kind == "batch_norm"}
    assert {*gone.unfolded} == {n for n in normed if graph[n].operation.family == "convolution"}
    assert gone.to_dict(values=False)["engine"] == "native, float32"


@lru_cache(maxsize=16)
def heatmap(name: str, method: str, engine: str) -> Array:
    score = choose_score(activations(GRAPHS[name], engine=engine), target=1)
    found = METHODS[method].function(score)
    assert isinstance(found, Heatmap)
    return found.values


@pytest.mark.parametrize("engine", sorted(ENGINES.keys() - {"reference"}))
@pytest.mark.parametrize(
    "method",
    ["gradient", "guided-backpropagation", "deconvnet", "grad-cam", "visual-backprop"],
)
@pytest.mark.parametrize("name", ["lecture", "resnet20", "every operation"])
def test_heatmaps_agree_between_engines(name: str, method: str, engine: str) -> None:
    first, found = (heatmap(name, method, each) for each in ("reference", engine))
    np.testing.assert_allclose(found, first, atol=2e-3 * np.abs(first).max())
