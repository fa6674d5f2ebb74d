"""Buffers that share their memory: never while both are needed, and without changing a bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks.networks import photo

from pellucid.engines.native.compile import orders, write
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.memory.arena import Arena
from pellucid.engines.native.memory.layout import Border, Layout
from pellucid.engines.native.memory.live_ranges import Access, LiveRanges
from pellucid.engines.native.runtime.host.this_machine import host_target
from tests.engines.native.programs import LEARNING, SMALL, compiled, native
from tests.engines.native.sharing import disjoint, related
from tests.engines.networks import DIFFERENT, batch
from tests.engines.tolerances import assert_same_bits
from tests.learning import step_of

if TYPE_CHECKING:
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.memory.arena import Buffer
    from pellucid.engines.native.program import NativeProgram
    from pellucid.graph import Graph

NETWORKS = {"small": SMALL, **DIFFERENT}

FULL = Layout(2, 3, 8, 8)
BORDERED = Layout(2, 3, 8, 8, Border(1, 1, 1, 1))


def touch(
    *places: int, meeting: int = 0, by_image: bool = True, again: int | None = None
) -> Access:
    return Access(places, meeting, by_image, () if again is None else (again,))


def settled(arena: Arena, accesses: list[Access], *starts: int) -> tuple[list[int], int]:
    """The addresses after settling, and the whole size."""
    arena.settle([accesses])
    return [arena.address(start) for start in starts], arena.size


# ------------------------------------------------------------------------------------- by hand


def test_what_is_never_needed_together_shares() -> None:
    arena = Arena()
    a, b, c = (arena.place_images(name, BORDERED, 1200) for name in "abc")
    at, size = settled(arena, [touch(a), touch(a, b), touch(b, c), touch(c)], a, b, c)
    assert at[0] == at[2] != at[1]
    assert size == 2 * 1216


@pytest.mark.parametrize("kind", ["images", "scratch"])
def test_what_lasts_is_not_shared(kind: str) -> None:
    arena = Arena()
    weights = arena.place("weights", 160)
    a = arena.place_scratch("a", 128) if kind == "scratch" else arena.place_images("a", FULL, 128)
    (at,), size = settled(arena, [touch(weights), touch(a, meeting=1)], a)
    assert (at, size) == (192, 320)
    assert arena.address(weights + 28) == weights + 28
    assert arena.address(a + 20) == at + 20
    assert arena.address(a + 128) == at + 128  # the place behind its end


def test_other_layouts_share_only_if_nothing_lies_between_values() -> None:
    for layouts, shares in [
        ((BORDERED, Layout(2, 3, 8, 8, Border(0, 1, 0, 1))), False),
        ((FULL, BORDERED), False),
        ((FULL, Layout(2, 3, 7, 8)), False),
        ((FULL, Layout(1, 3, 16, 16)), True),
    ]:
        arena = Arena()
        a, b = (arena.place_images("x", layout, 1280) for layout in layouts)
        at, _ = settled(arena, [touch(a, meeting=0), touch(b, meeting=1)], a, b)
        assert (at[0] == at[1]) == shares, layouts


def test_threads_that_have_not_met_need_their_images_to_lie_alike() -> None:
    for by_image, other, meeting, shares in [
        (True, BORDERED, 0, True),
        (False, BORDERED, 0, False),
        (False, BORDERED, 1, True),
        (True, FULL, 1, False),
    ]:
        arena = Arena()
        a = arena.place_images("a", BORDERED, 1280)
        b = arena.place_images("b", other, 1280)
        second = touch(b, meeting=meeting, by_image=by_image)
        at, _ = settled(arena, [touch(a, by_image=by_image), second], a, b)
        assert (at[0] == at[1]) == shares
    arena = Arena()
    a, b = arena.place_scratch("a", 1280), arena.place_scratch("b", 1280)
    at, _ = settled(arena, [touch(a), touch(b)], a, b)
    assert at[0] != at[1]


def test_a_gradient_takes_the_place_of_what_its_stage_read_last() -> None:
    for later, shares in [((), True), ((touch(0),), False)]:
        arena = Arena()
        value, gradient = (arena.place_images(name, BORDERED, 1280) for name in ("v", "g"))
        arena.over(gradient, value)
        touches = [touch(value), touch(value, gradient), touch(gradient)]
        touches += [touch(value) for _ in later]
        at, _ = settled(arena, touches, value, gradient)
        assert (at[0] == at[1]) == shares


def test_what_is_made_again_is_not_needed_in_between() -> None:
    for again, shares in [(False, False), (True, True)]:
        arena = Arena()
        a, b = (arena.place_images(name, BORDERED, 1280) for name in "ab")
        once_more = touch(a, again=a if again else None)
        at, _ = settled(arena, [touch(a), touch(b), once_more, touch(a)], a, b)
        assert (at[0] == at[1]) == shares


def test_what_is_needed_for_long_leaves_no_gaps() -> None:
    """The largest first would take 155: the third would begin at 60, where the first ends."""
    sizes, lives = (60, 55, 50, 52, 45), ((0, 0), (1, 1), (0, 2), (2, 2), (1, 2))
    arena = Arena()
    starts = [arena.place_scratch("x", 64 * size) for size in sizes]
    touches = [
        touch(*(s for s, (a, b) in zip(starts, lives, strict=True) if a <= now <= b), meeting=now)
        for now in range(3)
    ]
    _, size = settled(arena, touches)
    assert size == 64 * (55 + 50 + 45)


def test_scratch_fits_into_gaps() -> None:
    arena = Arena()
    large, left, right = (arena.place_scratch("x", size) for size in (320, 192, 128))
    touches = [touch(large), touch(left, meeting=1), touch(left, right, meeting=2)]
    at, size = settled(arena, touches, large, left, right)
    assert at[1:] == [0, 192]
    assert (at[0], size) == (0, 320)


# ---------------------------------------------------------------------------------- whole programs


def overwritten(program: NativeProgram) -> list[str]:
    """Go through every order of stages, and note what is touched after another took its place."""
    plan = compiled(program)._code.plan
    arena, wrong = plan.arena, []

    def overlap(one: Buffer, other: Buffer) -> bool:
        starts = arena.address(one.start), arena.address(other.start)
        return starts[0] < starts[1] + other.size and starts[1] < starts[0] + one.size

    for order in orders(plan):
        born: set[int] = set()
        alive: dict[int, Access] = {}  # each with the stage that touched it last
        for number, stage in enumerate(plan.builder.accesses(order)):
            mine = {i for place in stage.places if (i := arena._index(place)) is not None}
            again = {arena._index(place) for place in stage.again}
            for index in sorted(mine, key=lambda index: index not in born):
                buffer = arena._shared[index]
                if index in born - again - alive.keys():
                    wrong.append(f"{number}: {buffer.name} was overwritten")
                for old in [old for old in alive if old != index]:
                    other = arena._shared[old]
                    if not overlap(buffer, other):
                        continue
                    last = alive.pop(old)
                    if old in mine and arena._over.get(buffer.start) != other.start:
                        wrong.append(f"{number}: {buffer.name} and {other.name} at once")
                    alike = buffer.layout == other.layout and buffer.layout is not None
                    if last.meeting == stage.meeting and not (alike and stage.by_image):
                        wrong.append(f"{number}: {buffer.name} too soon after {other.name}")
                born.add(index)
                alive[index] = stage
    return wrong


@pytest.mark.parametrize("seed", range(12))
def test_relations_are_those_of_the_definition(seed: int) -> None:
    random = np.random.default_rng(seed)
    sequences = []
    for _ in range(2):
        meeting, stages = 0, []
        for _ in range(14):
            meeting += int(random.integers(0, 2))
            places = tuple(int(place) for place in random.integers(0, 9, 3))
            again = places[:1] if random.random() < 0.3 else ()
            stages.append(Access(places, meeting, bool(random.integers(0, 2)), again))
        sequences.append(stages)
    takes = {5: 2, 6: 2, 7: 3}
    ranges = LiveRanges(sequences, lambda place: place, takes)
    for one in filter(ranges.accessed, range(9)):
        found = ranges.relations(one)
        for other in filter(ranges.accessed, range(9)):
            if other == one:
                continue
            plain, same = ((one, other), (other, one))
            apart = disjoint(sequences, lambda place: place, plain)
            alike = disjoint(
                sequences, lambda place: place, plain, alike=True, takes=takes.get(one) == other
            ) or disjoint(
                sequences, lambda place: place, same, alike=True, takes=takes.get(other) == one
            )
            assert found.apart[other] == apart, (one, other)
            assert found.alike[other] == alike, (one, other)


@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_nothing_is_overwritten_that_is_read_later(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert overwritten(native(graph)) == []
    assert overwritten(native(graph, learning=None)) == []
    with monkeypatch.context() as patch:  # all on top of each other
        patch.setattr(LiveRanges, "relations", related(True))
        assert overwritten(native(graph))


def test_what_a_batch_norm_made_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made_again = compiled(native(DIFFERENT["resnet20"]))._memory.nbytes
    monkeypatch.setattr("pellucid.engines.native.compile._recomputed", lambda *_: False)
    kept = compiled(native(DIFFERENT["resnet20"]))._memory.nbytes
    assert made_again < 0.95 * kept


def needed_at_once(plan: Plan) -> int:
    """Bytes of the buffers that are needed during one stage, at most, with all that lasts."""
    arena, most = plan.arena, 0
    for order in orders(plan):
        stages = plan.builder.accesses(order)
        spans: dict[int, list[list[int]]] = {}
        for number, stage in enumerate(stages):
            again = {arena._index(place) for place in stage.again}
            for index in {arena._index(place) for place in stage.places}:
                own = spans.setdefault(index, []) if index is not None else [[0, 0]]
                if not own or index in again:
                    own.append([number, number])
                own[-1][1] = number
        held = np.zeros(len(stages), np.int64)
        for index, own in spans.items():
            buffer = arena._shared[index]
            old = arena._over.get(buffer.start)
            under = spans.get(arena._index(old) or 0, []) if old is not None else []
            for first, last in own:
                held[first : last + 1] += buffer.size
                if any(first == ends for _, ends in under):
                    held[first] -= buffer.size
        most = max(most, int(held.max()))
    return arena.lasting + most


@pytest.mark.parametrize("count", [4, 64])
@pytest.mark.parametrize("name", ["lecture", "vgg-small", "resnet20", "photo"])
def test_memory_is_what_is_needed_at_once(name: str, count: int) -> None:
    """Nor does inference decide on it, for which each thread holds an image of some values."""
    graph = DIFFERENT[name] if name in DIFFERENT else photo(10).graph((64, 64, 3))
    step = step_of(graph, LEARNING)
    assert step is not None
    plan = write(graph, host_target(2), capacity=count, learning=Learning.of(step)).plan
    assert plan.arena.size < 1.05 * needed_at_once(plan)


@pytest.mark.parametrize("graph", NETWORKS.values(), ids=NETWORKS)
def test_sharing_changes_no_bit(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    sharing = native(graph)
    with monkeypatch.context() as patch:
        patch.setattr(LiveRanges, "relations", related(False))
        apart = native(graph)
    assert compiled(sharing)._memory.nbytes < compiled(apart)._memory.nbytes
    for step, count in enumerate((9, 13, 1)):
        images, labels = batch(graph, count, seed=step)
        results = [program.train_step(images, labels, 0.01) for program in (sharing, apart)]
        assert results[0] == results[1]
        np.testing.assert_array_equal(sharing.forward(images), apart.forward(images))
    assert_same_bits(sharing.weights(), apart.weights())
    assert_same_bits(sharing.state(), apart.state())
