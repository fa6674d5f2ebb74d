"""Additions behind convolutions: made with these, to the bits of two stages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.kernels import bottleneck
from pellucid.engines.native.kernels.join import Add
from pellucid.engines.native.lower import regions
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.wanted import Wanted
from pellucid.files import Model
from pellucid.graph import INPUT, Graph, Node
from pellucid.graph.fold import fold
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    GlobalAveragePool,
    LeakyReLU,
    MaxPool,
    Normalise,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Tanh,
)
from pellucid.quantisation import quantise
from pellucid.quantisation.bfloat16 import to_bfloat16
from tests.engines.native.programs import compiled, native
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.native.test_targets import PROCESSORS, WASM, here
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from collections.abc import Collection

    from pellucid.engines.native.kernels.region import Region
    from pellucid.graph import Network
    from pellucid.layers import Block
    from pellucid.ops.operation import Array, Operation

TARGET = host_target()


def three(filters: int, name: str, **keywords: object) -> Block:
    return Conv2D(filters, 3, name=name, **{"padding": "same", **keywords})  # type: ignore[arg-type]


def every_kind() -> Graph:
    """Behind convolutions of all kernels, dense layers, with and without a function behind.

    The other branch lies as the result does, or with another border; partial and whole vectors.
    """
    return Sequential(
        [
            Normalise([100.0, 120.0, 90.0], [60.0, 70.0, 80.0]),
            Residual([three(3, "few")], name="to-pixels"),
            ReLU(),
            Conv2D(17, 5, padding="same", name="stem"),
            ReLU(),
            Residual([three(19, "a"), ReLU(), three(17, "tiles")], name="behind-tiles"),
            ReLU6(),
            Residual([Conv2D(17, 1, name="narrow")], name="behind-one-position"),
            MaxPool(2),
            Residual(
                [three(40, "b", stride=2), BatchNorm(), ReLU(), three(72, "small-tiles")],
                [Conv2D(72, 1, stride=2, name="shortcut", bias=False), BatchNorm()],
                name="behind-the-shortcut",
            ),
            Tanh(),
            Residual(
                [
                    Conv2D(90, 1, name="widened"),
                    ReLU6(),
                    Conv2D(90, 3, groups=90, padding="same", name="depthwise"),
                    Conv2D(72, 1, name="narrowed"),
                ],
                name="behind-a-bottleneck",
            ),
            LeakyReLU(0.1),
            Residual([three(72, "wide", dilation=2)], name="dilated"),
            Residual([three(72, "wide-tiles")], name="behind-wide-tiles"),
            GlobalAveragePool(),
            Residual([Dense(72, name="units")], name="behind-units"),
            ReLU(),
            Dense(5),
        ]
    ).graph((31, 26, 3))


FUSED = {
    "few", "tiles", "narrow", "shortcut", "narrowed", "wide", "wide-tiles", "units",
}  # fmt: skip

IMAGES = 53
"""Of each of two threads as many as a tile of a dense layer takes together, and some."""


@pytest.fixture(autouse=True)
def small_networks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bottleneck, "LARGE", 1)


def taken(graph: Graph, wanted: Collection[str] = (), *, training: bool = False) -> set[str]:
    """The anchors that take an addition along."""
    folded = fold(graph, wanted)
    names = frozenset(folded.makers[name] for name in wanted)
    found = lower(folded.graph, TARGET, wanted=Wanted(values=names), training=training).regions
    return {region.name for region in found if region.addend is not None}


def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let additions be stages of their own."""
    followed = regions._Lowering._followed

    def alone(self: regions._Lowering, region: Region, node: Node) -> Region | None:
        return None if isinstance(node.operation, ops.Add) else followed(self, region, node)

    monkeypatch.setattr(regions._Lowering, "_followed", alone)


def assert_same(actual: Array, expected: Array) -> None:
    assert actual.tobytes() == expected.tobytes()


def answers(net: Network, images: Array, threads: int) -> Array:
    """In a batch and one by one, also in memory with nothing in it but NaN."""
    program = NativeProgram(net, {}, replace(TARGET, threads=threads))
    poison_new(program)
    program.set_weights(net.weights)
    together = program.forward(images)
    poison_used(program)
    alone = np.concatenate([program.forward(image[None]) for image in images])
    assert_same(alone, together)
    return together


@pytest.mark.parametrize("threads", [2, 3])
def test_the_bits_of_two_stages(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """In batches, and single images cut for several threads, by rows and by blocks of filters."""
    monkeypatch.setattr(single_image, "WORTH_MEETING", 0)
    monkeypatch.setattr(single_image, "WORTH_WAKING", 0)
    net = network(every_kind())
    assert taken(net.graph) == FUSED
    images, _ = batch(net.graph, IMAGES)
    together = answers(net, images, threads)
    apart(monkeypatch)
    assert not taken(net.graph)
    assert_same(together, answers(net, images, threads))


@pytest.mark.parametrize("kind", here())
def test_for_vectors_of_any_width(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    net, target = network(every_kind()), replace(here()[kind], threads=2)
    images, _ = batch(net.graph, 3)
    together = NativeProgram(net, {}, target).forward(images)
    apart(monkeypatch)
    assert_same(together, NativeProgram(net, {}, target).forward(images))


def test_what_is_added_fills_whole_vectors() -> None:
    """Also pixels, which convolutions read one by one: what fills them up stays zero in the sum."""
    plan = compiled(native(every_kind(), learning=None))._code.plan
    for region in plan.regions:
        if region.addend is not None:
            assert plan.values[region.addend].layout.pitch % plan.lanes == 0


@pytest.mark.parametrize("name", [*PROCESSORS, "WebAssembly"])
def test_written_for(name: str) -> None:
    target = (PROCESSORS | {"WebAssembly": WASM})[name]
    code = write(fold(every_kind()).graph, target, capacity=4)
    assert object_code(code.text, target)


@pytest.mark.parametrize("to", ["int8", "bfloat16"])
def test_of_narrow_numbers(monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    """Sums are made real, then added to; the result is real, narrow, or both."""
    graph = Sequential(
        [
            Normalise([100.0, 120.0, 90.0], [60.0, 70.0, 80.0]),
            Conv2D(20, 1, name="stem"),
            Residual([Conv2D(24, 1, name="a"), ReLU(), Conv2D(20, 5, padding="same", name="b")]),
            ReLU(),
            Residual([Conv2D(20, (1, 3), padding="same", name="c")]),
            Conv2D(33, 1, name="only-narrow"),
            GlobalAveragePool(),
            Dense(4),
        ]
    ).graph((9, 7, 3))
    model = Model(network(graph), list("abcd"), Preprocessing(9, 7, 3))
    images, _ = batch(graph, 6)
    made = quantise(model, images) if to == "int8" else to_bfloat16(model)
    net = made.model.network
    found = {r.name: r for r in lower(net.graph, TARGET, training=False).regions}
    assert {name for name, region in found.items() if region.addend is not None} == {"b", "c"}
    assert found["b"].whole is None
    assert found["c"].whole is not None
    target = replace(TARGET, threads=2)
    together = NativeProgram(net, {}, target).forward(images)
    apart(monkeypatch)
    assert_same(together, NativeProgram(net, {}, target).forward(images))


def test_a_value_that_is_asked_for_is_made() -> None:
    graph = every_kind()
    program = native(graph, learning=None)
    images, _ = batch(graph, 4)
    answer, whole = program.forward(images), program.values(images)
    assert_same(whole[graph.output], answer)
    adds = {n.name: n.inputs for n in graph.nodes if isinstance(n.operation, ops.Add)}
    for name in ("few", "tiles", "narrowed", "units", "wide"):
        joined = next(add for add, inputs in adds.items() if name in inputs)
        for names in ({name}, {joined}, {name, joined}):
            last = name == "wide"  # no function comes behind its sum
            assert taken(graph, names) == FUSED - ({name} if name in names or not last else set())
            outputs = Graph(graph.inputs, graph.nodes, {each: each for each in names})
            for each, value in program.run(outputs, {INPUT: images}).items():
                assert_same(value, whole[each])


def test_declines() -> None:
    """What has a gradient, a pooling, several readers, or a function of its own; more than two."""
    scale = ops.Normalise((100.0,), (60.0,))
    graph = Graph(
        (8, 8, 1),
        (
            Node("pixels", scale, (INPUT,)),
            Node("x", ops.Conv2D(6, (1, 1)), ("pixels",)),
            *_added("first", "x", ops.Conv2D(6, (3, 3), padding="same")),
            Node("read twice", ops.Conv2D(6, (1, 1)), ("first sum",)),
            Node("one of two", ops.Add(), ("read twice", "first sum")),
            Node("both", ops.Multiply(), ("read twice", "one of two")),
            Node("tanh of it", ops.Conv2D(6, (1, 1)), ("both",)),
            Node("tanh", ops.Tanh(), ("tanh of it",)),
            Node("sum of tanh", ops.Add(), ("tanh", "both")),
            Node("of three", ops.Conv2D(6, (1, 1)), ("sum of tanh",)),
            Node("three", ops.Add(), ("of three", "sum of tanh", "both")),
            Node("doubled", ops.Conv2D(6, (1, 1)), ("three",)),
            Node("double", ops.Add(), ("doubled", "doubled")),
            Node("earlier", ops.Conv2D(6, (1, 1)), ("double",)),
            Node("later", ops.Conv2D(6, (1, 1)), ("double",)),
            Node("of the later", ops.Add(), ("earlier", "later")),
            *_added("grouped", "of the later", ops.Conv2D(6, (1, 1), groups=2)),
            *_added("pooled", "grouped sum", ops.Conv2D(6, (1, 1))),
            Node("pool", ops.MaxPool((2, 2), (2, 2)), ("pooled sum",)),
            Node("flat", ops.Flatten(), ("pool",)),
            Node("answer", ops.Dense(3), ("flat",)),
        ),
    )
    fused = {"first", "later", "pooled"}
    assert taken(graph) == fused
    assert taken(graph, {"first"}) == fused - {"first"}
    assert not taken(graph, training=True)
    gradients = Wanted(gradients=frozenset({"x"}))
    assert not any(region.addend for region in lower(graph, TARGET, wanted=gradients).regions)
    found = {region.name: region for region in lower(graph, TARGET, training=False).regions}
    assert found["pooled"].nodes == ("pooled", "pooled sum")  # the pooling comes by itself
    sums = {name for name, region in found.items() if region.kernel is Add}
    assert sums == {"one of two", "sum of tanh", "three", "double", "grouped sum"}


def _added(name: str, source: str, operation: Operation) -> tuple[Node, Node]:
    """A node, and the sum of its value and of what it reads."""
    return Node(name, operation, (source,)), Node(f"{name} sum", ops.Add(), (name, source))
