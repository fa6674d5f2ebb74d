"""Inverted bottlenecks whose middle stays in the caches: the bits of the three one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.kernels import banded, bottleneck, registry
from pellucid.engines.native.kernels.bottleneck import Bottleneck
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.report import report
from pellucid.graph import INPUT, Graph
from pellucid.graph.fold import fold
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Residual, Sequential
from tests.engines.native.programs import compiled, native
from tests.engines.native.test_banded import (
    TARGET,
    answers,
    assert_same,
    depthwise,
    every_kind,
    kernels_of,
    weighted,
)
from tests.engines.native.test_targets import PROCESSORS, WASM, here
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from collections.abc import Collection

NARROWED = {f"{name}-project" for name in "abcdef"}


@pytest.fixture(autouse=True)
def small_networks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bottleneck, "LARGE", 1)


def taken(graph: Graph, wanted: Collection[str] = (), *, training: bool = False) -> set[str]:
    kernels = kernels_of(graph, wanted, training=training)
    return {name for name, kernel in kernels.items() if kernel == "Bottleneck"}


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the kernel out."""
    others = tuple(kernel for kernel in registry.KERNELS if kernel is not Bottleneck)
    monkeypatch.setattr(registry, "KERNELS", others)


@pytest.mark.parametrize(("threads", "floats"), [(2, 1), (3, 5000), (4, 1 << 20)])
def test_the_bits_of_the_three_one_by_one(
    monkeypatch: pytest.MonkeyPatch, threads: int, floats: int
) -> None:
    """One row of outputs at a time, some, all; a single image cut for several threads."""
    monkeypatch.setattr(single_image, "WORTH_MEETING", 0)
    monkeypatch.setattr(single_image, "WORTH_WAKING", 0)
    monkeypatch.setattr(bottleneck, "ROOM", floats)
    monkeypatch.setattr(banded, "BAND", 1)
    graph = every_kind()
    assert taken(graph) == NARROWED
    (images, _), weights = batch(graph, 5), network(graph).weights
    together = answers(graph, weights, images, threads)
    one_by_one(monkeypatch)
    assert not taken(graph)
    assert_same(together, answers(graph, weights, images, threads))


@pytest.mark.parametrize("kind", here())
def test_for_vectors_of_any_width(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(bottleneck, "ROOM", 5000)
    graph = every_kind()
    images, _ = batch(graph, 3)
    target = replace(here()[kind], threads=2)
    together = NativeProgram(network(graph), {}, target).forward(images)
    one_by_one(monkeypatch)
    apart = NativeProgram(network(graph), {}, target).forward(images)
    assert_same(together, apart)


@pytest.mark.parametrize("name", [*PROCESSORS, "WebAssembly"])
def test_written_for(name: str) -> None:
    target = (PROCESSORS | {"WebAssembly": WASM})[name]
    code = write(fold(every_kind()).graph, target, capacity=4)
    assert object_code(code.text, target)


def test_its_values_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def names() -> set[str]:
        plan = compiled(native(every_kind(), learning=None))._code.plan
        return {name for name in plan.arena.names if name.startswith("value ")}

    with_it = names()
    one_by_one(monkeypatch)
    assert len(names() - with_it) == len(NARROWED)


def test_a_value_that_is_asked_for_is_made_whole() -> None:
    graph = every_kind()
    program = native(graph, learning=None)
    images, _ = batch(graph, 4)
    answer, whole = program.forward(images), program.values(images)
    assert_same(whole[graph.output], answer)
    for names in ({"a-bound"}, {"a-depthwise"}, {"a-project"}, {"b-norm", "b-depthwise"}):
        asked_within = {f"{name[0]}-project" for name in names} - names
        assert taken(graph, names) == NARROWED - asked_within
        outputs = Graph(graph.inputs, graph.nodes, {name: name for name in names})
        for name, value in program.run(outputs, {INPUT: images}).items():
            assert_same(value, whole[name])


def test_declines() -> None:
    """Where it reads more than a position or skips some, and where the middle is needed."""
    graph = Sequential(
        [
            Conv2D(24, 1),
            depthwise(24, 3, "1", padding="same"),
            Conv2D(24, 1, name="not-narrower"),
            depthwise(24, 3, "2", padding="same"),
            Conv2D(8, 3, name="of-windows"),
            Conv2D(24, 1),
            depthwise(24, 3, "3"),
            Conv2D(8, 1, stride=2, name="skips"),
            Conv2D(24, 1),
            depthwise(24, 3, "4", padding="same"),
            Conv2D(8, 1, padding=1, name="beyond-the-edge"),
            Conv2D(24, 1),
            depthwise(24, 3, "5", padding="same"),
            Residual([Conv2D(24, 1), Conv2D(24, 1)]),
            MaxPool(2),
            depthwise(24, 3, "6", padding="same"),
            Conv2D(8, 1, name="behind-a-pooling"),
            Conv2D(24, 1),
            depthwise(24, 3, "7", padding="same"),
            ReLU(),
            Conv2D(8, 1, name="taken"),
            MaxPool(2),
            Flatten(),
            Dense(3),
        ]
    ).graph((24, 24, 3))
    assert taken(graph) == {"taken"}
    assert not taken(graph, training=True)
    regions = {region.name: region for region in lower(graph, TARGET, training=False).regions}
    refused = ("not-narrower", "of-windows", "skips", "beyond-the-edge", "behind-a-pooling")
    reasons = [Bottleneck.declines(regions[name], TARGET) for name in refused]
    assert all(reasons)
    assert len(set(reasons)) == len(refused) - 1


def test_where_an_images_middle_leaves_the_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    graph = get_architecture("efficientnet-lite0")(10).graph((224, 224, 3))
    blocks = (*range(1, 6), *range(7, 12))
    assert taken(graph) == {f"block{number}-project" for number in blocks}


def test_is_reported_as_one_stage() -> None:
    graph = every_kind()
    plan = report(graph, TARGET, batch=2, training=False)
    (stage,) = [stage for stage in plan.stages if stage.name == "a-project"]
    kinds = [layer.partition(": ")[2] for layer in stage.operations]
    assert [kind for kind in kinds if kind.startswith("conv")] == ["conv2d"] * 3
    assert plan.flops == sum(
        2 * 2 * node.operation.multiply_adds(*graph.inputs_of(node)) for node in weighted(graph)
    )


def test_rows_fit_the_room() -> None:
    graph = fold(get_architecture("efficientnet-lite0")(10).graph((224, 224, 3))).graph
    for target in PROCESSORS.values():
        kernels = write(graph, replace(target, threads=2), capacity=4).plan.kernels.values()
        found = [kernel for kernel in kernels if isinstance(kernel, Bottleneck)]
        assert found
        for kernel in found:
            layout = kernel.middle
            bands = kernel.depthwise.maker.packing.blocks * kernel.bands.floats
            assert np.prod([layout.height, layout.width, layout.pitch]) + bands <= bottleneck.ROOM
