"""Engines against each other: the same networks, the same pictures, one step of learning."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures import get_architecture
from pellucid.engines import ENGINES, Step, get_engine
from pellucid.errors import MissingDependencyError, PellucidError
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.ops.operation import Array, Shape

ANSWERS: dict[str, Shape] = {
    "lecture": (28, 28, 1), "resnet20": (32, 32, 3), "mobilenet-v2": (32, 32, 3),
}  # fmt: skip
"""Networks whose answers are compared, and the pictures that they take."""

LEARNS = "lenet5", (28, 28, 1)
"""The network whose weights are compared after a step."""

REFERENCE = "reference"
"""The engine that others are compared with: each operation by its definition."""

TOLERANCE = 1e-3
"""How far engines may be apart in float32, as a share of the largest number."""

CLASSES, IMAGES, RATE = 10, 2, 0.1


@dataclass(frozen=True)
class Agreement:
    """One engine beside the reference.

    Attributes:
        engine: Which.
        what: What was computed.
        difference: The largest, as a share of the largest number; NaN where a number is NaN.
        seconds: That it took the engine, compiling included.
        agrees: Whether that is what rounding explains.
    """

    engine: str
    what: str
    difference: float
    seconds: float
    agrees: bool


def compare_engines(names: Iterable[str] = ENGINES) -> tuple[list[Agreement], dict[str, str]]:
    """Compare engines with the reference.

    Args:
        names: Which of them.

    Returns:
        What was compared, and for each engine that is not there, why.
    """
    expected = dict(_computed(REFERENCE))
    found, absent = [], {}
    for name in names:
        if name == REFERENCE:
            continue
        began = time.perf_counter()
        try:
            for what, array in _computed(name):
                apart = _apart(array, expected[what])
                now = time.perf_counter()
                found.append(Agreement(name, what, apart, now - began, apart <= TOLERANCE))
                began = now
        except (MissingDependencyError, ImportError) as error:
            absent[name] = str(error)
        except PellucidError as error:
            absent[name] = f"it failed: {error}"
    return found, absent


def _computed(name: str) -> Iterable[tuple[str, Array]]:
    """What an engine makes of each network: answers, and weights after a step."""
    engine = get_engine(name)
    for architecture, shape in ANSWERS.items():
        network, images, _ = _made(architecture, shape)
        yield f"answers of {architecture}", np.asarray(engine.load(network).forward(images))
    architecture, shape = LEARNS
    network, images, labels = _made(architecture, shape)
    program = engine.load(network, Step.of(network.graph, CrossEntropy(), SGD(momentum=0.9)))
    program.train_step(images, labels, RATE)
    changes = [np.ravel(after - network.weights[key]) for key, after in program.weights().items()]
    yield f"a step of {architecture}", np.concatenate(changes)


def _made(architecture: str, shape: Shape) -> tuple[Network, Array, Array]:
    """A network with initial weights, random pixels and labels."""
    graph = get_architecture(architecture)(CLASSES).graph(shape)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (IMAGES, *shape), np.uint8)
    return Network(graph, initial_weights(graph, 0)), images, np.arange(IMAGES) % CLASSES


def _apart(found: Array, expected: Array) -> float:
    """The largest difference as a share of the largest number."""
    with np.errstate(all="ignore"):
        apart = np.abs(found.astype(np.float64) - expected).max()
        return float(apart / max(np.abs(expected).max(), 1e-30))
