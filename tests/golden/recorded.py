"""Training a case on an engine, and the file of what came out."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.engines import get_engine
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.graph import Network
from tests.golden.cases import CASES, SEED, STEPS
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pellucid.engines import Precision, Program
    from pellucid.engines.native.target import Target
    from pellucid.graph import Weights
    from pellucid.ops.operation import Array
    from tests.golden.cases import Case

FILE = Path(__file__).with_name("losses.json")


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Attributes:
        losses: Of each step, before its update.
        correct: Images of each step whose largest logit was at the label.
        weights: Digest of weights, statistics and the optimizer's memory after the last.
        logits: Digest of the trained network's answers: a batch, and its first image alone.
    """

    losses: list[float]
    correct: list[int]
    weights: str
    logits: str


def learning_of(case: Case) -> Learning:
    return Learning(case.loss, case.optimizer, seed=SEED)


def outcome(case: Case, program: Program, answering: Callable[[Weights], Program]) -> Outcome:
    """Train a program, and ask what it learned.

    Args:
        case: What it was made of.
        program: Learns.
        answering: Makes a program for inference of weights.
    """
    losses, correct = steps_of(case, program)
    (classes,) = program.graph.output_shape
    images, _ = case.batch(STEPS, classes)
    weights = program.weights()
    answers = answering(weights)
    logits = {"all": answers.forward(images), "alone": answers.forward(images[:1])}
    return Outcome(losses, correct, _digest(weights | program.state()), _digest(logits))


def steps_of(case: Case, program: Program, steps: int = STEPS) -> tuple[list[float], list[int]]:
    """Train a program; each step's loss, and how many of its images were right."""
    (classes,) = program.graph.output_shape
    losses, correct = [], []
    for step in range(steps):
        images, labels = case.batch(step, classes)
        result = program.train_step(images, labels, case.rate)
        losses.append(float(result.loss))
        correct.append(_correct(result.answers, labels))
    return losses, correct


def native_outcome(case: Case, target: Target, threads: int = 2) -> Outcome:
    """The native engine's outcome, in code for a processor that this machine can stand in for."""
    network, learning = case.network(), learning_of(case)

    def load(weights: Mapping[str, Array], learning: Learning | None) -> Program:
        step = step_of(network, learning)
        steps = {} if step is None else {"train": step}
        return NativeProgram(
            Network(network.graph, weights), steps, replace(target, threads=threads)
        )

    return outcome(case, load(network.weights, learning), lambda weights: load(weights, None))


def engine_steps(
    case: Case, engine: str, precision: Precision, steps: int = STEPS
) -> tuple[list[float], list[int]]:
    """What the first steps come to on an engine that is chosen by name."""
    network, learning = case.network(), learning_of(case)
    program = get_engine(engine).load(network, step_of(network, learning), precision=precision)
    return steps_of(case, program, steps)


def _correct(logits: Array, labels: Array) -> int:
    wanted = labels if labels.ndim == 1 else labels.argmax(axis=1)
    return int((logits.argmax(axis=1) == wanted).sum())


def _digest(arrays: dict[str, Array]) -> str:
    found = hashlib.sha256()
    for name in sorted(arrays):
        found.update(f"{name} {arrays[name].shape}".encode() + arrays[name].tobytes())
    return found.hexdigest()[:24]


def processors() -> dict[str, Target]:
    """The kinds of code that this machine runs, by what their bits depend on."""
    from llvmlite import binding as llvm

    own, features = host_target(), llvm.get_host_cpu_features()
    fused = bool(features.get("fma")) or "aarch64" in own.pause
    kinds = {_key(own, fused=fused): own}
    if "x86" in own.pause:
        if features.get("fma"):
            half = replace(own, lanes=8, registers=16)
            kinds.setdefault(_key(half, fused=True), half)
        oldest = replace(own, cpu="nehalem", features="", lanes=4, registers=16)
        kinds.setdefault(_key(oldest, fused=False), oldest)
    return kinds


def _key(target: Target, *, fused: bool) -> str:
    """E.g. ``x86_64, fused multiply-add, 16 lanes``."""
    how = "fused multiply-add" if fused else "multiply and add"
    return f"{target.triple.partition('-')[0]}, {how}, {target.lanes} lanes"


def read() -> dict[str, Any]:
    """By case: the reference's losses in float64, and the native engine's outcomes by key."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def record(name: str, before: dict[str, Any]) -> dict[str, Any]:
    """A case's part of the file, computed now; kinds of code that cannot run here stay."""
    case = CASES[name]
    losses, correct = engine_steps(case, "reference", "float64")
    native = {key: asdict(native_outcome(case, target)) for key, target in processors().items()}
    return {
        "reference": {"losses": losses, "correct": correct},
        "native": {**before.get("native", {}), **native},
    }


def write(cases: dict[str, Any]) -> None:
    """Write the file, each list on one line."""
    text = json.dumps({name: cases[name] for name in CASES if name in cases}, indent=1)
    lines = re.sub(r"\[[^\[\]]*\]", lambda part: " ".join(part[0].split()), text)
    FILE.write_text(lines + "\n", encoding="utf-8")
