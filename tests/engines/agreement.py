"""Whether engines agree on a graph: forward, backward, and after three steps.

Where an activation lies at its kink, or two values tie in a max pooling, rounding decides which way
a gradient goes, and engines may differ by all of it. Such weights and pictures are not used: the
reference in float64 must answer nearly the same when both are changed by a few roundings of
float32, to either side.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import Step, get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.kernels.by_reference import ByReference
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.step import with_loss
from pellucid.engines.torch import TorchEngine
from pellucid.graph import Network
from pellucid.ops import (
    BatchNorm,
    CrossEntropy,
    Huber,
    MeanSquaredError,
    SigmoidCrossEntropy,
    SquaredError,
)
from pellucid.optimizers import SGD, Adam, AdamW
from tests.engines.networks import network
from tests.engines.random_graphs import ANSWER, random_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from pellucid.engines import Engine, Precision
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer

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
        feeds: A batch for each input, pixels in uint8 or float32; class numbers or wanted values
            for inputs of targets, which are the steps' alone.
        origins: ∂score/∂value where a score reads values.
        steps: One or two ways to learn.
        rate: Learning rate.
    """

    network: Network
    feeds: dict[str, Array]
    origins: dict[str, Array]
    steps: dict[str, Step]
    rate: float


class UnsteadyError(Exception):
    """Whatever is drawn for a graph, rounding decides about its gradients."""


@contextmanager
def naming(again: str) -> Iterator[None]:
    """Name the command that does the same once more, whatever fails and wherever."""
    try:
        yield
    except Exception as error:
        error.add_note(again)
        raise


def draw_trial(graph: Graph, count: int, seed: int) -> Trial:
    """Weights, images and labels for a graph, at none of its kinks.

    Raises:
        UnsteadyError: If there are none.
    """
    for attempt in range(TRIES):
        trial = draw_any(graph, count, seed * TRIES + attempt)
        exact = outcome(get_engine("reference"), trial, "float64")
        if all(
            not far_apart(outcome(get_engine("reference"), each, "float64"), exact, STEADY)
            for each in _neighbours(trial)
        ):
            return trial
    raise UnsteadyError(f"{TRIES} times rounding decides about gradients of {graph}")


def draw_any(graph: Graph, count: int, seed: int) -> Trial:
    """Weights, images and labels for a graph, perhaps at one of its kinks."""
    draw, numbers = random.Random(f"trial {seed}"), np.random.default_rng([7, seed])
    feeds: dict[str, Array] = {}
    for name, kind in graph.inputs.items():
        if len(kind.shape) == 3:
            pixels = numbers.uniform(0, 256, (count, *kind.shape))
            feeds[name] = pixels.astype(draw.choice((np.uint8, np.float32)))
        else:
            feeds[name] = numbers.normal(size=(count, *kind.shape)).astype(np.float32)
    value = graph.outputs.get(ANSWER, graph.nodes[-1].name)
    (classes,) = graph.shapes[value]
    weights = tuple(draw.choice((0.5, 1.0, 2.0)) for _ in range(classes))
    smoothed = CrossEntropy(draw.choice((0.1, 0.0)), draw.choice((weights, None)))
    losses: list[Loss] = [CrossEntropy(), smoothed, MeanSquaredError(), SigmoidCrossEntropy()]
    losses += [SquaredError(), Huber(draw.choice((0.3, 1.0)))]
    loss = draw.choice(losses)
    learned = with_loss(graph, loss, of=value)
    (targets,) = learned.inputs.keys() - graph.inputs.keys()
    feeds[targets] = _targets(loss, draw, numbers, (count, classes))
    minimised: str | dict[str, float] = "loss"
    if draw.random() < 0.5:
        learned, minimised = _more_losses(learned, feeds, draw, numbers)
    trains, fixed = _patterns(graph, draw)
    rule, rate = _rule(draw)
    steps = {"train": Step(learned, rule, minimised, trains, fixed, seed % 2**32)}
    if trains != ("*",) and draw.random() < 0.6:
        steps["other"] = Step(learned, _rule(draw)[0], "loss", ("*",), (), 5)
    read = draw.sample([node.name for node in graph.nodes], min(2, len(graph.nodes)))
    origins = {
        name: numbers.normal(size=(count, *graph.shapes[name])).astype(np.float32) / count
        for name in dict.fromkeys((value, *read))
    }
    return Trial(network(graph, seed), feeds, origins, steps, rate)


def _more_losses(
    graph: Graph, feeds: dict[str, Array], draw: random.Random, numbers: np.random.Generator
) -> tuple[Graph, dict[str, float]]:
    """A graph with further losses of any flat values, and what each is multiplied with.

    They compare new targets, those of the first loss, inputs, or what the network has computed.
    Some are only measured.
    """
    flat = [name for name, each in graph.types.items() if len(each.shape) == 1]
    values = [name for name in flat if name not in graph.compared]
    weights = {"loss": draw.choice((1.0, 0.5))}
    for number in range(draw.choice((1, 1, 2))):
        of, name = draw.choice(values), f"loss {number}"
        alike = [each for each in flat if graph.shapes[each] == graph.shapes[of] and each != of]
        against = draw.choice([None, *alike, *alike, *alike])
        losses: list[Loss] = [SquaredError(), Huber(0.7)]
        if against is None and graph.shapes[of][0] > 1:
            losses += [CrossEntropy(), MeanSquaredError(), SigmoidCrossEntropy()]
        loss = draw.choice(losses)
        before = graph.inputs.keys()
        graph = with_loss(graph, loss, name=name, of=of, against=against)
        for new in graph.inputs.keys() - before:
            (classes,) = graph.shapes[of]
            feeds[new] = _targets(loss, draw, numbers, (len(feeds["targets"]), classes))
        if draw.random() < 0.8:
            weights[name] = draw.choice((0.3, 1.0, -0.2))
    return graph, weights


def _targets(
    loss: Loss, draw: random.Random, numbers: np.random.Generator, shape: tuple[int, int]
) -> Array:
    if isinstance(loss, (SquaredError, Huber)):
        return numbers.normal(size=shape).astype(np.float32)
    if isinstance(loss, SigmoidCrossEntropy):
        return numbers.integers(0, 2, shape).astype(np.float32)
    if draw.random() < 0.3:
        return numbers.dirichlet(np.ones(shape[1]), shape[0]).astype(np.float32)
    return numbers.integers(0, shape[1], shape[0])


def _patterns(graph: Graph, draw: random.Random) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which weights learn, and which norms use their running statistics."""
    stores = list(dict.fromkeys(name.node for name in graph.parameters))
    norms = [node.store for node in graph.nodes if isinstance(node.operation, BatchNorm)]
    trains: tuple[str, ...] = ("*",)
    if draw.random() < 0.5:
        names = [f"{name}.*" for name in stores]
        if draw.random() < 0.4:  # some arrays of a layer, others not
            names = [str(name) for name in graph.parameters]
        trains = tuple(draw.sample(names, draw.randint(1, len(names))))
    fixed = tuple(f"{name}.*" for name in dict.fromkeys(norms) if draw.random() < 0.3)
    return trains, fixed


def _rule(draw: random.Random) -> tuple[Optimizer, float]:
    # Adam divides a gradient by its own size: with the default ε, rounding alone by its own.
    rules: list[tuple[Optimizer, float]] = [
        (SGD(0.01, None, 0.9), 1e-3),
        (SGD(0.0, 0.5, 0.5, nesterov=True), 1e-2),
        (SGD(0.0, None, 0.0), 1e-2),
        (Adam(0.01, 1.0, epsilon=1e-2), 1e-3),
        (AdamW(0.05, None, epsilon=1e-2), 1e-3),
    ]
    return draw.choice(rules)


def _neighbours(trial: Trial) -> list[Trial]:
    """The same with weights and pixels a little smaller or larger, each at random."""
    found = []
    inputs = trial.network.graph.inputs
    for number in range(2):
        numbers = np.random.default_rng(number)
        signs = {
            name: numbers.choice((-1.0, 1.0), array.shape)
            for name, array in {**trial.network.weights, **trial.feeds}.items()
        }
        for change in (CHANGE, -CHANGE):
            weights, feeds = (
                {name: array * (1 + change * signs[name]) for name, array in arrays.items()}
                for arrays in (
                    trial.network.weights,
                    {name: array for name, array in trial.feeds.items() if name in inputs},
                )
            )
            changed = Network(trial.network.graph, weights)
            found.append(replace(trial, network=changed, feeds={**trial.feeds, **feeds}))
    return found


def outcome(engine: Engine, trial: Trial, precision: Precision = "float32") -> Found:
    """All that an engine says of a trial.

    Raises:
        AssertionError: If a step changed what it was to leave alone, or another engine computed.
    """
    graph, steps = trial.network.graph, trial.steps
    before = {name: weight.astype(precision) for name, weight in trial.network.weights.items()}
    program = engine.load(Network(graph, before), steps, precision=precision)
    assert program.engine == engine.name
    for each in (graph, *(step.graph for step in steps.values())):
        assert program.made_by(each) == f"{engine.name}, {precision}"
    feeds = {name: array for name, array in trial.feeds.items() if name in graph.inputs}
    trainable = [str(name) for name, each in graph.parameters.items() if each.trainable]
    answering = engine.load(Network(graph, before), precision=precision)
    first = {name: array[:1] for name, array in feeds.items()}
    back = program.differentiate(graph, feeds, trial.origins, values=graph.types, weights=trainable)
    found: Found = {
        "values": program.run(graph.select(*graph.types), feeds),
        "outputs": program.run(graph, feeds),
        "outputs beside gradients": back.outputs,
        # What does not learn folds norms, and joins layers that learning keeps apart.
        "values without steps": answering.run(graph.select(*graph.types), feeds),
        "outputs without steps": answering.run(graph, feeds),
        "outputs of one image": answering.run(graph, first),
        "gradients of values": back.values,
        "gradients of weights": dict(back.weights),
    }
    for number in range(STEPS):
        name = list(steps)[number % len(steps)]
        earlier = program.weights()
        found[f"step {number}"] = program.step(trial.feeds, trial.rate, name)
        _check_frozen(steps[name], earlier, program.weights())
    found["changes"] = {
        name: weight.astype(np.float64) - before[name] for name, weight in program.weights().items()
    }
    return found


def _check_frozen(step: Step, before: Mapping[str, Array], after: Mapping[str, Array]) -> None:
    free = set(step.trained)
    for node in step.graph.nodes:
        if step.updates_statistics(node):
            free |= {f"{node.store}.mean", f"{node.store}.variance"}
    for name, array in before.items():
        assert name in free or array.tobytes() == after[name].tobytes(), f"{name} is frozen"


def far_apart(found: Found, expected: Found, tolerance: float) -> list[str]:
    """What differs by more than a tolerance, each in words; none if nothing does.

    A weight in float32 is rounded at each step, so that its change may be off by as much more.
    """
    words = []
    for kind, arrays in expected.items():
        assert found[kind].keys() == arrays.keys(), kind
        largest = max((_norm(array) for array in arrays.values()), default=0.0)
        forward = kind.startswith(("values", "outputs"))
        share = tolerance * (OF_VALUES / TOLERANCE if forward else 1)
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


def without_kernel(graph: Graph) -> set[str]:
    """The operations that the native engine computes by their definitions, in NumPy."""
    regions = lower(graph, host_target(1)).regions
    return {each.operation.kind for each in regions if each.kernel is ByReference}


def engines(seed: int) -> dict[str, Engine]:
    """The engines to compare with the reference in float64, by what to call them."""
    threads = 1 + seed % 4
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
