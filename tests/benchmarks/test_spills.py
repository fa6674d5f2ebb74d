"""Registers that inner loops keep in memory: how they are counted, and how many there are."""

from __future__ import annotations

import pytest
from benchmarks.spills import PROCESSORS, inner_loops, network, text_of

from pellucid.engines.native.assemble import assembly
from pellucid.engines.native.emit.ir import Function, Vectors
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Dense, GlobalAveragePool, Normalise, ReLU6, Sequential

MOBILE = Sequential(
    [
        Normalise([120.0] * 3, [60.0] * 3),
        Conv2D(8, 3, stride=2, padding="same"),
        ReLU6(),
        Conv2D(48, 1),
        ReLU6(),
        Conv2D(48, 3, padding="same", groups=48),
        ReLU6(),
        Conv2D(24, 1),
        GlobalAveragePool(),
        Dense(10),
    ]
).graph((16, 16, 3))

MOST = 0.1
"""Share of a loop's instructions that may move vectors to and from the stack."""

ALLOWED = {
    "loss": "exponentials and logarithms in double precision, once an image",
    "back_through_C3": "groups of rows at the edges of few channels, whose taps are written out",
}
"""Stages that may have more, and why."""


def sums_in_a_loop(count: int, kind: str) -> str:
    """A loop that adds a product to several sums."""
    target = PROCESSORS[kind]
    vectors = Vectors(target.lanes, target.registers)
    f = Function("tile", [("ptr", "a"), ("ptr", "sums"), ("i64", "n")], vectors)

    def turn(i: str | int, running: list[str]) -> list[str]:
        number = f.broadcast(f.load("%a", i))
        return [f.fma(number, f.load_vector("%a", i), each) for each in running]

    sums = f.loop(0, "%n", 1, turn, [(vectors.float, f.zero)] * count)
    for k, each in enumerate(sums):
        f.store_vector(each, "%sums", k * target.lanes)
    v = vectors.float
    declared = f"declare {v} @llvm.fmuladd.v{target.lanes}f32({v}, {v}, {v})\n"
    return declared + f.text()


@pytest.mark.parametrize("kind", ["AVX-512", "AVX2", "NEON"])
def test_what_is_counted(kind: str) -> None:
    target = PROCESSORS[kind]
    few, many = target.registers - 4, target.registers + 8
    for count in (few, many):
        (loop,) = inner_loops(assembly(sums_in_a_loop(count, kind), target))
        assert loop.function == "tile"
        assert loop.multiplies == count
        assert loop.instructions >= count + 3
        if count == few:
            assert loop.spills == loop.reloads == 0
        else:  # what has no register is read and written each time, but for what is folded
            assert loop.reloads >= many - target.registers
            assert loop.spills >= many - target.registers


@pytest.mark.parametrize("kind", ["AVX-512", "AVX2", "NEON"])
@pytest.mark.parametrize("way", ["training", "inference"])
@pytest.mark.parametrize("name", ["lenet5", "mobile"])
def test_products_stay_in_registers(name: str, way: str, kind: str) -> None:
    found = network(name) if name != "mobile" else Network(MOBILE, initial_weights(MOBILE, 0))
    target = PROCESSORS[kind]
    loops = inner_loops(assembly(text_of(found, way, target), target))
    assert max(loop.multiplies for loop in loops) >= 24
    crowded = {loop.function.split("_", 2)[2]: loop for loop in loops if loop.share > MOST}
    assert not crowded.keys() - ALLOWED.keys(), crowded
