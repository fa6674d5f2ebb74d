"""Who computes something else is found out, before anything is measured."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from benchmarks.check import Answers, answers, disagreement
from benchmarks.contenders import CONTENDERS
from benchmarks.ideas import IDEAS, Idea
from benchmarks.measure import check
from benchmarks.outlines import outline, weight_shapes
from benchmarks.workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHERS = [
    name
    for name, entry in CONTENDERS.items()
    if name != "reference" and not entry.cold_only and not entry.only and entry.installed
]
APART = {"jax", "keras", "openvino"}
"""Packages that only a process of its own imports: they start threads, or read its variables."""


@pytest.fixture(autouse=True)
def denormal_numbers_afterwards() -> Iterator[None]:
    """Contenders let this thread flush them to zero, which other tests must not find so."""
    yield
    torch.set_flush_denormal(False)
    assert np.float32(1e-40) * np.float32(0.5) > 0


@cache
def expected(workload: str) -> Answers:
    return answers("reference", WORKLOADS[workload], threads=1)


@pytest.mark.parametrize(
    ("contender", "workload"),
    [
        (name, workload)
        for name in OTHERS
        for workload in ("lenet5", "vggsmall", "resnet20")
        if workload == "lenet5" or (CONTENDERS[name].peer and not CONTENDERS[name].programs)
    ],
)
def test_all_contenders_compute_the_same(contender: str, workload: str, tmp_path: Path) -> None:
    if APART & {*CONTENDERS[contender].packages}:
        found = check(contender, workload, 1, tmp_path)
    else:
        found = answers(contender, WORKLOADS[workload], threads=1)
    assert disagreement(found, expected(workload)) == ""
    assert len(found["losses"]) == (3 if CONTENDERS[contender].trains else 0)


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
