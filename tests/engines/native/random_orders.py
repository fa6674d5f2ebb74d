"""Native programs that learn and answer in any order, in batches of any sizes, on any threads.

Whatever was computed before, and however many threads computed it, a call must give the bits that
it gives in a program that has computed nothing yet, on one thread. So no rounding matters, and any
graph will do.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from pellucid.engines.native import engine
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.graph import Network
from tests.engines.agreement import draw_any
from tests.engines.random_graphs import random_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pellucid.engines import Program
    from pellucid.engines.native.target import Target
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array
    from tests.engines.agreement import Trial

CALLS = ("run", "run", "values", "gradients", "step", "step", "step", "other step")
"""What a program is asked for: steps make half of it."""

ANSWERS = ("run", "values", "gradients")
"""Those that change nothing."""

LANES = (None, 8, 4, 4)
"""Numbers in a vector; none: as many as this machine has. With fewer, more layouts are without
gaps, so that they share memory with others and their borders are cleared."""

SIZES = (1, 1, 2, 3, 4, 5, 9, 17, 33)
"""Images in a batch: one alone, fewer than threads, and more than there was room for before."""

LENGTH = 7
"""Calls, one after the other."""


class Asked(NamedTuple):
    """One call: what for, and of how many images."""

    call: str
    images: int


@contextmanager
def small_work_shared() -> Iterator[None]:
    """Let threads share a single image even where one alone would be through before they wake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single_image, "WORTH_MEETING", 1)
        patch.setattr(single_image, "WORTH_WAKING", 1)
        yield


@contextmanager
def vectors(lanes: int | None) -> Iterator[None]:
    """Let native programs use vectors of so many numbers; none: of this machine's."""
    if lanes is None:
        yield
        return
    width = lanes

    def narrow(threads: int = 1) -> Target:
        return replace(host_target(threads), lanes=width, registers=16)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "host_target", narrow)
        yield


def draw_orders(seed: int) -> tuple[Trial, list[Asked]]:
    """A random graph with the most images that are ever given to it, and what it is asked for."""
    draw = random.Random(f"orders {seed}")
    graph, _ = random_graph(seed)
    asked = [Asked(draw.choice(CALLS), draw.choice(SIZES)) for _ in range(LENGTH)]
    return draw_any(graph, max(SIZES), seed), asked


def answer(program: Program, trial: Trial, asked: Asked) -> dict[str, Array]:
    """What a program gives for a call, and for a step all that has changed by it."""
    graph, count = trial.network.graph, asked.images
    feeds = {name: array[:count] for name, array in trial.feeds.items()}
    inputs = {name: array for name, array in feeds.items() if name in graph.inputs}
    if asked.call == "run":
        return program.run(graph, inputs)
    if asked.call == "values":
        return program.run(graph.select(*graph.types), inputs)
    if asked.call == "gradients":
        weights = [str(name) for name, each in graph.parameters.items() if each.trainable]
        origins = {name: array[:count] for name, array in trial.origins.items()}
        found = program.differentiate(graph, inputs, origins, values=graph.types, weights=weights)
        return {
            **{f"output {name}": array for name, array in found.outputs.items()},
            **{f"at {name}": array for name, array in found.values.items()},
            **{f"of {name}": array for name, array in found.weights.items()},
        }
    names = list(trial.steps)
    name = names[-1] if asked.call == "other step" else names[0]
    given = program.step(feeds, trial.rate, name)
    return {**given, **program.weights(), **program.state(name)}


def differences(seed: int, threads: Sequence[int] = (1, 2, 3, 4)) -> tuple[Graph, list[str]]:
    """A random graph, and the calls that give other bits than they are to give.

    Programs on several numbers of threads are asked for the same, one thing after the other, and
    are compared with the first; of that, the last answer is compared with a new program's.
    """
    trial, asked = draw_orders(seed)
    lanes = random.Random(f"lanes {seed}").choice(LANES)
    with vectors(lanes):
        words = _differences(trial, asked, threads)
    return trial.network.graph, [f"{lanes or 'all'} lanes, {each}" for each in words]


def _differences(trial: Trial, asked: list[Asked], threads: Sequence[int]) -> list[str]:
    expected: list[dict[str, Array]] = []
    words: list[str] = []
    for count in threads:
        learning = NativeEngine(threads=count).load(trial.network, trial.steps)
        answering = NativeEngine(threads=count).load(trial.network)
        found, before = [], learning
        for number, each in enumerate(asked):
            if number == len(asked) - 1 and count == threads[0]:
                before = _new(trial, learning)
            found.append(_both(learning, answering, trial, each))
        if count == threads[0]:
            expected = found
            again = _both(
                before,
                NativeEngine(threads=1).load(Network(trial.network.graph, before.weights())),
                trial,
                asked[-1],
            )
            words += _apart(found[-1], again, f"in a new program, {asked}")
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            if not words:
                words += _apart(one, other, f"on {count} threads, {asked[: number + 1]}")
    return words


def _both(learning: Program, answering: Program, trial: Trial, asked: Asked) -> dict[str, Array]:
    """What both give for a call, a program that learns and one that only answers."""
    weights = learning.weights()
    found = answer(learning, trial, asked)
    if asked.call in ANSWERS:
        answering.set_weights(weights)
        found |= {f"answering {k}": a for k, a in answer(answering, trial, asked).items()}
    return found


def _apart(found: dict[str, Array], expected: dict[str, Array], where: str) -> list[str]:
    return [
        f"{where}: {name} apart by {np.abs(np.asarray(array, float) - found[name]).max():g}"
        for name, array in expected.items()
        if not np.array_equal(array, found[name], equal_nan=True)
    ]


def _new(trial: Trial, like: Program) -> Program:
    """A program on one thread that has learned what another has, but computed nothing."""
    network = Network(trial.network.graph, like.weights())
    new = NativeEngine(threads=1).load(network, trial.steps)
    for name in trial.steps:
        new.set_state(like.state(name), name)
    return new
