"""The cross-entropy of sequences: by hand, against PyTorch, on all engines; what it refuses."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch

from pellucid.engines import Step, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import INPUT, Graph, Network, Node, initial_weights
from pellucid.ops import Dense, Embedding, SequenceCrossEntropy
from pellucid.ops.types import Type
from pellucid.optimizers import SGD
from tests.ops.sequence_loss_oracle import WORDS, WORDS_LOSS, check_sequence_loss, in_torch, logits
from tests.ops.tolerances import assert_close

ENGINES = ("reference", "native", "torch")
READ = np.array([(2, 0, 4, 4), (1, 3, 0, 0), (0, 1, 2, 1), (4, 4, 4, 4)], np.int32)
GRAPH = Graph(
    {INPUT: Type((4,), "int32")},
    (Node("words", Embedding(5, 6), (INPUT,)), Node("answer", Dense(5), ("words",))),
)


def test_by_hand() -> None:
    """Three words are counted, each as likely as the other."""
    words = np.array([[1, -1], [0, 0]])
    value, slopes = SequenceCrossEntropy().value_and_gradient(np.zeros((2, 2, 2)), words)
    assert value == pytest.approx(log(2), rel=1e-14)
    expected = np.array([[[1, -1], [0, 0]], [[-1, 1], [-1, 1]]]) / 6
    assert_close(slopes, expected, "float64")


def test_against_pytorch() -> None:
    check_sequence_loss(WORDS_LOSS)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_learns_as_pytorch_does(engine: str, smoothing: float) -> None:
    network = Network(GRAPH, initial_weights(GRAPH, 4))
    names = ("words.table", "answer.kernel", "answer.bias")
    weights = [torch.tensor(network.weights[name].copy(), requires_grad=True) for name in names]
    loss = SequenceCrossEntropy(smoothing)
    program = get_engine(engine).load(network, Step.of(GRAPH, loss, SGD(momentum=0.0)))
    for _ in range(3):
        table, kernel, bias = weights
        z = table[torch.tensor(READ).long()] @ kernel + bias
        expected = torch.nn.functional.cross_entropy(
            z.flatten(0, 1),
            torch.tensor(WORDS).flatten(),
            ignore_index=-1,
            label_smoothing=smoothing,
        )
        slopes = torch.autograd.grad(expected, weights)
        with torch.no_grad():
            for weight, slope in zip(weights, slopes, strict=True):
                weight -= 0.5 * slope
        found = program.train_step(READ, WORDS, 0.5)
        assert found.loss == pytest.approx(expected.item(), rel=1e-5)
    for name, weight in zip(names, weights, strict=True):
        wanted = weight.detach().numpy()
        np.testing.assert_allclose(program.weights()[name], wanted, rtol=1e-4, atol=1e-6)
    with pytest.raises(ArgumentError, match="below 5, the number of words; example 1 has 7 at 0"):
        program.train_step(READ, np.where(WORDS == 3, 7, WORDS), 0.5)


def test_float32_is_computed_in_float64() -> None:
    outputs = logits().astype(np.float32)
    value, slopes = WORDS_LOSS.value_and_gradient(outputs, WORDS.astype(np.float32))
    expected, gradient = in_torch(outputs.astype(np.float64), WORDS, 0.1)
    assert value == pytest.approx(expected, rel=1e-12)
    assert slopes.dtype == np.float32
    assert_close(slopes, gradient, "float32")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (WORDS[:2], ShapeError, "4 examples"),
        (WORDS[:, :2], ShapeError, r"\(N, 4\)"),
        (WORDS.astype(str), ShapeError, "words must be numbers"),
        (np.where(WORDS == 2, np.nan, WORDS), ArgumentError, "example 2 has nan at 1"),
        (np.where(WORDS == 2, 2.5, WORDS), ArgumentError, "example 2 has 2.5 at 1"),
        (np.where(WORDS == 2, -2, WORDS), ArgumentError, "example 2 has -2 at 1"),
        (np.full_like(WORDS, -1), ArgumentError, "no word of the batch is counted"),
    ],
    ids=["few", "short", "text", "NaN", "not whole", "below −1", "none"],
)
def test_refuses(words: np.ndarray, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        WORDS_LOSS.check_targets(words, 4, (4,))
    assert WORDS_LOSS.check_targets(WORDS, 4, (4,)) is WORDS


@pytest.mark.parametrize(
    "shapes",
    [((4, 5),), ((4,), (4,)), ((2, 4, 5), (4,)), ((4, 5), (5,)), ((4, 5), (4, 5))],
    ids=["no words", "no steps", "a map", "other steps", "rows"],
)
def test_takes_nothing_else(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ShapeError):
        WORDS_LOSS.check_inputs(*shapes)


def test_refuses_settings() -> None:
    with pytest.raises(ArgumentError, match="label_smoothing"):
        SequenceCrossEntropy(1.5)
