"""Whether a contender computes what the reference engine computes: no benchmark of wrong code."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from benchmarks.contenders import entry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.workloads import Workload
    from pellucid.graph import Network

PICTURES = 3
STEPS = 3

LOGITS_TOLERANCE = 1e-4
"""Of the logits' norm: float32, sums of many thousand terms in any order."""

DESCENT_TOLERANCE = 0.02
"""Of how far the loss falls in these steps: it would be another with another gradient."""


class Answers(TypedDict):
    """What a contender makes of given weights and pictures: logits, and losses step by step."""

    logits: list[list[float]]
    losses: list[float]


def answers(contender: str, workload: Workload, threads: int) -> Answers:
    """Let a contender compute; in the process that calls this."""
    weights = trained_weights(workload)
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (PICTURES, *workload.input_shape), dtype=np.uint8)
    labels = random.integers(0, workload.classes, PICTURES)
    chosen = entry(contender)
    runs = chosen.make()
    runs.prepare(workload, training=False, threads=threads, weights=weights)
    logits = runs.forward(images).astype(float).tolist()
    losses = []
    if chosen.trains:
        learns = chosen.make()
        learns.prepare(workload, training=True, threads=threads, weights=weights)
        losses = [float(learns.train_step(images, labels)) for _ in range(STEPS)]
    return {"logits": logits, "losses": losses}


def trained_weights(workload: Workload) -> dict[str, NDArray[np.float32]]:
    """Weights of a workload as in the middle of training."""
    from pellucid.graph import Network, initial_weights

    return started_weights(Network(workload.graph, initial_weights(workload.graph, seed=0)))


def started_weights(network: Network, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """A network's weights as in the middle of training: no bias is zero, no statistic at its start.

    Args:
        network: With first weights.
        seed: Draws what is added.
    """
    random = np.random.default_rng(seed)
    weights: dict[str, NDArray[np.float32]] = {n: w.copy() for n, w in network.weights.items()}
    for name, parameter in network.parameters.items():
        if parameter.role != "kernel":
            weights[str(name)] += random.uniform(0.02, 0.2, parameter.shape).astype(np.float32)
    return weights


def disagreement(found: Answers, expected: Answers) -> str:
    """What is wrong with a contender's answers, in words; empty where nothing is."""
    ours, theirs = np.array(found["logits"]), np.array(expected["logits"])
    if ours.shape != theirs.shape:
        return f"logits of the shape {ours.shape}, not {theirs.shape}"
    apart = float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    if not apart <= LOGITS_TOLERANCE:  # written so that NaN is wrong too
        return f"logits {apart:.1e} of their norm apart, at most {LOGITS_TOLERANCE:.0e} may be"
    if not found["losses"]:
        return ""
    first, falls = found["losses"][0], _falls(found)
    if not abs(first - expected["losses"][0]) <= LOGITS_TOLERANCE * expected["losses"][0]:
        return f"a first loss of {first:.6f}, not {expected['losses'][0]:.6f}"
    allowed = DESCENT_TOLERANCE * max(map(abs, _falls(expected)))
    for steps, (fall, wanted) in enumerate(zip(falls, _falls(expected), strict=True), 1):
        if not abs(fall - wanted) <= allowed:
            return f"a loss that falls by {fall:.6f} after {steps} steps, not by {wanted:.6f}"
    return ""


def _falls(answers: Answers) -> list[float]:
    """By how much the loss has fallen after one step, after two and so on."""
    first, *others = answers["losses"]
    return [first - loss for loss in others]
