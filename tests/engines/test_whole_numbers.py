"""Quantised networks give the same bits on every engine and every kind of processor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ops
from pellucid.engines import ENGINES, Step, get_engine
from pellucid.engines.native.kernels.whole import WholeConvolve
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.embedded.platforms import PLATFORMS
from pellucid.engines.native.runtime.embedded.program import embed
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.target import X86, Target
from pellucid.errors import ArgumentError
from pellucid.optimizers import SGD
from tests.engines.native.test_embedded import Linked, here
from tests.messages import check_line
from tests.ops.whole_cases import CASES, random_whole

if TYPE_CHECKING:
    from pellucid.graph import Graph

WIDER = (
    "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni", "avx512bf16",
    "avx512bitalg", "avx512ifma", "avx512vbmi", "avx512vbmi2", "avx512vpopcntdq", "avxvnni",
)  # fmt: skip
"""What comes after AVX2."""

NEWER = (*WIDER, "avx2", "avx", "fma", "f16c", "vaes", "vpclmulqdq")
"""What comes after SSE."""


def without(target: Target, names: tuple[str, ...], lanes: int) -> Target:
    """A target that lacks some features."""
    kept = [each for each in target.features.split(",") if each[1:] not in names]
    features = ",".join([*kept, *(f"-{name}" for name in names)])
    return replace(
        target, cpu="x86-64", features=features, lanes=lanes, registers=2 * max(8, lanes)
    )


class PlainTarget(Target):
    """A target whose instructions for products of whole numbers are not used."""

    products = "plain"


def targets() -> dict[str, Target]:
    """This machine, and what it can do as well that others do."""
    host = host_target(2)
    found = {"this machine": host}
    found["plain"] = PlainTarget(**vars(host))
    if host.triple.startswith(X86):
        if host.lanes == 16:
            found["no VNNI"] = without(host, ("avx512vnni",), 16)
        if host.lanes >= 8:
            found["AVX2"] = without(host, WIDER, 8)
        found["SSE2"] = without(host, NEWER, 4)
    return found


def pictures(graph: Graph, count: int) -> np.ndarray:
    random = np.random.default_rng(7)
    return random.integers(0, 256, (count, *graph.input_shape)).astype(np.uint8)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", targets())
def test_every_processor_finds_the_same_bits(kind: str, name: str) -> None:
    network, target = random_whole(CASES[name], 11), targets()[kind]
    x = pictures(network.graph, 5)
    expected = get_engine("reference").load(network).values(x)
    for value, made in expected.items():  # else mistakes might go unseen
        assert np.ptp(made, axis=0).mean() > 0.1 * made.std() > 0, value
    program = NativeProgram(network, {}, target)
    for count in (5, 1):  # of one picture the work is split otherwise
        np.testing.assert_array_equal(
            program.forward(x[:count]), expected[network.graph.output][:count]
        )
    for value, found in program.values(x).items():
        np.testing.assert_array_equal(found, expected[value], err_msg=value)
        assert found.dtype == np.float32


@pytest.mark.parametrize("name", CASES)
def test_torch_finds_the_same_bits(name: str) -> None:
    network = random_whole(CASES[name], 12)
    x = pictures(network.graph, 3)
    expected = get_engine("reference").load(network).values(x)
    for value, found in get_engine("torch").load(network).values(x).items():
        np.testing.assert_array_equal(found, expected[value], err_msg=value)


@pytest.mark.parametrize("lanes", [1, 4])
def test_compiled_networks_find_the_same_bits(lanes: int) -> None:
    network = random_whole(CASES["strides and borders"], 13)
    x = pictures(network.graph, 3)
    expected = get_engine("reference").load(network).forward(x)
    linked = Linked(embed(network, here(lanes, 16), "net", (x, expected)).data)
    found, _ = linked.run(x, 3)
    np.testing.assert_array_equal(found, expected)
    assert linked.self_test() == 0


@pytest.mark.parametrize("platform", PLATFORMS)
def test_compiled_networks_name_no_instruction_of_the_machine_that_compiles(platform: str) -> None:
    """Code for another processor would have none for it, which ends LLVM's process."""
    network = random_whole(CASES["depthwise"], 13)
    x = pictures(network.graph, 1)
    tested = x, get_engine("reference").load(network).forward(x)
    assert embed(network, PLATFORMS[platform], "net", tested).data.startswith(b"\x7fELF")


def test_which_instructions_are_used() -> None:
    host = Target("x86_64-unknown-linux-gnu", "znver4", "+avx2,+avx512bw,+avx512vnni", 16, 32)
    assert host.products == "vnni"
    assert replace(host, features="+avx2,+avx512bw").products == "pairs"
    assert replace(host, features="+avx2", lanes=8).products == "pairs"
    assert replace(host, features="+avx", lanes=8).products == "plain"
    assert replace(host, portable=True).products == "plain"
    assert replace(host, triple="aarch64-unknown-linux-gnu", lanes=4).products == "plain"


def test_functions_poolings_and_quantising_are_fused() -> None:
    regions = lower(CASES["strides and borders"], host_target(1), training=False).regions
    fused = {region.name: region.nodes for region in regions if region.kernel is WholeConvolve}
    assert fused == {
        "c": ("c", "d", "e"),
        "f": ("f", "g", "h", "i"),
        "j": ("j",),  # before a flattening
        "m": ("m", "n", "o"),
        "p": ("p",),
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_differentiated_or_trained(engine: str) -> None:
    network = random_whole(CASES["a dense layer alone"], 1)
    program, x = get_engine(engine).load(network), pictures(network.graph, 1)
    graph = network.graph
    seed = {graph.output: np.ones((1, *graph.output_shape))}
    step = Step.of(graph, ops.CrossEntropy(), SGD())
    for attempt in (
        lambda: program.differentiate(graph, {graph.input: x}, seed, values=["a"]),
        lambda: get_engine(engine).load(network, step),
    ):
        with pytest.raises(ArgumentError, match="quantised") as caught:
            attempt()
        check_line(caught.value)
