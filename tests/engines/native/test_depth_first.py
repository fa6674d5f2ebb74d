"""Images one by one through a network's beginning, together through its end: to the same bits."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines.native import compile as compiling
from pellucid.engines.native.emit.schedule_builder import INFER, SINGLE, STEP
from pellucid.engines.native.lower.depth_first import one_by_one
from pellucid.graph.fold import fold
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Sequential,
)
from tests.engines.native.programs import SMALL, compiled, digest, native, train
from tests.engines.native.test_banded import every_kind
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.networks import GRAPHS, batch

if TYPE_CHECKING:
    from pellucid.engines.native.program import NativeProgram
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array


def crossing() -> Graph:
    """The cut goes through both ways of a shortcut, and several values cross it."""
    return Sequential(
        [
            Conv2D(20, 3, padding="same", name="first"),
            ReLU(),
            Parallel(
                [
                    [Conv2D(7, 1)],
                    [Conv2D(9, 3, padding="same")],
                    [MaxPool(3, stride=1, padding="same")],
                ]
            ),
            MaxPool(4, name="reduced"),
            Residual([Conv2D(36, 3, padding="same", bias=False, name="late"), BatchNorm()]),
            ReLU(),
            Flatten(),
            Dense(30),
            Dense(4),
        ]
    ).graph((17, 14, 3))


NETWORKS = {
    "crossing": crossing(),
    "bottlenecks": every_kind(),
    "lecture": GRAPHS["lecture"],
    "every operation": GRAPHS["every operation"],
}


def alone(program: NativeProgram, schedule: str = INFER[0]) -> list[bool]:
    """Which stages images go through one by one."""
    calls = compiled(program)._code.plan.builder.calls[schedule]
    return [call.one_by_one for call in calls]


@pytest.mark.parametrize("name", ["lecture", "resnet20", "squeezenet", "mobilenet-v2"])
def test_as_little_is_read_and_written_as_can_be(name: str) -> None:
    graph = fold(get_architecture(name)(10).graph((64, 64, 3))).graph
    weighted = [node for node in graph.nodes if node.operation.parameters(*graph.inputs_of(node))]

    def cost(count: int) -> int:
        """Numbers read and written for an image, of those that are counted."""
        before = {node.name for node in graph.nodes[:count]}
        found = 0
        for node in weighted:
            shapes = graph.inputs_of(node)
            weights = node.operation.parameters(*shapes).values()
            through = sum(map(prod, shapes)) + prod(graph.shapes[node.name])
            found += sum(prod(w.shape) for w in weights) if node.name in before else through
        return found

    count = len(one_by_one(graph))
    assert one_by_one(graph) == {node.name for node in graph.nodes[:count]}
    assert 0 < count < len(graph.nodes)
    assert cost(count) == min(map(cost, range(len(graph.nodes) + 1)))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_bits(monkeypatch: pytest.MonkeyPatch, name: str, threads: int) -> None:
    """Of any number of images, bytes and floats; in memory with nothing in it but NaN."""
    graph = NETWORKS[name]
    images, _ = batch(graph, 7)
    program = native(graph, learning=None, threads=threads)
    poison_new(program)
    marks = alone(program)
    assert any(marks)
    assert marks == sorted(marks, reverse=True)
    found: list[Array] = []
    for count in (7, 2, 1, 5):
        for pixels in (images[:count], images[:count] + np.float32(0.25)):
            found.append(program.forward(pixels))
            poison_used(program)
    monkeypatch.setattr(compiling, "regions_one_by_one", lambda *_: 0)
    together = native(graph, learning=None, threads=threads)
    assert not any(alone(together))
    for count in (7, 2, 1, 5):
        for pixels in (images[:count], images[:count] + np.float32(0.25)):
            assert found.pop(0).tobytes() == together.forward(pixels).tobytes()


def test_the_cut_goes_through_branches() -> None:
    program = native(crossing(), learning=None)
    plan = compiled(program)._code.plan
    marks = alone(program)
    assert 0 < sum(marks) < len(marks)
    crossing_ = {region.target for region in plan.regions[: sum(marks)]} - plan.passing
    assert len(crossing_) == 1
    assert plan.passing


def test_what_passes_has_room_for_one_image_a_thread() -> None:
    program = native(GRAPHS["lecture"], learning=None, threads=3)
    plan = compiled(program)._code.plan
    sizes = {name: size for name, (_, size) in plan.arena.names.items()}
    passing = [name for name in plan.passing if f"value {name}" in sizes]
    assert passing
    for name in passing:
        layout = plan.values[name].layout
        assert layout.bytes(3) <= sizes[f"value {name}"] < layout.bytes(4)


def test_learning_keeps_all_values_and_the_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Norms, bands that are not made, shortcuts, dropout; threads of unequal parts."""
    runs: list[list[str]] = []
    for graph in (SMALL, crossing(), every_kind()):
        digests = []
        for together in (False, True):
            if together:
                monkeypatch.setattr(compiling, "light", lambda *_: frozenset())
            program = native(graph, threads=2)
            train(program, 3, 5)
            plan = compiled(program)._code.plan
            assert not plan.passing
            step = plan.builder.schedules[STEP[0]]
            digests.append(digest(program))
            assert any(call.one_by_one for call in step) != together
            names = [call.name for call in step]
            runs.append(names)
        monkeypatch.undo()
        assert digests[0] == digests[1]
    assert runs[0] == runs[1]


def test_the_larger_gradient_comes_last() -> None:
    graph = Sequential(
        [
            Conv2D(4, 1, bias=False, name="first"),
            BatchNorm(),
            Conv2D(30, 1, bias=False, name="widens"),
            BatchNorm(),
            Conv2D(5, 1, bias=False, name="narrows"),
            BatchNorm(),
            Conv2D(3, 1, name="masked"),
            ReLU(),
            Flatten(),
            Dense(4),
        ]
    ).graph((9, 8, 3))
    step = compiled(native(graph))._code.plan.builder.schedules[STEP[0]]
    names = [call.name for call in step]
    for name, kernel_first in (("widens", False), ("narrows", True), ("masked", False)):
        kernel, back = (
            names.index(f"{what} {name}") for what in ("kernel gradient", "back through")
        )
        assert (kernel < back) == kernel_first


def test_a_single_image_is_cut_otherwise() -> None:
    program = native(GRAPHS["lecture"], learning=None, threads=2)
    assert not any(alone(program, SINGLE[0]))
