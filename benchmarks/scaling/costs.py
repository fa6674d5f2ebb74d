"""What each stage costs on one thread, measured, for any number of images."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.report import calls
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.timing import StageTimer
from pellucid.graph import Network, initial_weights

if TYPE_CHECKING:
    from pellucid.graph import Graph

Line = tuple[float, float]
"""Seconds of a stage: those that do not depend on the batch, and those of each image."""

WARM_UP = 1


def measure_costs(
    graph: Graph, sizes: tuple[int, int], *, training: bool, repeats: int = 5
) -> dict[str, Line]:
    """Seconds of each stage on one thread, by its name: processor time, the least of several runs.

    Args:
        graph: The network.
        sizes: Two numbers of images, through whose times a line is laid.
        training: A step, or else a forward pass.
        repeats: How often each is run.
    """
    few, many = sizes
    less, more = (_times(graph, size, repeats, training=training) for size in sizes)
    found = {}
    for name, seconds in more.items():
        slope = max(0.0, (seconds - less[name]) / (many - few))
        found[name] = max(0.0, seconds - slope * many), slope
    return found


def cost(line: Line, images: int) -> float:
    """Seconds for some images."""
    return line[0] + line[1] * images


def _times(graph: Graph, images: int, repeats: int, *, training: bool) -> dict[str, float]:
    """Seconds of each stage for a number of images; stages of one name are added up."""
    pixels = np.random.default_rng(0).integers(0, 256, (images, *graph.input_shape), np.uint8)
    network = Network(graph, initial_weights(graph, 0))
    timer = StageTimer(network, pixels, host_target(1), training=training)
    names = [call.name for _, call in calls(timer.code, training=training)]
    best = np.full(len(names), np.inf)
    for turn in range(WARM_UP + repeats):
        for number, run in enumerate(timer.stages):
            began = time.thread_time_ns()
            run()
            if turn >= WARM_UP:
                best[number] = min(best[number], 1e-9 * (time.thread_time_ns() - began))
    found = dict.fromkeys(names, 0.0)
    for name, seconds in zip(names, best, strict=True):
        found[name] += float(seconds)
    return found
