"""What the native engine compiles, and that it computes what the reference does, every gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.counter_random import stream_of
from pellucid.engines import get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.kernels.by_reference import ByReference
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.memory.live_ranges import LiveRanges
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.ops import (
    GRU,
    LSTM,
    AveragePool,
    Conv2D,
    ConvTranspose2D,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    Normalise,
    ReLU,
    SquaredError,
)
from pellucid.ops.operation import Mode
from pellucid.optimizers import SGD
from tests.engines.native.cases import GRAPHS, WIDE, twice
from tests.engines.native.programs import compiled
from tests.engines.native.sharing import related
from tests.engines.networks import GRAPHS as WHOLE
from tests.engines.networks import batch, network
from tests.engines.test_operations import LOOSER, build
from tests.engines.tolerances import (
    TOLERANCES,
    assert_all_close,
    assert_close,
    assert_same_bits,
)
from tests.learning import Learning, step_of
from tests.ops.cases import CASES, SMOOTH, SWEEP, Case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines.engine import Precision
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Operation

LOSS = CrossEntropy()


def load(
    net: Network, *, loss: Loss = LOSS, seed: int = 5, threads: int | None = None
) -> NativeProgram:
    program = NativeEngine(threads=threads).load(net, step_of(net, Learning(loss, SGD(), seed)))
    assert isinstance(program, NativeProgram), "the reference took its place"
    return program


def compare(
    net: Network,
    images: Array,
    labels: Array,
    factor: float = 1.0,
    precision: Precision = "float32",
    loss: Loss = LOSS,
) -> None:
    """The answer, every weight's gradient, and where two steps lead, against the reference."""
    actual, tolerance = load(net, loss=loss), TOLERANCES["float32"] * factor
    learning = Learning(loss, SGD(), 5)
    expected = get_engine("reference").load(net, step_of(net, learning), precision=precision)
    answer = expected.forward(images).astype(np.float32)
    assert_close("answer", actual.forward(images), answer, tolerance)
    for step in range(2):
        results = [p.train_step(images, labels, 0.05) for p in (actual, expected)]
        assert results[0].loss == pytest.approx(results[1].loss, rel=tolerance)
        if step == 0:  # after the first step, what SGD remembers is the gradient itself
            state = _single(expected.state())
            assert_all_close(actual.state(), state, tolerance)
    assert_all_close(actual.weights(), _single(expected.weights()), tolerance)


def _single(arrays: dict[str, Array]) -> dict[str, Array]:
    """The same in single precision, but for counters."""
    return {
        name: array.astype(np.float32) if array.dtype.kind == "f" else array
        for name, array in arrays.items()
    }


# --------------------------------------------------------------------------------- what is compiled


def without_kernel(operation: Operation) -> bool:
    """Whether NumPy computes it between compiled stages, since it is rare or takes little time."""
    if isinstance(operation, ConvTranspose2D):  # outputs between the kernels, reached by nothing
        return any(step > k for step, k in zip(operation.stride, operation.size, strict=True))
    return isinstance(operation, GRU | LSTM) and operation.units % host_target().lanes != 0


@pytest.mark.parametrize("case", [*CASES, *SWEEP], ids=str)
def test_the_battery_is_compiled(case: Case) -> None:
    net, _, _ = build(case)
    kernels = {region.kernel for region in lower(net.graph, host_target()).regions}
    assert (ByReference in kernels) == without_kernel(case.operation)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_networks_are_compiled(name: str) -> None:
    assert not compiled(load(network(WHOLE[name])))._code.by_reference


SCALE = Normalise((3.0, 5.0), (2.0, 7.0))

ENDS: dict[str, tuple[Node, ...]] = {
    "nothing but a dropout": (Node("flat", Flatten()), Node("answer", Dropout(0.4), ("flat",))),
    "nothing but a flattening": (Node("answer", Flatten()),),
    "nothing but a normalisation": (Node("answer", SCALE),),
    "pixels, scaled": (Node("scale", SCALE), Node("answer", Dropout(0.4), ("scale",))),
    "a dropout of what is not made last": (
        Node("flat", Flatten()),
        Node("dense", Dense(3), ("flat",)),
        Node("nowhere", Dense(5), ("dense",)),
        Node("answer", Dropout(0.4), ("dense",)),
    ),
    "a flattening of what is not made last": (
        Node("conv", Conv2D(3, (1, 1))),
        Node("nowhere", ReLU(), ("conv",)),
        Node("answer", Flatten(), ("conv",)),
    ),
}
"""Networks that end in a layer which elsewhere is only another name for what is before it."""


@pytest.mark.parametrize("name", ENDS)
def test_answers_by_another_name(name: str) -> None:
    graph = Graph((1, 1, 2), ENDS[name])
    learns = len(graph.output_shape) == 1
    images = np.random.default_rng(0).integers(0, 9, (3, 1, 1, 2), dtype=np.uint8)
    for learning in (None, Learning(LOSS, SGD(), 5)):
        ours, theirs = (
            get_engine(engine).load(network(graph), step_of(graph, learning if learns else None))
            for engine in ("native", "reference")
        )
        assert isinstance(ours, NativeProgram)
        expected = theirs.forward(images)
        assert_close(name, ours.forward(images), expected, TOLERANCES["float32"])
        if learning is not None and learns:
            labels = np.array([0, 1, 1])
            actual, wanted = (p.train_step(images, labels, 0.1) for p in (ours, theirs))
            assert actual.loss == pytest.approx(wanted.loss, rel=TOLERANCES["float32"])
            assert_close("answers", actual.answers, wanted.answers, TOLERANCES["float32"])
            assert_all_close(ours.weights(), theirs.weights(), TOLERANCES["float32"])


# -------------------------------------------------------------------------------------- agreement


def compare_twice(case: Case) -> None:
    """A network with an operation twice, whose values learn a batch of numbers about zero."""
    net, random = twice(case), np.random.default_rng(case.seed)
    shapes = net.graph.input_shape, net.graph.output_shape
    images, wanted = (random.normal(size=(case.batch + 1, *shape)) for shape in shapes)
    factor = LOOSER.get((case.operation.kind, "float32"), 1.0)
    compare(net, images.astype(np.float32), wanted, factor, loss=SquaredError())


@pytest.mark.parametrize("case", [*SMOOTH, *WIDE], ids=str)
def test_forward_and_every_gradient(case: Case) -> None:
    """Ties and kinks are tried elsewhere; here they would be lost in the layer before."""
    compare_twice(case)


def test_the_names_of_the_wide_cases() -> None:
    assert len({str(case) for case in WIDE}) == len(WIDE)


@pytest.mark.parametrize("name", [*GRAPHS, *WHOLE])
def test_networks(name: str) -> None:
    graph = (GRAPHS | WHOLE)[name]
    images, labels = batch(graph, 7)
    # In float32 the reference itself loses more than that over twenty layers.
    factor = 2.0 if name.startswith("softmax") else 1.0  # whose gradients nearly cancel
    compare(network(graph), images, labels, factor, precision="float64")


@pytest.mark.parametrize("name", ["every operation", "groups with a ReLU behind"])
def test_any_number_of_threads(name: str) -> None:
    graph = (GRAPHS | WHOLE)[name]
    programs = [load(network(graph), threads=threads) for threads in (1, 2, 3)]
    for step in range(3):
        images, labels = batch(graph, 21, seed=step)
        for program in programs:
            program.train_step(images, labels, 0.05)
    for program in programs[1:]:
        assert_same_bits(program.weights(), programs[0].weights())


# ------------------------------------------------------------------------------------- in memory


def stored(program: NativeProgram, place: Place, images: int) -> NDArray[np.uint8]:
    """A buffer as it lies, its border and all."""
    start = compiled(program)._code.plan.arena.address(place.offset)
    return compiled(program)._memory[start : start + place.layout.bytes(images)]


@pytest.mark.parametrize("name", [*GRAPHS, "every operation"])
def test_what_lies_between_values_stays_zero(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Borders, and the lanes that fill up channels to whole vectors, where memory is not shared."""
    monkeypatch.setattr(LiveRanges, "relations", related(False))
    graph = (GRAPHS | WHOLE)[name]
    program = load(network(graph))
    for _ in range(2):
        program.train_step(*batch(graph, 5), 0.05)
    plan = compiled(program)._code.plan
    for places in (plan.values, plan.gradients):
        for of, place in places.items():
            everything = stored(program, place, 5).copy()
            place.layout.view(everything, 0, 5)[:] = 0.0
            assert not everything.view(np.float32).any(), of


@pytest.mark.parametrize("shape", [(3, 5, 16), (3, 5, 13), (2, 7, 1), (1, 1, 37)], ids=str)
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_dropout_masks_to_the_last_bit(
    shape: tuple[int, int, int], rate: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveRanges, "relations", related(False))  # what was dropped stays there
    operation = Dropout(rate)
    nodes = (
        Node("average", AveragePool((1, 1), (1, 1)), (INPUT,)),
        Node("dropout", operation, ("average",)),
        Node("flat", Flatten(), ("dropout",)),
        Node("answer", Dense(2), ("flat",)),
    )
    graph = Graph(shape, nodes)
    program = load(network(graph), seed=seed)
    for step in range(2):
        images, labels = batch(graph, 6, seed=step)
        pixels = images.astype(np.float32)
        program.train_step(images, labels, 0.01)
        place = compiled(program)._code.plan.values["dropout"]
        mode = Mode(training=True, seed=seed, step=step, stream=stream_of("dropout"))
        expected, _ = operation.forward([pixels], {}, mode)
        found = place.layout.view(stored(program, place, 6), 0, 6)
        np.testing.assert_array_equal(found, expected)
