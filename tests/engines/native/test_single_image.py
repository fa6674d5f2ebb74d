"""One image alone, its stages split for several threads: the bits of the same image in a batch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.emit.convolution import SHARED, filter_groups
from pellucid.engines.native.emit.ir import Vectors
from pellucid.engines.native.emit.schedule_builder import SINGLE, Call
from pellucid.engines.native.emit.single_image import Split, better
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.memory.geometry import Packing
from pellucid.engines.native.program import NativeProgram
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
)
from tests.engines.native.cases import GRAPHS, WIDE, twice
from tests.engines.native.programs import compiled, native
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.networks import DIFFERENT, batch, network

if TYPE_CHECKING:
    from pellucid.graph import Network
    from tests.ops.cases import Case

LARGE = Sequential(
    [
        Normalise([127.5] * 3, [64.0] * 3),
        Conv2D(24, 5, padding="same"),
        BatchNorm(),
        ReLU(),
        Residual([Conv2D(24, 3, padding="same"), ReLU(), Conv2D(24, 1), BatchNorm(), Sigmoid()]),
        ReLU(),
        MaxPool(2),
        Conv2D(40, 3, groups=8, padding="same"),
        Conv2D(192, 3, stride=2, padding="same"),
        MaxPool(2),
        Conv2D(33, 1),
        GlobalAveragePool(),
        Flatten(),
        Dense(70),
        Dense(7),
    ]
).graph((44, 29, 3))


def split_calls(program: NativeProgram) -> list[Call]:
    """The stages of a single image that several threads share."""
    return [call for call in compiled(program)._code.plan.builder.calls[SINGLE[0]] if call.single]


def check(net: Network, threads: int) -> list[Call]:
    """The same bits alone as in a batch, also in memory with nothing in it but NaN."""
    program = NativeEngine(threads=threads).load(net)
    assert isinstance(program, NativeProgram)
    poison_new(program)
    images, _ = batch(net.graph, 3)
    for pixels in (images, images.astype(np.float32) + 0.5):
        together = program.forward(pixels)
        poison_used(program)
        alone = np.concatenate([program.forward(image[None]) for image in pixels])
        np.testing.assert_array_equal(alone, together)
    return split_calls(program)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Split also what is not worth it."""
    monkeypatch.setattr(single_image, "WORTH_MEETING", 0)
    monkeypatch.setattr(single_image, "WORTH_WAKING", 0)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("case", WIDE, ids=str)
def test_every_operation(case: Case) -> None:
    check(twice(case), 2)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("name", [*GRAPHS, *DIFFERENT])
def test_networks(name: str, threads: int) -> None:
    check(network((GRAPHS | DIFFERENT)[name]), threads)


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_a_network_that_is_worth_it(threads: int) -> None:
    """As it comes: some stages split by rows, some by filters, some not at all."""
    calls = check(network(LARGE), threads)
    assert {call.single.by for call in calls if call.single} == {"rows", "blocks"}
    assert len(calls) < len(
        compiled(native(LARGE, learning=None))._code.plan.builder.calls[SINGLE[0]]
    )


@pytest.mark.parametrize("name", ["lenet5", "lecture"])
def test_who_wakes_the_others(name: str) -> None:
    """Of these two, LeNet-5 is done before another thread is awake."""
    architecture = get_architecture(name)
    graph = architecture(10).graph((28, 28, 1))
    program = native(graph, learning=None)
    assert compiled(program)._code.shares_single == (name == "lecture")


def test_threads_meet_where_rows_need_others() -> None:
    """A function goes on with the rows that its thread has convolved; a convolution never does."""
    calls = compiled(native(LARGE, learning=None))._code.plan.builder.calls[SINGLE[0]]
    together = [(a, b) for a, b in pairwise(calls) if a.group == b.group]
    assert any(b.single and b.single.local for _, b in together)
    for a, b in together:
        if b.single is None:
            assert a.single is None
        else:
            assert b.single.local
            assert a.single is not None
            assert a.single.same_parts(b.single)


def test_the_better_split() -> None:
    rows, blocks = Split("rows", 7, 100_000), Split("blocks", 8, 100_000)
    assert better(rows, blocks, 2, more_weights=False) == blocks  # 4 of 8 and not 4 of 7
    assert better(rows, blocks, 7, more_weights=False) == rows
    assert better(rows, Split("blocks", 14, 1), 7, more_weights=False) == rows
    assert better(rows, Split("blocks", 14, 1), 7, more_weights=True).by == "blocks"


@pytest.mark.parametrize("registers", [Vectors(16, 32), Vectors(8, 16), Vectors(4, 32)], ids=str)
def test_groups_of_filters_that_threads_share(registers: Vectors) -> None:
    """A dense layer's filters, in groups of nearly one size; of many each thread has as many."""
    for units in (*range(1, 300, 7), 1000, 4096):
        packing = Packing.of((1, 1), 8, units, registers)
        groups = filter_groups(packing)
        assert sum(groups) == packing.blocks
        assert max(groups) <= packing.sums // packing.vectors
        assert max(groups) - min(groups) <= 1
        if units >= 1000:
            assert len(groups) % SHARED == 0


def test_small_stages_are_not_split() -> None:
    large, small = Split("rows", 8, 100_000), Split("rows", 8, 100)
    assert large.worth(None)
    assert not small.worth(large)
    assert not Split("rows", 1, 100_000).worth(None)
    following = Split("rows", 8, 100, local=True)
    assert following.worth(large)
    assert not following.worth(None)
    assert not following.worth(Split("rows", 7, 100_000))


def test_a_stage_is_cut_as_the_one_before() -> None:
    tiles = Split("rows", 8, 100_000, each=4)
    for rows, units in ((32, 8), (30, 8), (29, 8)):
        cut = Split("rows", rows, 100, local=True).cut_as(tiles)
        assert (cut.units, cut.each) == (units, 4)
        assert cut.goes_with(tiles)
    for other in (
        Split("rows", 28, 100, local=True),  # of another height
        Split("rows", 32, 100),
    ):
        assert other.cut_as(tiles) == other
    whole = Split("rows", 32, 100, local=True)
    for before in (None, Split("blocks", 8, 100_000), Split("rows", 8, 100_000, each=0)):
        assert whole.cut_as(before) == whole
        assert not whole.goes_with(before)


@pytest.mark.parametrize("threads", [2, 3, 4])
@pytest.mark.parametrize("channels", [16, 4])
def test_functions_and_additions_follow_groups_of_rows(threads: int, channels: int) -> None:
    """Tiles of 4 rows, the last of 2; and rows that are computed together since they are short."""
    size = (30, 27) if channels == 16 else (96, 6)
    net = network(
        Sequential(
            [
                Normalise([100.0], [60.0]),
                Conv2D(channels, 3, padding="same"),
                Residual(
                    [
                        Conv2D(channels, 3, padding="same"),
                        ReLU(),
                        Conv2D(channels, (3, 3), padding="same", name="last"),
                        Sigmoid(name="of-last"),
                    ]
                ),
                ReLU(name="sum"),
                Flatten(),
                Dense(3),
            ]
        ).graph((*size, 1))
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(single_image, "WORTH_MEETING", 10_000)
        patched.setattr(single_image, "WORTH_WAKING", 0)
        calls = check(net, threads)
    following = {b.name: (a, b) for a, b in pairwise(calls) if a.group == b.group}
    convolved, function = following["of-last"]
    applied, added = next(pair for name, pair in following.items() if "add" in name)
    assert convolved.name == "last"
    assert applied == function
    for call in (function, added):
        assert call.single is not None
        assert call.single.each > 1
