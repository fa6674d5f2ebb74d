"""Networks as object files: the code is called as programs in C call it, and files are read."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native.runtime.elf import read_object
from pellucid.engines.native.runtime.embedded import program
from pellucid.engines.native.runtime.embedded.platforms import PLATFORMS, Platform
from pellucid.engines.native.runtime.embedded.program import Answer, embed
from pellucid.engines.native.runtime.host.system import resolve_symbols
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.native.target import Linked as Convention
from pellucid.errors import ArgumentError
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, Normalise, ReLU, Sequential
from pellucid.ops import Dense as DenseOperation
from tests.engines.native.test_by_reference import without
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_close

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Network
    from pellucid.ops.operation import Array

ALLOWED = {"memcpy", "memmove", "memset"}
"""What an object file may take from others: no library for mathematics is among it."""

FLOATS = np.ctypeslib.ndpointer(np.float32, flags="C")


class Linked:
    """An object file, linked into this process by LLVM's own linker."""

    def __init__(self, data: bytes, pixels: Any = np.uint8) -> None:
        from llvmlite import binding as llvm

        resolve_symbols()
        host = host_target()
        llvm.initialize_all_targets()
        machine = llvm.Target.from_triple(host.triple).create_target_machine()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()
        given = np.ctypeslib.ndpointer(pixels, flags="C")
        self._run = self._function("net_run", ctypes.c_int, given, FLOATS)
        self.self_test = self._function("net_self_test", ctypes.c_float)

    def _function(self, name: str, result: Any, *kinds: Any) -> Any:
        address = self._engine.get_function_address(name)
        assert address, name
        return ctypes.CFUNCTYPE(result, *kinds)(address)

    def run(self, images: Array, count: int) -> tuple[NDArray[np.float32], list[int]]:
        """The outputs of each image, called one by one, and what the function returned."""
        outputs = np.full((len(images), count), np.nan, np.float32)
        returned = [self._run(*each) for each in zip(images, outputs, strict=True)]
        return outputs, returned

    def probabilities(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of rows of logits."""
        made = values.copy()
        for row in made:
            self._function("net_probabilities", None, FLOATS)(row)
        return made


def here(lanes: int, registers: int) -> Platform:
    """This machine as a platform, with vectors of another width."""
    target = replace(host_target(), lanes=lanes, registers=registers)
    return Platform("here", replace(target, linked=Convention()), "this machine", "", 0)


def with_answers(known: Network) -> tuple[Array, NDArray[np.float32]]:
    """Two images, and the answers that this engine gives."""
    images, _ = batch(known.graph, 2, seed=5)
    return images, np.asarray(get_engine("native").load(known).forward(images), np.float32)


@pytest.mark.parametrize(
    ("name", "lanes"),
    [
        ("every operation", 4),
        ("further operations", 4),
        ("resampling operations", 4),
        ("lenet5", 1),
    ],
)
def test_answers_are_those_of_other_engines(name: str, lanes: int) -> None:
    graph = GRAPHS[name]
    known = network(graph)
    linked = Linked(embed(known, here(lanes, 32), "net", with_answers(known)).data)
    images, _ = batch(graph, 3, seed=9)
    (count,) = graph.output_shape
    outputs, returned = linked.run(images, count)
    for engine in ("reference", "torch"):
        expected = np.asarray(get_engine(engine).load(known).forward(images), np.float32)
        assert_close(f"{name} by {engine}", outputs, expected, TOLERANCES["float32"])
    assert returned == outputs.argmax(axis=1).tolist()
    again, _ = linked.run(images[::-1].copy(), count)  # nothing is left over from call to call
    assert again.tobytes() == outputs[::-1].tobytes()
    assert 0 <= linked.self_test() <= 1e-4 * np.abs(with_answers(known)[1]).max()


def small() -> Network:
    layers = [Normalise([120.0], [60.0]), Conv2D(5, 3), ReLU(), MaxPool(2), Flatten(), Dense(6)]
    return network(Sequential(layers).graph((9, 7, 1)))


def test_floats_probabilities_and_numbers() -> None:
    known = small()
    images, expected = with_answers(known)
    made = embed(known, here(4, 32), "net", (images, expected), dtype="float32")
    linked = Linked(made.data, np.float32)
    outputs, _ = linked.run(images.astype(np.float32), 6)
    assert_close("floats", outputs, expected, TOLERANCES["float32"])

    logits = np.array([[0, 1, 2, 3, 4, 5], [90, -90, 0, 200, 3e38, -3e38]], np.float32)
    import torch

    found = linked.probabilities(logits)
    np.testing.assert_allclose(found, torch.softmax(torch.tensor(logits), 1), rtol=2e-6, atol=1e-37)
    labels = embed(known, here(1, 32), "net", (images, expected), answer=Answer("labels"))
    linked = Linked(labels.data)
    found = linked.probabilities(logits)
    np.testing.assert_allclose(found, torch.sigmoid(torch.tensor(logits)), rtol=2e-6, atol=1e-37)
    assert linked.run(images, 6)[1] == [0, 0]

    factors, summands = np.arange(6, dtype=np.float32), np.arange(10, 4, -1, dtype=np.float32)
    affine = tuple(zip(factors.tolist(), summands.tolist(), strict=True))
    scaled = expected * factors + summands
    numbers = embed(known, here(4, 32), "net", (images, scaled), answer=Answer("numbers", affine))
    assert "net_probabilities" not in numbers.described.defined
    linked = Linked(numbers.data)
    assert_close("numbers", linked.run(images, 6)[0], scaled, TOLERANCES["float32"])
    assert linked.self_test() < 1e-3


def test_the_self_test_finds_damage() -> None:
    known = small()
    images, expected = with_answers(known)
    data = embed(known, here(4, 32), "net", (images, expected)).data
    kernel = np.asarray(known.weights["dense1.kernel"], np.float32)
    place = data.index(kernel[0, :4].tobytes())
    for value in (7.0, np.nan):
        damaged = bytearray(data)
        damaged[place : place + 4] = np.float32(kernel[0, 0] + value).tobytes()
        linked = Linked(bytes(damaged))
        difference, (outputs, _) = linked.self_test(), linked.run(images, 6)
        np.testing.assert_equal(difference, np.float32(np.abs(outputs - expected).max()))
        assert not difference < 1


@pytest.mark.parametrize("name", sorted(PLATFORMS))
def test_every_platform(name: str) -> None:
    from llvmlite import binding as llvm

    known, platform = small(), PLATFORMS[name]
    made = embed(known, platform, "net", with_answers(known))
    described = made.described
    assert described == read_object(made.data)
    assert described.machine == platform.machine
    assert described.defined == {"net_run", "net_probabilities", "net_self_test"}
    assert described.undefined <= ALLOWED
    read = llvm.ObjectFileRef.from_data(made.data)
    assert sum(each.size() for each in read.sections() if each.is_text()) == described.code
    assert made.weights < described.constant < made.weights + 2000
    assert described.work < 9 * 7 * 8 * 4 * 5


def test_what_cannot_be_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    known = small()
    monkeypatch.setattr(program, "MOST_BYTES", 100)
    with pytest.raises(ArgumentError, match="bytes"):
        embed(known, PLATFORMS["riscv32"], "net", with_answers(known))
    monkeypatch.undo()
    without(monkeypatch, DenseOperation)
    with pytest.raises(ArgumentError, match="dense"):
        embed(known, PLATFORMS["riscv32"], "net", with_answers(known))
