"""The package's side of a task, loaded into one of its engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.check import started_weights
from pellucid.engines import get_engine
from pellucid.graph import Network

if TYPE_CHECKING:
    from benchmarks.twins import Array, Task


class Own:
    """A task in an engine.

    Args:
        task: Which.
        rule: How it learns, a name of :data:`benchmarks.twins.RATES`.
        engine: Who computes.
        small: Whether it is for a test.
        seed: Draws the weights of a test.
    """

    def __init__(
        self, task: Task, rule: str, *, engine: str = "native", small: bool, seed: int = 0
    ) -> None:
        lesson = task.lesson(rule, small=small)
        self.feeds, self.rate, self.count = lesson.feeds, task.rates[rule], lesson.count
        self.weights = started_weights(lesson.network, seed) if small else lesson.network.weights
        network = Network(lesson.network.graph, self.weights, lesson.network.graphs)
        self.program = get_engine(engine).load(network, lesson.steps)
        self.steps = lesson.steps

    def step(self) -> dict[str, float]:
        """All steps of a batch, one after the other; the losses of each."""
        found: dict[str, float] = {}
        for name, step in self.steps.items():
            outputs = self.program.step(self.feeds[name], self.rate, name)
            found.update({f"{name}: {loss}": float(outputs[loss]) for loss in step.losses})
        return found

    def gradients(self) -> dict[str, Array]:
        """∂loss/∂weight of each step from the same weights, by step and weight.

        What momentum is after one step of SGD.
        """
        found: dict[str, Array] = {}
        for name in self.steps:
            self.program.set_weights(self.weights)
            self.program.step(self.feeds[name], self.rate, name)
            for key, value in self.program.state(name).items():
                weight, _, slot = key.rpartition(".")
                if slot == "velocity":
                    found[f"{name}: {weight}"] = np.asarray(value, np.float64)
        return found
