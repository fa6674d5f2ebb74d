"""The networks that are measured are those of the textbooks: parameters and multiply-adds."""

from __future__ import annotations

import math

import pytest
from benchmarks.workloads import WORKLOADS

# Worked out by hand, layer by layer.
LENET5 = (25 + 1) * 6 + (150 + 1) * 16 + (400 + 1) * 120 + (120 + 1) * 84 + (84 + 1) * 10
LECTURE28 = (9 + 1) * 32 + (288 + 1) * 64 + (3136 + 1) * 128 + (128 + 1) * 10
LECTURE64 = (27 + 1) * 32 + (288 + 1) * 64 + (16384 + 1) * 128 + (128 + 1) * 2
VGGSMALL = (
    9 * (3 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128)
    + 2 * 2 * (32 + 64 + 128)
    + (2048 + 1) * 10
)
RESNET20 = (
    9 * (3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32 * 32 + 32 * 64 + 5 * 64 * 64)
    + 16 * 32 + 32 * 64  # the two shortcuts
    + 2 * (7 * 16 + 7 * 32 + 7 * 64)
    + (64 + 1) * 10
)  # fmt: skip
PHOTO128 = (
    9 * (3 * 32 + 32 * 64 + 64 * 128 + 128 * 256) + 2 * (32 + 64 + 128 + 256) + (256 + 1) * 10
)
PARAMETERS = {
    "lenet5": LENET5,
    "lecture28": LECTURE28,
    "lecture64": LECTURE64,
    "vggsmall": VGGSMALL,
    "resnet20": RESNET20,
    "photo128": PHOTO128,
    "efficientnet-lite0": 4_652_008,  # as published: 4.65 million
}


def test_all_workloads_are_here() -> None:
    assert WORKLOADS.keys() == PARAMETERS.keys()


@pytest.mark.parametrize("name", WORKLOADS)
def test_parameters(name: str) -> None:
    workload = WORKLOADS[name]
    parameters = workload.graph.parameters.values()
    found = sum(math.prod(p.shape) for p in parameters if p.trainable)
    assert found == PARAMETERS[name]
    assert workload.graph.output_shape == (workload.classes,)


def test_resnet20_is_as_large_as_its_paper_says() -> None:
    assert round(RESNET20 / 1e6, 2) == 0.27  # He et al. 2015, table 6
    assert round(WORKLOADS["resnet20"].forward_flops / 2e6) == 41


def test_lite0_is_as_large_as_published() -> None:
    """385 million multiply-adds."""
    assert round(WORKLOADS["efficientnet-lite0"].forward_flops / 2e6) == 385


def test_flops_of_a_step_leave_out_the_gradient_of_the_pixels() -> None:
    layers = [28 * 28 * 32 * 9, 14 * 14 * 64 * 288, 3136 * 128, 128 * 10]
    lecture = WORKLOADS["lecture28"]
    assert lecture.forward_flops == 2 * sum(layers)
    assert lecture.training_flops == 2 * (3 * sum(layers) - layers[0])


@pytest.mark.parametrize("name", WORKLOADS)
def test_pytorch_has_the_same_network(name: str) -> None:
    from benchmarks.contenders.pytorch import build

    workload = WORKLOADS[name]
    model = build(name, workload.input_shape[2], workload.classes)
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS[name]
