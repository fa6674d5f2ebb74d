"""Words in, as whole numbers: what they become is learned, and what is no word is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid import layers as written
from pellucid.engines import ENGINES, Step, get_engine
from pellucid.errors import ArgumentError
from pellucid.graph import INPUT, Graph, Network, Node, initial_weights
from pellucid.ops import CrossEntropy, Dense, Embedding, Flatten
from pellucid.ops.types import Type
from pellucid.optimizers import SGD
from pellucid.page import make_page
from pellucid.page.samples import Samples
from tests.explain.activations import hand_made

WORDS = np.array([(0, 3, 3), (8, 0, 1), (2, 5, 0), (7, 7, 7)], np.int32)
LABELS = np.array([0, 1, 1, 0])
GRAPH = Graph(
    {INPUT: Type((3,), "int32")},
    (
        Node("words", Embedding(9, 4), (INPUT,)),
        Node("flat", Flatten(), ("words",)),
        Node("answer", Dense(2), ("flat",)),
    ),
)


@pytest.mark.parametrize("engine", ENGINES)
def test_learns_as_pytorch_does(engine: str) -> None:
    network = Network(GRAPH, initial_weights(GRAPH, 4))
    table, kernel, bias = (
        torch.tensor(network.weights[name].copy(), requires_grad=True)
        for name in ("words.table", "answer.kernel", "answer.bias")
    )
    program = get_engine(engine).load(network, Step.of(GRAPH, CrossEntropy(), SGD(momentum=0.0)))
    for _ in range(3):
        rows = torch.nn.functional.embedding(torch.tensor(WORDS), table).flatten(1)
        loss = torch.nn.functional.cross_entropy(rows @ kernel + bias, torch.tensor(LABELS))
        slopes = torch.autograd.grad(loss, (table, kernel, bias))
        with torch.no_grad():
            for weight, slope in zip((table, kernel, bias), slopes, strict=True):
                weight -= 0.5 * slope
        assert program.train_step(WORDS, LABELS, 0.5).loss == pytest.approx(loss.item(), rel=1e-5)
    found = program.weights()["words.table"]
    np.testing.assert_allclose(found, table.detach().numpy(), rtol=1e-4, atol=1e-6)
    never = [4, 6]
    np.testing.assert_array_equal(found[never], network.weights["words.table"][never])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("word", "said"), [(9, "got 9"), (-1, "got -1"), (0.5, "got 0.5")])
def test_refuses_what_is_no_word(engine: str, word: float, said: str) -> None:
    program = get_engine(engine).load(Network(GRAPH, initial_weights(GRAPH, 4)))
    words = WORDS.astype(np.float32)
    program.forward(words)
    words[2, 1] = word
    with pytest.raises(ArgumentError, match=f"0 to 8, {said} at 1 of example 2"):
        program.forward(words)


def test_a_page_says_that_it_cannot_run_what_has_no_kernel() -> None:
    layers = [written.Reshape((4, 4)), written.LSTM(6), written.Flatten(), written.Dense(3)]
    weights = initial_weights(written.Sequential(layers).graph((4, 4, 1)), 0)
    pixels = np.zeros((4, 4, 1), np.uint8)
    model = hand_made(layers, weights, pixels).model
    with pytest.raises(ArgumentError, match=r"lstm1 \(lstm\)"):
        make_page(model, Samples(pixels[None], ("none",), (None,)))


@pytest.mark.parametrize("engine", ENGINES)
def test_of_what_is_computed_the_nearest_is_taken(engine: str) -> None:
    """Far out, between two, infinite, and NaN, which is handed on."""
    nodes = (
        Node("scaled", Dense(5, initializer=0.0), (INPUT,)),
        Node("words", Embedding(3, 2), ("scaled",)),
    )
    graph = Graph({INPUT: Type((1,))}, nodes)
    weights = {
        "scaled.kernel": np.zeros((1, 5), np.float32),
        "scaled.bias": np.array([-40.0, 1.4, np.inf, np.nan, 2.5], np.float32),
        "words.table": np.array([(1, 10), (2, 20), (3, 30)], np.float32),
    }
    program = get_engine(engine).load(Network(graph, weights))
    found = program.forward(np.ones((1, 1), np.float32))[0, :, 1]
    np.testing.assert_array_equal(found, [10, 20, 30, np.nan, 30])
