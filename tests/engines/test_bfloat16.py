"""Networks of bfloat16 give the same bits on every kind of processor, and what NumPy gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines import ENGINES, Step, get_engine
from pellucid.engines.native.kernels.bfloat16 import Bfloat16Convolve, Bfloat16Depthwise
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.embedded.program import embed
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.target import Target
from pellucid.errors import ArgumentError
from pellucid.graph import Network
from pellucid.ops.bfloat16 import nearest_bfloat16
from pellucid.optimizers import SGD
from tests.engines.native.test_embedded import Linked, here
from tests.engines.test_whole_numbers import pictures, targets, without
from tests.messages import check_line
from tests.ops.bfloat16_cases import CASES, convolve_in_order, random_bfloat16
from tests.ops.whole_cases import chain


def kinds() -> dict[str, Target]:
    """This machine, and what it can do as well that others do."""
    found = targets()
    if found["this machine"].bfloat16:
        found["no bfloat16"] = without(found["this machine"], ("avx512bf16",), 16)
    return found


def in_order(network: Network, x: np.ndarray) -> dict[str, np.ndarray]:
    """The values of a network, its sums in the documented order, by other code than an engine's."""
    values = {network.graph.input: x.astype(np.float32)}
    for node in network.graph.nodes:
        read, operation = values[node.inputs[0]], node.operation
        own = {
            name: network.weights[stored]
            for name, stored in network.graph.parameters_of(node).items()
        }
        if isinstance(operation, ops.Bfloat16Conv2D):
            made = convolve_in_order(read, own["kernel"], own["bias"], operation.summed)
        elif isinstance(operation, ops.Bfloat16Dense):
            kernel = own["kernel"][None, None]
            whole = ops.Conv2D(operation.units, (1, 1))
            made = convolve_in_order(read[:, None, None], kernel, own["bias"], whole)[:, 0, 0]
        else:
            made, _ = operation.forward([read], own)
        values[node.name] = made.astype(np.float32)
    return values


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", kinds())
def test_every_processor_finds_the_same_bits(kind: str, name: str) -> None:
    network, target = random_bfloat16(CASES[name], 11), kinds()[kind]
    x = pictures(network.graph, 5)
    expected = in_order(network, x)
    program = NativeProgram(network, {}, target)
    for value, found in program.values(x).items():
        np.testing.assert_array_equal(found, expected[value], err_msg=value)
        assert found.dtype == np.float32
        assert np.ptp(found, axis=0).mean() > 0.1 * found.std() > 0, value
    for count in (5, 1):  # of one picture the work is split otherwise
        np.testing.assert_array_equal(
            program.forward(x[:count]), expected[network.graph.output][:count]
        )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_computes_it(engine: str, name: str) -> None:
    """Up to the order of sums, which may put a value into the neighbouring bfloat16."""
    network = random_bfloat16(CASES[name], 12)
    x = pictures(network.graph, 3)
    expected = in_order(network, x)
    for value, found in get_engine(engine).load(network).values(x).items():
        error = np.abs(found - expected[value])
        assert error.max() <= 2**-6 * np.abs(expected[value]).max(), value
        assert error.mean() <= 2**-12 * np.abs(expected[value]).max(), value


@pytest.mark.parametrize("lanes", [1, 4])
def test_compiled_networks_find_the_same_bits(lanes: int) -> None:
    network = random_bfloat16(CASES["strides and borders"], 13)
    x = pictures(network.graph, 3)
    expected = in_order(network, x)[network.graph.output]
    linked = Linked(embed(network, here(lanes, 16), "net", (x, expected)).data)
    found, _ = linked.run(x, 3)
    np.testing.assert_array_equal(found, expected)
    assert linked.self_test() == 0


def test_which_instructions_are_used() -> None:
    host = Target("x86_64-unknown-linux-gnu", "znver4", "+avx2,+avx512bf16", 16, 32)
    assert host.bfloat16
    assert not replace(host, features="+avx2").bfloat16
    assert not replace(host, lanes=8).bfloat16
    assert not replace(host, portable=True).bfloat16
    assert not replace(host, triple="aarch64-unknown-linux-gnu").bfloat16


def test_functions_poolings_and_rounding_are_fused() -> None:
    regions = lower(CASES["strides and borders"], host_target(1), training=False).regions
    fused = {region.name: region.nodes for region in regions if region.kernel is Bfloat16Convolve}
    assert fused == {
        "c": ("c", "d", "e"),
        "f": ("f", "g", "h", "i"),
        "j": ("j",),  # before a flattening
        "m": ("m", "n", "o"),
        "p": ("p",),
    }
    regions = lower(CASES["depthwise"], host_target(1), training=False).regions
    assert [r.nodes for r in regions if r.kernel is Bfloat16Depthwise] == [("b", "c", "d"), ("g",)]


@pytest.mark.parametrize("kind", kinds())
def test_what_is_rounded_specially(kind: str) -> None:
    """Halves, what is too large or too small, infinities and NaN."""
    x = np.array(
        [1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 3.4e38, -3.4e38, 1e-39, -1e-39, 2.0**-126, np.inf,
         -np.inf, np.nan, 0.0, -0.0, 1 + 2**-8 + 2**-20, 127.4, 1e9],
        np.float32,
    )  # fmt: skip
    network = Network(chain((1, 1, len(x)), ops.Bfloat16()), {})
    found = NativeProgram(network, {}, kinds()[kind]).forward(x[None, None, None])[0, 0, 0]
    np.testing.assert_array_equal(found, nearest_bfloat16(x))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(nearest_bfloat16(x)))


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_differentiated_or_trained(engine: str) -> None:
    network = random_bfloat16(CASES["strides and borders"], 1)
    graph = network.graph
    program, x = get_engine(engine).load(network), pictures(graph, 1)
    seed = {graph.output: np.ones((1, *graph.output_shape))}
    step = Step.of(graph, ops.CrossEntropy(), SGD())
    for attempt in (
        lambda: program.differentiate(graph, {graph.input: x}, seed, values=["a"]),
        lambda: get_engine(engine).load(network, step),
    ):
        with pytest.raises(ArgumentError, match="quantised") as caught:
            attempt()
        check_line(caught.value)
