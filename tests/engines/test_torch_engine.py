"""What the torch engine alone has: devices, its pages of mappings, its random numbers, NaN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
import torch
from torch.backends import cudnn

from pellucid.counter_random import random_words as reference_words
from pellucid.engines import ENGINES, Precision, get_engine
from pellucid.engines.torch import TorchEngine, losses, operations, optimizers
from pellucid.engines.torch.call import Call
from pellucid.engines.torch.device import available_devices, exact_arithmetic
from pellucid.engines.torch.layout import Layout
from pellucid.engines.torch.random import philox, random_words
from pellucid.errors import ArgumentError
from pellucid.graph import Graph, Network, Node
from pellucid.ops import (
    CHOICES,
    LOSSES,
    OPERATIONS,
    QUANTISED,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    MaxPool,
)
from pellucid.ops.operation import Mode
from pellucid.ops.pointwise import Pointwise
from pellucid.ops.positive_gradient import PositiveGradient
from pellucid.optimizers import OPTIMIZERS, SGD
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_same_bits
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.operation import Array

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Cube(Pointwise):
    """An operation that nobody has mapped."""

    kind: ClassVar[str] = "cube"

    def function(self, x: Array) -> Array:
        return x * x * x

    def derivative(self, x: Array, y: Array) -> Array:
        return 3 * x * x

    def kinks(self) -> tuple[float, ...]:
        return ()

    def formula_of(self, x: str) -> str:
        return f"{x}^3"


def check_complete(page: Mapping[str, object], registry: Mapping[str, object]) -> None:
    assert page.keys() == registry.keys()


def test_the_pages_are_complete() -> None:
    rules = {PositiveGradient.kind: PositiveGradient}
    check_complete(operations.MAPPINGS, {**OPERATIONS, **CHOICES, **QUANTISED, **rules})
    check_complete(losses.MAPPINGS, LOSSES)
    check_complete(optimizers.MAPPINGS, OPTIMIZERS)
    check_complete(
        optimizers.SLOTS, {slot: 0 for rule in OPTIMIZERS.values() for slot in rule.slots}
    )


def test_a_registered_operation_without_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "cube", Cube)
    with pytest.raises(AssertionError, match="cube"):
        check_complete(operations.MAPPINGS, OPERATIONS)
    graph = Graph((2, 2, 1), (Node("my cube", Cube()),))
    with pytest.raises(
        ArgumentError, match=r"layer 'my cube': .* no mapping .* 'cube'; use the ref"
    ):
        get_engine("torch").load(Network(graph, {}))


@pytest.mark.parametrize("name", ["tpu", "cuda", "mps", "cpu:0", "", "cuda:-1"])
def test_a_device_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ArgumentError, match=f"no device '{name}' on this machine; there are: cpu$"):
        TorchEngine(device=name)


def test_devices_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert available_devices() == ["cpu", "cuda", "cuda:0", "cuda:1", "mps"]
    engine = get_engine("torch:cuda:1")
    assert isinstance(engine, TorchEngine)
    assert engine.device == torch.device("cuda", 1)
    with pytest.raises(
        ArgumentError, match=r"no device 'cuda:2' .* cpu, cuda, cuda:0, cuda:1, mps"
    ):
        get_engine("torch", device="cuda:2")


def test_apple_gpus_have_no_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ArgumentError, match=r"'mps' cannot compute in float64; .*device='cpu'"):
        TorchEngine("mps").load(network(GRAPHS["lenet5"]), precision="float64")


@pytest.mark.parametrize("device", available_devices())
def test_every_device_of_this_machine(device: str) -> None:
    graph = GRAPHS["every operation"]
    learning = Learning(CrossEntropy(), SGD(weight_decay=0.01, clip_norm=1.0), seed=4)
    expected, actual = (
        engine.load(network(graph), step_of(graph, learning))
        for engine in (get_engine("reference"), TorchEngine(device))
    )
    images, labels = batch(graph, 4)
    tolerance = TOLERANCES["float32"]
    assert_all_close(actual.values(images), expected.values(images), tolerance)
    ours, theirs = (p.gradients(images, labels, CrossEntropy()) for p in (actual, expected))
    assert_all_close(ours.values, theirs.values, tolerance)
    for program in (expected, actual):
        program.train_step(images, labels, 0.1)
    assert_all_close(actual.weights(), expected.weights(), tolerance)


def test_exact_arithmetic_is_for_our_calls_alone() -> None:
    def settings() -> tuple[bool, bool, bool, bool]:
        return cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32

    before = settings()
    with exact_arithmetic(torch.device("cuda")):
        assert settings() == (True, False, True, False)
    assert settings() == before
    with exact_arithmetic(CPU):
        assert settings() == before


# Known answers of the authors' Random123 library, kat_vectors, philox4x32 10.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, ...]
) -> None:
    c0, c1, c2, c3 = (torch.tensor([word]) for word in counter)
    assert tuple(int(word) for word in philox((c0, c1, c2, c3), key)) == words


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 5, 7)])
def test_random_words(shape: tuple[int, ...], seed: int) -> None:
    for step, layer in ((0, 0), (3, 2), (2**32 - 1, 9)):
        ours = random_words(shape, seed, step, layer, CPU).numpy()
        np.testing.assert_array_equal(ours, reference_words(shape, seed, step, layer))


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 5, 7)])
def test_dropout_drops_the_same(shape: tuple[int, ...], rate: float, precision: Precision) -> None:
    operation, mode = Dropout(rate), Mode(training=True, seed=11, step=5, stream=3)
    ones = np.ones(shape, precision)
    expected, _ = operation.forward([ones], {}, mode)
    ours = operations.MAPPINGS["dropout"](
        Call(operation, [Layout(CPU, precision).value(ones)], {}, mode)
    )
    found = ours.movedim(1, -1).numpy()
    assert found.tobytes() == expected.tobytes()
    assert (found == 0).any() == (rate > 0)


def test_flattening_keeps_channels_innermost() -> None:
    graph = Graph(
        (2, 2, 2), (Node("flat", Flatten()), Node("dense", Dense(1, bias=False), ("flat",)))
    )
    kernel = 10.0 ** np.arange(8).reshape(8, 1)
    program = get_engine("torch").load(
        Network(graph, {"dense.kernel": kernel}), precision="float64"
    )
    image = np.arange(1, 9, dtype=np.uint8).reshape(1, 2, 2, 2)  # row by row, channels innermost
    assert program.forward(image) == [[87654321]]
    assert program.values(image)["flat"].tolist() == [[1, 2, 3, 4, 5, 6, 7, 8]]


POOLS = [
    MaxPool(),
    MaxPool((3, 2), (1, 1)),
    MaxPool((3, 3), (2, 2), edge="count"),
    MaxPool((3, 3), (2, 2), padding="same"),
    MaxPool((2, 3), (1, 2), padding=((1, 0), (2, 1)), edge="count"),
]


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "reference"])
@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_pooling_what_is_not_finite(pool: MaxPool, engine: str) -> None:
    """The first NaN of a window wins, and a window of −∞ alone has its first place as winner."""
    nodes = (
        Node("pool", pool),
        Node("means", GlobalAveragePool(), ("pool",)),
    )
    graph = Graph((6, 7, 4), nodes)
    images = np.random.default_rng(0).integers(0, 3, (5, 6, 7, 4)).astype(np.float64)
    images[1, 2:4, 1:5, 0] = np.nan
    images[2, :, :, 1] = np.nan
    images[3, 1:5, :, 2] = -np.inf
    images[4, 2, 2, 3] = np.inf
    images[4, 3, 3, 3] = np.nan
    expected, actual = (get_engine(each).load(Network(graph, {})) for each in ("reference", engine))
    found, wanted = actual.values(images[:3]), expected.values(images[:3])
    assert_same_bits({"pool": found["pool"]}, {"pool": wanted["pool"]})
    assert_all_close(found, wanted, TOLERANCES["float32"])  # means add in another order
    labels = np.array([0, 1, 2, 2, 0])  # the third image's −∞ is wanted, and so has a gradient
    with np.errstate(invalid="ignore"):
        theirs = expected.gradients(images, labels, CrossEntropy())
    ours = actual.gradients(images, labels, CrossEntropy())
    assert_all_close(ours.values, theirs.values, TOLERANCES["float32"])
    # A NaN in the gradient marks a winner: not every place is one, nor none.
    assert 0 < np.isnan(theirs.values["input"][2]).sum() < images[2].size
    assert 0 < np.count_nonzero(theirs.values["input"][3, :, :, 2]) < images[3, :, :, 2].size
