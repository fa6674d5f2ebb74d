"""Steps written once more by hand in PyTorch, in float64, and differentiated by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from pellucid import ops
from pellucid.engines import Step, get_engine
from pellucid.graph import Graph, Network, initial_weights
from tests.engines.tolerances import assert_all_close, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from pellucid.engines import Program
    from pellucid.ops.operation import Array

    Tensors = Mapping[str, Tensor]

TOLERANCE = 2e-5
RATE = 0.1


def start(graph: Graph, seed: int = 3) -> Network:
    return Network(graph, initial_weights(graph, seed))


def feeds(graph: Graph, count: int, seed: int = 0) -> dict[str, Array]:
    """Random numbers for every input; class numbers where a loss compares classes."""
    random = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for name, kind in graph.inputs.items():
        found[name] = random.normal(size=(count, *kind.shape)).astype(np.float32)
        if any(isinstance(loss, ops.CrossEntropy) for loss, _ in graph.compared.get(name, ())):
            found[name] = random.integers(0, kind.shape[0], count)
    return found


def by_hand(
    network: Network,
    step: Step,
    score: Callable[[Tensors, Tensors], Tensor],
    batches: list[dict[str, Array]],
) -> dict[str, Array]:
    """The weights after steps of plain gradient descent on a score written in PyTorch."""
    weights = {
        name: torch.tensor(array.astype(np.float64), requires_grad=name in step.trained)
        for name, array in network.weights.items()
    }
    for batch in batches:
        given = {
            name: torch.tensor(a if a.dtype.kind == "i" else a.astype(np.float64))
            for name, a in batch.items()
        }
        learned = [weights[name] for name in step.trained]
        slopes = torch.autograd.grad(
            score(weights, given), learned, allow_unused=True, materialize_grads=True
        )
        with torch.no_grad():
            for weight, slope in zip(learned, slopes, strict=True):
                weight -= RATE * slope
    return {name: w.detach().numpy().astype(np.float32) for name, w in weights.items()}


def check(
    engine: str, graph: Graph, step: Step, score: Callable[[Tensors, Tensors], Tensor]
) -> Program:
    """Three steps beside PyTorch; what does not learn keeps every bit."""
    network = start(graph)
    program = get_engine(engine).load(network, step)
    assert program.made_by(step.graph) == f"{engine}, float32"
    batches = [feeds(step.graph, 5 + 3 * number, seed=number) for number in range(3)]
    for batch in batches:
        program.step(batch, RATE)
    found, expected = program.weights(), by_hand(network, step, score, batches)
    assert_all_close(found, expected, TOLERANCE)
    kept = network.weights.keys() - step.trained.keys()
    assert_same_bits({n: found[n] for n in kept}, {n: network.weights[n] for n in kept})
    return program


def convolved(x: Tensor, weights: Tensors, name: str) -> Tensor:
    """A 3×3 convolution of NHWC maps, without padding."""
    kernel = weights[f"{name}.kernel"].permute(3, 2, 0, 1)
    y = functional.conv2d(x.permute(0, 3, 1, 2), kernel, weights[f"{name}.bias"])
    return y.permute(0, 2, 3, 1)


def dense(x: Tensor, weights: Tensors, name: str) -> Tensor:
    return x.flatten(1) @ weights[f"{name}.kernel"] + weights[f"{name}.bias"]
