"""Depthwise convolutions that make what they read, band by band: the bits of the two one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.kernels import banded, registry
from pellucid.engines.native.kernels.banded import BandedDepthwise
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.report import report
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.wanted import Wanted
from pellucid.graph import INPUT, Graph, Node
from pellucid.graph.fold import fold
from pellucid.layers import (
    BatchNorm,
    Clip,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
)
from tests.engines.native.programs import compiled, native
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.native.test_targets import PROCESSORS, WASM, here
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pellucid.layers import Block
    from pellucid.ops.operation import Array

TARGET = host_target()


def depthwise(channels: int, size: int, name: str, **keywords: object) -> Block:
    return Conv2D(channels, size, groups=channels, name=name, **keywords)  # type: ignore[arg-type]


def bottleneck(name: str, widened: int, size: int, **keywords: object) -> list[Block]:
    """As in MobileNet 2: widen, a depthwise convolution, narrow."""
    return [
        Conv2D(widened, 1, bias=False, name=f"{name}-expand"),
        BatchNorm(name=f"{name}-norm"),
        ReLU6(name=f"{name}-bound"),
        depthwise(widened, size, f"{name}-depthwise", **keywords),
        ReLU6(),
        Conv2D(10, 1, name=f"{name}-project"),
    ]


def every_kind() -> Graph:
    """Kernels of all sizes, strides, dilations, paddings; partial vectors, positions left out."""
    return Sequential(
        [
            Conv2D(6, 3, stride=(2, 1), padding="same", name="stem"),
            ReLU(),
            depthwise(6, 3, "first", padding="same"),
            *bottleneck("a", 40, 3, padding="same"),
            Residual(bottleneck("b", 33, 5, padding="same")),
            *bottleneck("c", 48, 3, stride=2, padding="same"),
            *bottleneck("d", 17, 3, padding=((3, 1), (0, 2)), dilation=(2, 1)),
            *bottleneck("e", 16, 1, stride=(2, 1)),
            *bottleneck("f", 16, 2, stride=(1, 3), padding=((0, 4), (2, 1))),
            GlobalAveragePool(),
            Dense(5),
        ]
    ).graph((46, 15, 2))


BANDED = {f"{name}-depthwise" for name in "abcdef"} | {"first"}


def kernels_of(
    graph: Graph, wanted: Collection[str] = (), *, training: bool = False
) -> dict[str, str]:
    """Which kernel computes each anchor."""
    folded = fold(graph, wanted)
    names = frozenset(folded.makers[name] for name in wanted)
    regions = lower(folded.graph, TARGET, wanted=Wanted(values=names), training=training).regions
    return {region.name: region.kernel.__name__ for region in regions}


def assert_same(actual: Array, expected: Array) -> None:
    assert actual.tobytes() == expected.tobytes()


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the kernel out."""
    others = tuple(kernel for kernel in registry.KERNELS if kernel is not BandedDepthwise)
    monkeypatch.setattr(registry, "KERNELS", others)


def answers(graph: Graph, weights: Mapping[str, Array], images: Array, threads: int) -> Array:
    """In a batch and one by one, also in memory with nothing in it but NaN."""
    program = native(graph, learning=None, threads=threads)
    poison_new(program)
    program.set_weights(weights)
    together = program.forward(images)
    poison_used(program)
    alone = np.concatenate([program.forward(image[None]) for image in images])
    assert_same(alone, together)
    return together


@pytest.mark.parametrize(("threads", "floats"), [(2, 1), (3, 600), (4, 1 << 20)])
def test_the_bits_of_the_two_one_by_one(
    monkeypatch: pytest.MonkeyPatch, threads: int, floats: int
) -> None:
    """In bands of one row of outputs, of some, of all; a single image cut for several threads."""
    monkeypatch.setattr(single_image, "WORTH_MEETING", 0)
    monkeypatch.setattr(single_image, "WORTH_WAKING", 0)
    monkeypatch.setattr(banded, "BAND", floats)
    graph = every_kind()
    assert {
        name for name, kernel in kernels_of(graph).items() if kernel == "BandedDepthwise"
    } == BANDED
    (images, _), weights = batch(graph, 5), network(graph).weights
    together = answers(graph, weights, images, threads)
    one_by_one(monkeypatch)
    assert "BandedDepthwise" not in kernels_of(graph).values()
    assert_same(together, answers(graph, weights, images, threads))


@pytest.mark.parametrize("kind", here())
def test_for_vectors_of_any_width(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
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
    graph = every_kind()
    names = compiled(native(graph, learning=None))._code.plan.arena.names
    for name in BANDED - {"first"}:
        block = name.removesuffix("-depthwise")
        assert not any(f"value {block}-{part}" in names for part in ("expand", "norm", "bound"))
    one_by_one(monkeypatch)
    before = compiled(native(graph, learning=None))._code.plan.arena.names
    assert "value a-bound" in before


def test_a_value_that_is_asked_for_is_made_whole() -> None:
    graph = every_kind()
    program = native(graph, learning=None)
    images, _ = batch(graph, 4)
    answer, whole = program.forward(images), program.values(images)
    assert_same(whole[graph.output], answer)
    for names in ({"a-bound"}, {"a-depthwise"}, {"b-norm", "b-depthwise"}):
        assert kernels_of(graph, names)["a-depthwise"] == (
            "Depthwise" if "a-bound" in names else "BandedDepthwise"
        )
        outputs = Graph(graph.inputs, graph.nodes, {name: name for name in names})
        for name, value in program.run(outputs, {INPUT: images}).items():
            assert_same(value, whole[name])


def test_declines() -> None:
    """Where what it reads is needed elsewhere, was pooled, or comes from no convolution."""
    graph = Sequential(
        [
            Conv2D(8, 1, name="a"),
            MaxPool(2),
            depthwise(8, 3, "behind-a-pooling"),
            Residual([depthwise(8, 3, "read-twice", padding="same")]),
            depthwise(8, 3, "behind-an-addition"),
            Clip(1.0, 6.0),
            depthwise(8, 3, "behind-a-clip"),
            Conv2D(8, 1),
            depthwise(8, 3, "taken"),
            Flatten(),
            Dense(3),
        ]
    ).graph((24, 24, 3))
    found = kernels_of(graph)
    refused = ["behind-a-pooling", "read-twice", "behind-an-addition", "behind-a-clip"]
    assert {name: found[name] for name in refused} == dict.fromkeys(refused, "Depthwise")
    assert found["taken"] == "BandedDepthwise"
    assert "BandedDepthwise" not in kernels_of(graph, training=True).values()
    reasons = [
        stage.declined["BandedDepthwise"]
        for stage in report(graph, TARGET, batch=2, training=False).stages
        if stage.computed_by == "Depthwise"
    ]
    assert len(reasons) == len(refused)
    assert all(reasons)


def test_is_reported_as_one_stage() -> None:
    graph = every_kind()
    plan = report(graph, TARGET, batch=2, training=False)
    (stage,) = [stage for stage in plan.stages if stage.name == "a-depthwise"]
    kinds = [layer.partition(": ")[2] for layer in stage.operations]
    assert [kind for kind in kinds if kind.startswith("conv")] == ["conv2d", "conv2d"]
    counted = sum(
        2 * 2 * node.operation.multiply_adds(*graph.inputs_of(node)) for node in weighted(graph)
    )
    assert plan.flops == counted


def weighted(graph: Graph) -> list[Node]:
    """The convolutions and dense layers."""
    return [node for node in graph.nodes if isinstance(node.operation, ops.Conv2D | ops.Dense)]
