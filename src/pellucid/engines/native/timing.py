"""Timing a plan: every stage by itself, on all threads, and the whole as a program runs it."""

from __future__ import annotations

import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.update import write_scalars
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.kernels.plan import SCALARS
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.report import Timing, calls, write_for_report
from pellucid.engines.native.runtime.host.machine import load
from pellucid.engines.native.runtime.host.peak import measure_peak
from pellucid.engines.native.runtime.host.team import shared_team
from pellucid.engines.step import Step
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines.native.compile import Code
    from pellucid.engines.native.target import Target
    from pellucid.graph import Network, Weights

WARM_UP = 2
"""Runs that do not count: they fetch code and memory."""


def measure(
    network: Network,
    target: Target,
    *,
    batch: int,
    training: bool,
    repeats: int = 9,
) -> Timing:
    """Run a network on images of random pixels and time it; medians of several runs.

    Args:
        network: The network; it does not change.
        target: The one that runs this.
        batch: Images at once.
        training: A step with SGD and momentum, or else a forward pass.
        repeats: How often everything is run.

    Raises:
        Declined: If a layer has no kernel.
    """
    images = np.random.default_rng(0).integers(
        0, 256, (batch, *network.graph.input_shape), dtype=np.uint8
    )
    peak = measure_peak(target.threads, target)
    stages = StageTimer(network, images, target, training=training).time(repeats)
    whole = _whole(network, images, target.threads, training, repeats)
    # Again, since other processes of this machine lower it.
    return Timing(stages, whole, max(peak, measure_peak(target.threads, target)))


class StageTimer:
    """A program taken apart: every stage of a step or pass can be run by itself, on all images.

    Args:
        network: The network; it does not change.
        images: A batch, (N, H, W, C), uint8.
        target: The one that runs this.
        training: A step, or else a forward pass.

    Raises:
        Declined: If a layer has no kernel.
    """

    def __init__(
        self,
        network: Network,
        images: NDArray[np.uint8],
        target: Target,
        *,
        training: bool,
    ) -> None:
        self.code, folded = write_for_report(
            network.graph, target, batch=len(images), training=training, apart=True
        )
        builder = self.code.plan.builder
        alone = {
            f"alone_{number}": call
            for number, (_, call) in enumerate(calls(self.code, training=training))
        }
        schedules = [builder.schedule(name, [call]) for name, call in alone.items()]
        self._machine = load("\n".join([self.code.text, *schedules]), target)
        self._team = shared_team(target.threads)
        self._images = images
        self.memory = _memory(self.code, folded.weights(network.weights))
        for stage in self.code.by_reference:
            stage.bind(self.memory, lambda: (0, 0))
        self._table = self.code.table() + np.uint64(self.memory.ctypes.data)
        if "flip" in builder.schedules:  # what is derived of weights
            self._run(self._machine.address("flip"))
        self.stages = [partial(self._run, self._machine.address(name)) for name in alone]
        """What runs each, in their order."""

    def _run(self, address: int) -> None:
        table, images = self._table.ctypes.data, self._images
        self._team.call(address, table, images.ctypes.data, len(images))

    def time(self, repeats: int) -> list[float]:
        """Seconds of each stage.

        Each is called by itself; but all in their order, over and over, so that a stage finds the
        caches as it does in a program.
        """
        seconds = np.zeros((WARM_UP + repeats, len(self.stages)))
        for turn in seconds:
            for number, run in enumerate(self.stages):
                began = time.perf_counter()
                run()
                turn[number] = time.perf_counter() - began
        return [float(value) for value in np.median(seconds[WARM_UP:], axis=0)]


def _memory(code: Code, weights: Weights) -> NDArray[np.uint8]:
    """An arena with weights in it; where it learns, every image is of class 0."""
    memory, plan = code.plan.arena.make(), code.plan
    code.prepare(memory)
    for name, stage in code.weighted.items():
        own = {
            key.partition(".")[2]: np.asarray(array, np.float32)
            for key, array in weights.items()
            if key.startswith(f"{name}.")
        }
        stage.write(memory, stage.parameter.weights, own)
        stage.write_statistics(memory, own)
    if plan.optimizer is not None:
        # A learning rate of zero: the weights stay as they are, however often this runs.
        write_scalars(floats(memory, plan.scalars, SCALARS), plan.optimizer, 0.0, 1)
    return memory


def _whole(
    network: Network, images: NDArray[np.uint8], threads: int, training: bool, repeats: int
) -> float:
    """Seconds of a step or pass."""
    step = Step.of(network.graph, CrossEntropy(), SGD(momentum=0.9)) if training else None
    program = NativeEngine(threads=threads).load(network, step)
    labels = np.zeros(len(images), np.int64)
    seconds = []
    for _ in range(WARM_UP + repeats):
        began = time.perf_counter()
        if training:
            program.train_step(images, labels, 0.0)
        else:
            program.forward(images)
        seconds.append(time.perf_counter() - began)
    return median(seconds[WARM_UP:])
