"""Programs for pages, run by Wasmtime: the bits of the native engine, from the manifest alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines.native.emit.schedule_builder import GRADIENTS, INFER, STEP
from pellucid.engines.native.lower import learning as compiled_learning
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.runtime.web.program import PLAIN, inspecting_program, training_program
from pellucid.engines.native.wanted import Wanted
from pellucid.errors import ArgumentError
from pellucid.layers import Conv2D, Dense, Flatten, Sequential
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD, Adam
from tests.engines.native.cases import GRAPHS as SPECIAL
from tests.engines.native.programs import SMALL
from tests.engines.native.web.browser import Browser
from tests.engines.native.web.fusing import fuses
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_close
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.optimizers import Optimizer

NETWORKS: dict[str, Graph] = {
    name: graph
    for name, graph in {**GRAPHS, **SPECIAL, "small": SMALL}.items()
    if name
    in (
        "small",
        "lecture",
        *(name for name in GRAPHS if name.endswith(("operation", "operations"))),
    )
}
"""Each kind of stage, with and without batch norms, dropout and branches."""


ANSWER = Wanted(values=frozenset([SMALL.output]))


def assert_same(name: str, found: object, expected: object) -> None:
    """The same bits where the processor fuses, else within rounding."""
    actual, wanted = np.asarray(found), np.asarray(expected)
    if fuses():
        np.testing.assert_array_equal(actual, wanted, err_msg=name)
    else:
        assert_close(name, actual, wanted, TOLERANCES["float32"])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_value_and_gradient_has_the_native_engines_bits(name: str) -> None:
    graph = NETWORKS[name]
    net, (images, _) = network(graph), batch(graph, 2)
    names = [node.name for node in graph.nodes]
    native = NativeProgram(net, {}, replace(host_target(), threads=1))
    wanted = Wanted(values=frozenset(names))
    forward = Browser(inspecting_program(graph, wanted, capacity=2), net.weights)
    forward.run(INFER, images)
    values = native.values(images)
    for each in names:
        found = forward.value("values", each, 2).reshape(values[each].shape)
        assert_same(each, found, values[each])

    seed = np.linspace(-1, 1, 2 * graph.output_shape[0], dtype=np.float32).reshape(2, -1)
    wanted = Wanted(seeds=frozenset([graph.output]), gradients=frozenset(["input", *names]))
    backward = Browser(inspecting_program(graph, wanted, capacity=2), net.weights)
    backward.seed(graph.output, seed)
    backward.run(GRADIENTS, images)
    expected = native.differentiate(
        graph, {"input": images}, {graph.output: seed}, values=["input", *names]
    ).values
    for each in ("input", *names):
        found = backward.value("gradients", each, 2).reshape(expected[each].shape)
        assert_same(each, found, expected[each])


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("small", Adam(clip_norm=1.0)),
        ("lecture", SGD(momentum=0.9)),
        ("every operation", SGD(momentum=0.9)),
        ("further operations", Adam()),
    ],
)
def test_training_leaves_the_same_bits(name: str, rule: Optimizer) -> None:
    graph = NETWORKS[name]
    net, (images, labels) = network(graph), batch(graph, 5)
    step = step_of(graph, Learning(CrossEntropy(), rule, seed=3))
    assert step is not None
    native = NativeProgram(net, {"train": step}, replace(host_target(), threads=1))
    learning = compiled_learning.Learning.of(step)
    page = Browser(training_program(learning, capacity=5), net.weights)
    for number in range(3):
        rate = 0.01 / (1 + number)
        pixels = images if number < 2 else images.astype(np.float32)
        loss = page.learn(STEP, pixels, labels, optimizer=rule, rate=rate, seed=3, step=number)
        assert_same("loss", loss, native.train_step(pixels, labels, rate).loss)
    found, expected = page.weights(), native.weights()
    assert found.keys() == expected.keys()
    for each, array in expected.items():
        assert_same(each, found[each], array)


def test_without_fusing_the_difference_is_rounding() -> None:
    net, (images, _) = network(SMALL), batch(SMALL, 2)
    program = inspecting_program(SMALL, ANSWER, capacity=2)
    answers = []
    for variant in program.modules:
        page = Browser(program, net.weights, variant)
        page.run(INFER, images)
        answers.append(page.value("values", SMALL.output, 2))
    plain, fused = answers
    assert_close("answers", plain, fused, TOLERANCES["float32"])


def test_a_module_asks_for_memory_alone_and_is_the_same_each_time() -> None:
    from wasmtime import Engine, Module

    one, other = (inspecting_program(SMALL, ANSWER).modules for _ in range(2))
    assert one == other
    assert one["plain"] != one["fused"]
    for code in one.values():
        module = Module(Engine(), code)
        assert {entry.name for entry in module.imports} <= {"__linear_memory", "pellucid_yield"}
        assert {entry.name for entry in module.exports} == {"forward", "forward_floats"}


def test_memory_beyond_32_bits_is_refused() -> None:
    layers = [Conv2D(64, 3, padding="same"), Flatten(), Dense(2)]
    graph = Sequential(layers).graph((4096, 4096, 3))
    with pytest.raises(ArgumentError, match="GiB"):
        inspecting_program(graph, Wanted(values=frozenset([graph.output])))


def test_layers_without_compiled_code_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engines.native.kernels import registry
    from pellucid.engines.native.kernels.convolution import Convolve

    left = tuple(kernel for kernel in registry.KERNELS if not issubclass(kernel, Convolve))
    monkeypatch.setattr(registry, "KERNELS", left)
    with pytest.raises(ArgumentError, match=r"conv1 \(conv2d\)"):
        inspecting_program(SMALL, ANSWER)


def test_plain_targets_have_no_relaxed_instructions() -> None:
    assert "relaxed" not in PLAIN.features
