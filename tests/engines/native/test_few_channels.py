"""Convolutions of few channels: columns or taps share the lanes, gradients are of winners alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.kernels.few_channels import FewChannels, scatters
from pellucid.engines.native.lower.learning import Learning as Learned
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.graph import Graph
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
)
from pellucid.ops import Conv2D as Convolution
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.native.programs import LEARNING, compiled, digest, native, train
from tests.engines.native.test_memory import poison_new
from tests.engines.native.test_targets import PROCESSORS, WASM, here
from tests.engines.networks import batch, network
from tests.engines.tolerances import (
    TOLERANCES,
    assert_all_close,
    assert_close,
    assert_same_bits,
)
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.engine import Program
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Array


def digits() -> Graph:
    """LeNet's first layers on an odd size: pixels, ReLU and pooling, and what they hand back."""
    return Sequential(
        [
            Normalise([100.0], [60.0]),
            Conv2D(6, 5, padding="same", name="pixels"),
            ReLU(),
            MaxPool(2),
            Conv2D(16, (5, 4), name="maps"),
            ReLU(),
            MaxPool(2),
            Flatten(),
            Dense(5),
        ]
    ).graph((23, 30, 1))


def colours() -> Graph:
    """Three channels, all paddings, two readers of a value, and no function before the pooling."""
    return Sequential(
        [
            Normalise([100.0, 90.0, 80.0], [60.0, 70.0, 50.0]),
            Conv2D(3, (3, 5), padding=((2, 0), (1, 3)), name="pixels"),
            MaxPool((3, 2)),
            Conv2D(5, (5, 3), padding="same", name="same"),
            Residual([Sigmoid(), Conv2D(5, (3, 5), padding="same", name="twice")]),
            ReLU(),
            Conv2D(12, (3, 2), padding=((1, 0), (0, 2)), bias=False, name="uneven"),
            Sigmoid(),
            Flatten(),
            Dense(4),
        ]
    ).graph((22, 19, 3))


DESCENT = Learning(CrossEntropy(), SGD())

GRAPHS = {"digits": digits(), "colours": colours()}
SCATTERED = {"digits": {"maps"}, "colours": {"same", "twice", "uneven"}}
OF_WINNERS = {"digits": {"pixels", "maps"}, "colours": {"pixels"}}


@pytest.mark.parametrize("name", GRAPHS)
def test_which_gradients_are_computed_so(name: str) -> None:
    kernels = compiled(native(GRAPHS[name]))._code.plan.kernels.values()
    ours = [kernel for kernel in kernels if isinstance(kernel, FewChannels)]
    assert {kernel.name for kernel in ours if kernel.flipped} == SCATTERED[name]
    assert {kernel.name for kernel in ours if kernel.of_winners} == OF_WINNERS[name]


@pytest.mark.parametrize(
    ("filters", "size", "shape", "takes"),
    [
        (16, (5, 5), (14, 14, 6), True),
        (6, (5, 5), (28, 28, 1), True),
        (16, (5, 5), (14, 14, 12), False),
        (32, (1, 1), (14, 14, 3), False),
        (64, (3, 3), (64, 64, 16), False),
    ],
)
def test_it_is_chosen_by_shapes(
    filters: int, size: tuple[int, int], shape: tuple[int, int, int], takes: bool
) -> None:
    assert (scatters(Convolution(filters, size), shape) == "") == takes
    assert scatters(Convolution(filters, size, stride=(2, 1)), shape)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", GRAPHS)
def test_against_the_reference(name: str, threads: int) -> None:
    """Gradients at values and weights."""
    graph, tolerance = GRAPHS[name], TOLERANCES["float32"]
    net = network(graph)
    actual = NativeEngine(threads=threads).load(net, step_of(net, replace(LEARNING, seed=5)))
    expected = get_engine("reference").load(net, precision="float64")
    images, labels = batch(graph, 19)
    ours, theirs = (p.gradients(images, labels, CrossEntropy()) for p in (actual, expected))
    for mine, wanted in ((ours.values, theirs.values), (ours.weights, theirs.weights)):
        single = {key: value.astype(np.float32) for key, value in wanted.items()}
        assert_all_close(mine, single, 3 * tolerance)


def moves(program: Program, before: Mapping[str, Array]) -> dict[str, Array]:
    """How far two steps take each weight: there nothing is asked for, and winners are summed."""
    train(program, 2, count=19)
    return {
        key: (value - before[key]).astype(np.float32) for key, value in program.weights().items()
    }


@pytest.mark.parametrize("name", GRAPHS)
def test_steps_against_the_reference(name: str) -> None:
    net = network(GRAPHS[name])
    step = step_of(net, DESCENT)
    ours = native(GRAPHS[name], learning=DESCENT)
    poison_new(ours)
    theirs = get_engine("reference").load(net, step, precision="float64")
    actual, expected = (moves(program, net.weights) for program in (ours, theirs))
    for key, moved in expected.items():
        assert np.abs(moved).max() > 0
        assert_close(key, actual[key], moved, 1e-3)


@pytest.mark.parametrize("name", GRAPHS)
def test_training_gives_the_same_bits_with_any_number_of_threads(name: str) -> None:
    found = set()
    for threads in (1, 2, 3):
        program = native(GRAPHS[name], threads=threads)
        poison_new(program)
        train(program, 3, count=17)
        found.add(digest(program))
    assert len(found) == 1


def program_for(graph: Graph, target: Target) -> NativeProgram:
    net = network(graph)
    step = step_of(net, DESCENT)
    assert step is not None
    return NativeProgram(net, {"train": step}, replace(target, threads=2))


def assert_same(kind: str, actual: Array, expected: Array) -> None:
    """By bits, or, without fused multiply-adds, nearly."""
    fuses = "fma" not in here()[kind].features or "+fma" in here()[kind].features
    if fuses and kind != "SSE4":
        assert actual.tobytes() == expected.tobytes()
    else:
        assert_close(kind, actual, expected, 1e-3)


@pytest.mark.parametrize("kind", here())
@pytest.mark.parametrize("name", GRAPHS)
def test_vectors_of_any_width_give_the_same_bits(name: str, kind: str) -> None:
    graph = GRAPHS[name]
    programs = [program_for(graph, target) for target in (host_target(), here()[kind])]
    images, _ = batch(graph, 4)
    together = [program.forward(images) for program in programs]
    alone = [program.forward(images[:1]) for program in programs]
    assert alone[1].tobytes() == together[1][:1].tobytes()
    assert_same(kind, *together)
    ours, theirs = (moves(program, network(graph).weights) for program in programs)
    for key, value in ours.items():
        assert_same(kind, theirs[key], value)


@pytest.mark.parametrize("function", [True, False])
def test_columns_share_the_lanes_and_pool_alike(
    monkeypatch: pytest.MonkeyPatch, *, function: bool
) -> None:
    """Ties, infinities, NaN and negative numbers, against filters in the lanes."""
    for filters, size, pool in ((6, 5, (2, 2)), (3, 3, (3, 2)), (1, 3, (1, 2)), (5, 2, (4, 2))):
        graph = Sequential(
            [
                Normalise([1.0], [2.0]),
                Conv2D(filters, size, padding="same", name="pixels"),
                *([ReLU()] if function else []),
                MaxPool(pool, name="pooled"),
                Flatten(),
                Dense(3),
            ]
        ).graph((14, 38, 1))
        net = network(graph)
        rng = np.random.default_rng(filters)
        images = rng.normal(size=(9, 14, 38, 1)).astype(np.float32)
        images[1], images[2] = 3.0, -3.0
        images[3, 5, 7], images[4, 9, 20] = np.nan, np.inf
        images[5:] = np.round(images[5:])
        maps = Graph(graph.inputs, graph.nodes, {"pooled": "pooled"})
        found, learned = [], []
        for together in (True, False):
            lanes, registers = (4, 16) if filters == 1 else (16, 32)
            target = replace(host_target(), lanes=lanes, registers=registers)
            with monkeypatch.context() as patched:
                if not together:
                    patched.setattr(FewChannels, "_columns", None)
                program = program_for(graph, target)
                program.run(maps, {graph.input: images})
            kernels = compiled(program)._code.plan.kernels.values()
            (first,) = [kernel for kernel in kernels if kernel.name == "pixels"]
            assert isinstance(first, FewChannels)
            assert first.describe_forward()[1] == ["neighbouring columns share the lanes"]
            found.append(program.run(maps, {graph.input: images})["pooled"])
            sound = images[[0, 1, 2, 5, 6, 7, 8]]
            program.train_step(sound, np.arange(7) % 3, 0.01)
            learned.append(program.weights())
        assert np.isnan(found[0][3]).any()
        assert found[0].tobytes() == found[1].tobytes()
        assert np.abs(learned[0]["pixels.kernel"] - net.weights["pixels.kernel"]).max() > 0
        assert_same_bits(*learned)


@pytest.mark.parametrize("name", [*PROCESSORS, "WebAssembly"])
def test_written_for(name: str) -> None:
    target = (PROCESSORS | {"WebAssembly": WASM})[name]
    graph = colours()
    step = step_of(graph, DESCENT)
    assert step is not None
    code = write(graph, target, capacity=4, learning=Learned.of(step))
    assert object_code(code.text, target)
