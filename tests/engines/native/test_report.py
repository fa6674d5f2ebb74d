"""What the engine tells about its plans agrees with the code it writes, and with arithmetic."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines import get_engine
from pellucid.engines.native.kernels.kernel import Declined
from pellucid.engines.native.report import (
    PlanReport,
    StageReport,
    Timing,
    calls,
    report,
    write_for_report,
)
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.timing import StageTimer, measure
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
)
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_close

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.layers import Block

BATCH = 8


def small_residual() -> Graph:
    """Convolutions of stride 1 and 2, batch norms, an addition."""
    layers: list[Block] = [
        Conv2D(8, 3, padding=1, bias=False),
        BatchNorm(),
        ReLU(),
        Residual(
            [Conv2D(16, 3, stride=2, padding=1, bias=False), BatchNorm()],
            [Conv2D(16, 1, stride=2, bias=False), BatchNorm()],
        ),
        ReLU(),
        GlobalAveragePool(),
        Dense(5),
    ]
    return Sequential(layers).graph((12, 10, 3))


def plan(graph: Graph, *, training: bool, threads: int = 2) -> PlanReport:
    target = host_target(threads)
    return report(graph, target, batch=BATCH, training=training)


def stage(of: PlanReport, schedule: str, name: str) -> StageReport:
    (found,) = [s for s in of.stages if (s.schedule, s.name) == (schedule, name)]
    return found


def test_operations_are_counted_as_in_textbooks() -> None:
    # 28·28·32·9, 14·14·64·9·32, 3136·128, 128·10
    layers = (225_792, 3_612_672, 401_408, 1_280)
    assert plan(GRAPHS["lecture"], training=False).flops == 2 * BATCH * sum(layers)
    # forward, kernel gradient, input gradient; that of the pixels is never wanted
    wanted = 2 * BATCH * (3 * sum(layers) - layers[0])
    assert plan(GRAPHS["lecture"], training=True).flops == wanted


@pytest.mark.parametrize("graph", [*GRAPHS.values(), small_residual()], ids=[*GRAPHS, "residual"])
def test_each_pass_over_the_weights_is_counted_once(graph: Graph) -> None:
    """Stages that only mask, clear, join or copy count nothing, whatever they are called."""
    costs = [
        node.operation.multiply_adds(*graph.inputs_of(node))
        for node in graph.nodes
        if isinstance(node.operation, ops.Conv2D | ops.ConvTranspose2D | ops.Dense)
    ]
    assert plan(graph, training=False).flops == 2 * BATCH * sum(costs)
    assert plan(graph, training=True).flops == 2 * BATCH * (3 * sum(costs) - costs[0])


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("name", ["lecture", "lenet5", "residual"])
def test_tiles_are_those_of_the_code(name: str, training: bool) -> None:
    """A tile's sums are what the innermost loop carries from turn to turn."""
    graph = GRAPHS.get(name) or small_residual()
    target = host_target(2)
    code, _ = write_for_report(graph, target, batch=BATCH, training=training)
    functions = dict(re.findall(r"define void @(\w+)\(.*?\) *\{(.*?)\n\}\n", code.text, re.DOTALL))
    printed = plan(graph, training=training).stages
    tiles = 0
    for (_, call), stage in zip(calls(code, training=training), printed, strict=True):
        if stage.description.tile is None:
            continue
        blocks = re.split(r"\n\w+:\n", functions[call.function])
        carried = max(len(re.findall(r"phi <\d+ x float>", b)) for b in blocks)
        if not carried:  # a sum so short that it is written out
            continue
        rows, vectors = stage.description.tile
        assert rows * vectors == carried, stage.name
        tiles += 1
    assert tiles >= 3


def test_what_a_stage_reads_and_writes() -> None:
    conv = stage(plan(GRAPHS["lecture"], training=False), "forward", "conv1").description
    weights = (9 + 1) * 32 * 4
    assert conv.work.reads == BATCH * 28 * 28 * 4 + weights
    assert conv.work.writes == BATCH * 14 * 14 * 32 * 4  # pooled before it is stored
    assert conv.layout is not None
    assert (conv.layout.height, conv.layout.width, conv.layout.channels) == (14, 14, 32)
    border = conv.layout.border  # for the 3×3 kernel that comes next
    assert (border.top, border.bottom, border.left, border.right) == (1, 1, 1, 1)
    pixels = stage(plan(GRAPHS["lecture"], training=False), "forward", "normalise1").description
    assert pixels.work.reads == BATCH * 28 * 28


def test_training_remembers_the_winners_of_a_pooling() -> None:
    learns = stage(plan(GRAPHS["lecture"], training=True), "learn", "conv1").description
    infers = stage(plan(GRAPHS["lecture"], training=False), "forward", "conv1").description
    assert learns.work.writes - infers.work.writes == BATCH * 14 * 14 * 32  # a byte for each


def test_fused_operations_are_named() -> None:
    conv = stage(plan(GRAPHS["lecture"], training=True), "learn", "conv2")
    assert conv.operations == ("conv2: conv2d", "relu2: relu", "pool2: max_pool")


def test_inference_folds_batch_norms() -> None:
    infers, learns = (plan(small_residual(), training=training) for training in (False, True))
    assert "norm1: batch_norm" in stage(infers, "forward", "conv1").operations
    assert "norm1" not in [stage.name for stage in infers.stages]
    assert stage(learns, "learn", "norm1").operations[0] == "norm1: batch_norm"


def notes(layers: list[Block], schedule: str, name: str, shape: tuple[int, int, int]) -> str:
    graph = Sequential([*layers, Flatten(), Dense(8)]).graph(shape)
    printed = plan(graph, training=schedule != "forward")
    return "; ".join(stage(printed, schedule, name).description.notes)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ([Conv2D(8, 3), MaxPool(3, stride=2, name="alone")], "windows overlap"),
        ([Conv2D(8, 3), MaxPool(2, stride=3, name="alone")], "windows leave positions out"),
        ([Conv2D(8, 3), MaxPool(2, padding="same", name="alone")], "the image is padded"),
        ([Conv2D(8, 3), MaxPool(2, edge="count", name="alone")], "windows may hang over the edge"),
        ([MaxPool(2, name="alone")], "nothing comes before it"),
        (
            [Conv2D(8, 3), Sigmoid(), MaxPool(2, name="alone")],
            "a kernel for sigmoid takes no max_pool along",
        ),
        (
            [Conv2D(8, 3), Residual([Conv2D(8, 1)]), MaxPool(2, name="alone")],
            "conv2d pools behind no addition",
        ),
        (
            [Conv2D(8, 3), MaxPool(2), MaxPool(2, name="alone")],
            "conv2d takes only one max_pool along",
        ),
    ],
)
def test_why_a_pooling_is_alone(layers: list[Block], reason: str) -> None:
    assert reason in notes(layers, "forward", "alone", (11, 9, 1))


def test_why_a_pooling_of_large_windows_is_alone() -> None:
    layers: list[Block] = [Conv2D(8, 3), MaxPool(16, name="alone")]
    assert "a window has 255 positions or more" in notes(layers, "forward", "alone", (20, 18, 1))


def test_large_windows_have_winners_of_four_bytes() -> None:
    learns, infers = (
        plan(Sequential([Conv2D(8, 3), pool, Flatten(), Dense(3)]).graph((34, 34, 1)), training=t)
        for pool, t in ((MaxPool(16), True), (MaxPool(16), False))
    )
    printed = [
        stage(learns, "learn", "pool1").description,
        stage(infers, "forward", "pool1").description,
    ]
    assert printed[0].layout is not None
    pitch = printed[0].layout.pitch  # channels as they lie: whole vectors of this processor
    assert printed[0].work.writes - printed[1].work.writes == 4 * BATCH * 2 * 2 * pitch


def test_the_loss_is_part_of_a_step() -> None:
    printed = plan(GRAPHS["lecture"], training=True)
    order = list(dict.fromkeys(stage.schedule for stage in printed.stages))
    assert order == ["learn", "loss", "backward", "update"]
    loss = stage(printed, "loss", "loss").description
    pitch = -(-10 // host_target().lanes) * host_target().lanes
    assert loss.work.reads == loss.work.writes == BATCH * pitch * 4
    assert loss.layout is not None
    assert loss.layout.channels == 10
    joined = stage(printed, "backward", "sum of loss")
    assert joined.units == 1
    assert joined.description.work.reads == BATCH * 2 * 8
    assert "loss" not in {
        stage.schedule for stage in plan(GRAPHS["lecture"], training=False).stages
    }


def test_why_a_pooling_behind_batch_norm_is_alone() -> None:
    layers: list[Block] = [Conv2D(8, 3), BatchNorm(), MaxPool(2)]
    assert "some positions lie in no window" in notes(layers, "learn", "pool1", (11, 9, 1))
    assert not notes(layers, "learn", "norm1", (12, 10, 1))  # even sizes: pool1 is fused


def test_why_a_relu_is_alone() -> None:
    layers: list[Block] = [Conv2D(8, 3), Residual([ReLU(), Conv2D(8, 1)])]
    assert "2 layers read 'conv1'" in notes(layers, "forward", "relu1", (9, 9, 1))


def test_idle_lanes_are_reported() -> None:
    text = notes([Conv2D(6, 3)], "forward", "conv1", (9, 9, 1))
    # two vectors of 4, one of 8, or half of one of 16
    assert "6 filters in 8 lanes: 25% of them idle" in text


def test_kernel_gradients_too_large_for_partial_sums() -> None:
    text = notes([Conv2D(192, 3)], "backward", "kernel gradient conv1", (5, 5, 128))
    # 16 parts, each with a kernel and biases
    megabytes = 16 * 4 * (9 * 128 + 1) * 192 / 2**20
    assert f"partial sums would take {megabytes:.0f} MB, more than 12 MB" in text
    assert "partial" not in notes([Conv2D(16, 3)], "backward", "kernel gradient conv1", (5, 5, 1))


def test_threads_without_work_are_reported() -> None:
    printed = stage(plan(GRAPHS["lecture"], training=True, threads=3), "update", "update dense2")
    assert "cut into 2, so that 2 of 3 threads work" in printed.description.notes


def test_a_declined_network_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def decline(*_: object, **__: object) -> None:
        raise Declined("there is no kernel for the loss of this test")

    monkeypatch.setattr("pellucid.engines.native.report.write", decline)
    printed = plan(GRAPHS["lecture"], training=True)
    assert printed.declined == "there is no kernel for the loss of this test"
    assert printed.stages == ()
    assert json.loads(json.dumps(printed.to_dict()))["declined"] == printed.declined


@pytest.mark.parametrize("name", ["lecture", "every operation", "residual"])
def test_stages_one_by_one_compute_what_a_program_computes(name: str) -> None:
    graph = GRAPHS.get(name) or small_residual()
    images, _ = batch(graph, BATCH)
    target = host_target(2)
    apart = StageTimer(network(graph), images, target, training=False)
    for run in apart.stages:
        run()
    answer = apart.code.place_of(graph.output)
    found = answer.layout.view(apart.memory, answer.offset, BATCH)
    expected = get_engine("reference").load(network(graph)).forward(images)
    assert_close(name, found.reshape(expected.shape), expected, TOLERANCES["float32"])


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_timing_runs_every_stage(training: bool) -> None:
    graph = small_residual()
    given = network(graph)
    before = {name: array.copy() for name, array in given.weights.items()}
    timing = measure(given, host_target(2), batch=BATCH, training=training, repeats=2)
    printed = plan(graph, training=training).timed(timing)
    assert [stage.seconds for stage in printed.stages] == timing.stages
    assert min(*timing.stages, timing.whole, timing.peak) > 0
    for name, array in given.weights.items():
        np.testing.assert_array_equal(array, before[name])
    values = json.loads(json.dumps(printed.to_dict()))
    assert values["flops"] == printed.flops
    assert len(values["stages"]) == len(printed.stages)
    assert {"kernel", "tile", "layout", "flops", "seconds", "notes"} <= values["stages"][0].keys()


def test_times_must_be_those_of_the_plan() -> None:
    with pytest.raises(ValueError, match="shorter"):
        plan(small_residual(), training=False).timed(Timing([0.1], 0.1, 1.0))
