"""Who computes something else is found out, before anything is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from benchmarks.check import Answers, answers, disagreement
from benchmarks.contenders import CONTENDERS, entry
from benchmarks.ideas import IDEAS, Idea
from benchmarks.measure import ROOT, check, environment
from benchmarks.outlines import outline, weight_shapes
from benchmarks.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHERS = [
    name
    for name, entry in CONTENDERS.items()
    if name != "reference" and not entry.cold_only and not entry.only and entry.installed
]
APART = {"jax", "keras", "openvino"}
"""Packages that only a process of its own imports: they start threads, or read its variables."""

QUICKLY = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
"""XLA takes longer to compile networks for a few steps than everything else together."""


@pytest.fixture(autouse=True)
def denormal_numbers_afterwards() -> Iterator[None]:
    """Contenders let this thread flush them to zero, which other tests must not find so."""
    yield
    torch.set_flush_denormal(False)
    assert np.float32(1e-40) * np.float32(0.5) > 0


@cache
def expected(workload: str) -> Answers:
    return answers("reference", WORKLOADS[workload], threads=1)


def workloads(contender: str) -> tuple[str, ...]:
    """What a contender computes here: our own engines are compared elsewhere."""
    chosen = entry(contender)
    if chosen.programs:
        return ("lecture28",)  # whose compiler takes longer for each layer than all others together
    return ("lenet5", "vggsmall", "resnet20") if chosen.peer else ("lenet5",)


@cache
def answers_apart(contender: str) -> dict[str, Answers]:
    """What a process of its own finds for all workloads: importing takes much of its time."""
    with TemporaryDirectory() as files:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.answers", contender, *workloads(contender)],
            env=environment(1, Path(files), entry(contender).environment) | QUICKLY,
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Answers] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("contender", "workload"), [(name, workload) for name in OTHERS for workload in workloads(name)]
)
def test_all_contenders_compute_the_same(contender: str, workload: str) -> None:
    chosen = CONTENDERS[contender]
    if APART & {*chosen.packages} or chosen.programs:  # whose compiler uses what is deprecated
        found = answers_apart(contender)[workload]
    else:
        found = answers(contender, WORKLOADS[workload], threads=1)
    assert disagreement(found, expected(workload)) == ""
    assert len(found["losses"]) == (3 if chosen.trains else 0)


@pytest.mark.parametrize("contender", ["native", "pytorch"])
def test_mobile_networks_are_the_same_in_small(contender: str) -> None:
    small = replace(WORKLOADS["efficientnet-lite0"], input_shape=(64, 64, 3))
    wanted = answers("reference", small, threads=1)
    assert disagreement(answers(contender, small, threads=1), wanted) == ""


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_outlines_have_the_weights_of_the_package(workload: Workload) -> None:
    shapes = weight_shapes(outline(workload.name, workload.classes), workload.input_shape)
    expected: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, parameter in workload.graph.parameters.items():
        layer, _, part = str(name).partition(".")
        expected.setdefault(layer, {})[part] = parameter.shape
    assert shapes == list(expected.values())


@pytest.mark.parametrize("idea", IDEAS, ids=lambda idea: idea.contender)
def test_the_engine_computes_the_same_without_any_idea(idea: Idea, tmp_path: Path) -> None:
    name = f"benchmarks.contenders.without:{idea.contender}"
    workload = "lecture28" if idea.contender == "Winograd" else "lenet5"  # whose kernels are 5×5
    found = check(name, workload, 1, tmp_path)  # in a process of its own, since it is patched
    assert disagreement(found, expected(workload)) == ""


def test_a_wrong_gradient_is_found() -> None:
    wrong = answers("tests.benchmarks.fake:WrongGradient", WORKLOADS["lenet5"], threads=1)
    assert "a loss that falls by" in disagreement(wrong, expected("lenet5"))


def test_wrong_logits_and_losses_are_found() -> None:
    right = expected("lenet5")
    assert disagreement(right, right) == ""
    logits, first, shape = deepcopy(right), deepcopy(right), deepcopy(right)
    logits["logits"][1][2] += 0.01
    assert "of their norm apart" in disagreement(logits, right)
    logits["logits"][1][2] = float("nan")
    assert "of their norm apart" in disagreement(logits, right)
    first["losses"] = (1.01 * np.array(right["losses"])).tolist()
    assert "a first loss of" in disagreement(first, right)
    shape["logits"].pop()
    assert "logits of the shape" in disagreement(shape, right)
