"""Whether engines agree on a graph: forward, backward, and after three steps.

Where an activation lies at its kink, or two values tie in a max pooling, rounding decides which way
a gradient goes, and engines may differ by all of it. Such weights and pictures are not used: the
reference in float64 must answer nearly the same when both are changed by a few roundings of
float32, to either side.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.torch import TorchEngine
from pellucid.graph import Network
from pellucid.ops import CrossEntropy, MeanSquaredError
from pellucid.optimizers import SGD, Adam, AdamW
from tests.engines.networks import network
from tests.engines.random_graphs import random_graph
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import Engine, Precision
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array

STEPS = 3
TOLERANCE = 1e-3
"""Of float32 beside float64, by norm, in gradients and in what weights change by."""
OF_VALUES = 1e-4
"""The same of values, forward."""
SMALL = 1e-2
"""An array counts as at least this share of the largest of its kind: where the exact gradient is
zero, e.g. of a bias before a batch norm, all that is found is rounding."""

CHANGE = 3e-6
"""By which weights and pictures are changed, relative: more than rounding does to any value."""
STEADY = TOLERANCE / 5
"""How far the reference may then be from itself."""
TRIES = 12
"""How often weights and pictures are drawn for a graph before it is given up."""

Found = dict[str, dict[str, "Array"]]
"""Arrays by kind (``values``, ``gradients``, …) and name."""


@dataclass(frozen=True)
class Trial:
    """A network, what it is given, and how it learns.

    Attributes:
        network: With weights in float64.
        images: A batch, uint8 or float32.
        labels: Class numbers, or wanted probabilities.
        learning: Loss, rule and seed.
        rate: Learning rate.
    """

    network: Network
    images: Array
    labels: Array
    learning: Learning
    rate: float


class UnsteadyError(Exception):
    """Whatever is drawn for a graph, rounding decides about its gradients."""


def draw_trial(graph: Graph, count: int, seed: int) -> Trial:
    """Weights, images and labels for a graph, at none of its kinks.

    Raises:
        UnsteadyError: If there are none.
    """
    for attempt in range(TRIES):
        trial = _draw(graph, count, seed * TRIES + attempt)
        exact = outcome(get_engine("reference"), trial, "float64")
        if all(
            not far_apart(outcome(get_engine("reference"), each, "float64"), exact, STEADY)
            for each in _neighbours(trial)
        ):
            return trial
    raise UnsteadyError(f"{TRIES} times rounding decides about gradients of {graph}")


def _draw(graph: Graph, count: int, seed: int) -> Trial:
    draw, numbers = random.Random(f"trial {seed}"), np.random.default_rng([7, seed])
    (classes,) = graph.output_shape
    pixels = numbers.uniform(0, 256, (count, *graph.input_shape))
    labels = numbers.integers(0, classes, count)
    if draw.random() < 0.3:
        labels = numbers.dirichlet(np.ones(classes), count).astype(np.float32)
    weights = tuple(draw.choice((0.5, 1.0, 2.0)) for _ in range(classes))
    losses: list[Loss] = [
        CrossEntropy(),
        CrossEntropy(draw.choice((0.1, 0.0)), draw.choice((weights, None))),
        MeanSquaredError(),
    ]
    # Adam divides a gradient by its own size: with the usual ε, rounding alone by its own.
    rule, rate = draw.choice(
        [
            (SGD(0.01, None, 0.9), 1e-3),
            (SGD(0.0, 0.5, 0.5, nesterov=True), 1e-2),
            (SGD(0.0, None, 0.0), 1e-2),
            (Adam(0.01, 1.0, epsilon=1e-2), 1e-3),
            (AdamW(0.05, None, epsilon=1e-2), 1e-3),
        ]
    )
    return Trial(
        network(graph, seed),
        pixels.astype(draw.choice((np.uint8, np.float32))),
        labels,
        Learning(draw.choice(losses), rule, seed=seed % 2**32),
        rate,
    )


def _neighbours(trial: Trial) -> list[Trial]:
    """The same with weights and pixels a little smaller or larger, each at random."""
    found = []
    for number in range(2):
        numbers = np.random.default_rng([number, *trial.images.shape])
        weights = {
            name: CHANGE * numbers.choice((-1.0, 1.0), array.shape)
            for name, array in trial.network.weights.items()
        }
        pixels = CHANGE * numbers.choice((-1.0, 1.0), trial.images.shape)
        for sign in (1, -1):
            changed = {
                name: array * (1 + sign * weights[name])
                for name, array in trial.network.weights.items()
            }
            found.append(
                replace(
                    trial,
                    network=Network(trial.network.graph, changed),
                    images=trial.images * (1 + sign * pixels),
                )
            )
    return found


def outcome(engine: Engine, trial: Trial, precision: Precision = "float32") -> Found:
    """All that an engine says of a trial."""
    net = trial.network
    before = {name: weight.astype(precision) for name, weight in net.weights.items()}
    net = Network(net.graph, before)
    program = engine.load(net, precision=precision)
    back = program.gradients(trial.images, trial.labels, trial.learning.loss)
    found: Found = {
        "values": {**program.values(trial.images), "answer": program.forward(trial.images)},
        "loss": {"loss": np.array(back.loss)},
        "gradients of values": back.values,
        "gradients of weights": dict(back.weights),
    }
    learner = engine.load(net, step_of(net, trial.learning), precision=precision)
    losses = [learner.train_step(trial.images, trial.labels, trial.rate).loss for _ in range(STEPS)]
    found["losses"] = {"losses": np.array(losses)}
    found["changes"] = {
        name: weight.astype(np.float64) - before[name] for name, weight in learner.weights().items()
    }
    return found


def far_apart(found: Found, expected: Found, tolerance: float) -> list[str]:
    """What differs by more than a tolerance, each in words; none if nothing does.

    A weight in float32 is rounded at each step, so that its change may be off by as much more.
    """
    words = []
    for kind, arrays in expected.items():
        assert found[kind].keys() == arrays.keys(), kind
        largest = max((_norm(array) for array in arrays.values()), default=0.0)
        share = tolerance * (OF_VALUES / TOLERANCE if kind == "values" else 1)
        for name, array in arrays.items():
            apart = _norm(found[kind][name].astype(np.float64) - array)
            allowed = share * max(_norm(array), SMALL * largest) + 1e-7
            if kind == "changes":
                allowed += STEPS * float(np.finfo(np.float32).eps) * np.sqrt(array.size)
            if not apart <= allowed:
                words.append(f"{kind}: {name} apart by {apart:g} of {_norm(array):g}")
    return words


def _norm(array: Array | NDArray[Any]) -> float:
    return float(np.linalg.norm(np.asarray(array, np.float64)))


def engines(seed: int) -> dict[str, Engine]:
    """The engines to compare with the reference in float64, by what to call them."""
    threads = 1 + seed % 3
    return {
        "reference": get_engine("reference"),
        f"native, {threads} threads": NativeEngine(threads=threads),
        "torch": TorchEngine(),
    }


def disagreements(seed: int) -> tuple[Graph, list[str]]:
    """A random graph, and where engines differ from the reference in float64 on it.

    The next graph of the seed is taken where rounding decides about one.
    """
    while True:
        graph, count = random_graph(seed)
        try:
            trial = draw_trial(graph, count, seed)
        except UnsteadyError:
            seed += 1_000_003
            continue
        exact = outcome(get_engine("reference"), trial, "float64")
        return graph, [
            f"{name}: {words}"
            for name, engine in engines(seed).items()
            for words in far_apart(outcome(engine, trial), exact, TOLERANCE)
        ]
