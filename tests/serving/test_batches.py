"""Batches form by themselves; what is refused, cancelled or broken touches no neighbour."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.serving.batches import Batcher, OverloadedError
from pellucid.serving.lanes import Engine

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from numpy.typing import NDArray


class Network:
    """Adds up pictures, one batch at a time, when it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.batches: list[list[float]] = []

    def __call__(self, images: NDArray[Any]) -> NDArray[Any]:
        assert self.may.wait(60)
        sums: NDArray[Any] = images.reshape(len(images), -1).sum(1)
        self.batches.append(sums.tolist())
        if -1 in sums:
            raise ValueError
        return sums


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def picture(value: float, count: int = 1) -> NDArray[np.float32]:
    return np.full((count, 1, 1, 1), value, np.float32)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(timed())


def test_what_arrives_meanwhile_is_the_next_batch(network: Network, engine: Engine) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=100)
        asked = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(7)]
        await asyncio.sleep(0)
        network.may.set()
        answers = await asyncio.gather(*asked)
        assert [float(each[0]) for each in answers] == list(range(7))

    run(work)
    assert network.batches == [[0], [1, 2, 3, 4], [5, 6]]


def test_pictures_of_one_call_stay_together(network: Network, engine: Engine) -> None:
    async def work() -> None:
        network.may.set()
        batcher = Batcher(network, engine, most=4, queue=100)
        many = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)
        assert (await batcher.run(many)).tolist() == list(range(10))

    run(work)
    assert network.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_a_full_queue_refuses_and_says_when(network: Network, engine: Engine) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=3)
        asked = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(4)]
        await asyncio.sleep(0)
        assert batcher.waiting == 3
        with pytest.raises(OverloadedError) as caught:
            await batcher.run(picture(9))
        assert caught.value.seconds >= 1
        network.may.set()
        await asyncio.gather(*asked)
        await batcher.run(picture(5))

    run(work)


def test_an_idle_engine_takes_more_than_the_queue(network: Network, engine: Engine) -> None:
    """A request larger than the queue is not refused for ever."""

    async def work() -> None:
        network.may.set()
        batcher = Batcher(network, engine, most=4, queue=3)
        assert len(await batcher.run(picture(1, 10))) == 10

    run(work)


def test_those_who_left_are_not_computed(network: Network, engine: Engine) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=100)
        asked = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(4)]
        await asyncio.sleep(0)
        asked[2].cancel()
        await asyncio.sleep(0)
        assert batcher.waiting == 2
        asked[0].cancel()  # which the engine computes already
        network.may.set()
        await asyncio.gather(asked[1], asked[3])

    run(work)
    assert network.batches == [[0], [1, 3]]


def test_one_that_breaks_the_network_fails_alone(network: Network, engine: Engine) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=100)
        asked = [asyncio.ensure_future(batcher.run(picture(x))) for x in (0, 1, -1, 2)]
        await asyncio.sleep(0)
        network.may.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(found[2], ValueError)
        assert [float(found[i][0]) for i in (0, 1, 3)] == [0, 1, 2]  # type: ignore[index]

    run(work)


def test_bytes_and_floats_are_not_mixed(network: Network, engine: Engine) -> None:
    async def work() -> None:
        network.may.set()
        batcher = Batcher(network, engine, most=4, queue=100)
        whole = picture(1).astype(np.uint8)
        await asyncio.gather(*(batcher.run(x) for x in (whole, whole, picture(2), whole)))

    run(work)
    assert network.batches == [[1], [1], [2], [1]]


def test_requests_of_several_pictures_in_one_batch_get_their_own(
    network: Network, engine: Engine
) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=6, queue=100)
        asked = [asyncio.ensure_future(batcher.run(picture(i, i + 1))) for i in range(3)]
        await asyncio.sleep(0)
        network.may.set()
        answers = await asyncio.gather(*asked)
        assert [each.tolist() for each in answers] == [[0], [1, 1], [2, 2, 2]]

    run(work)
    assert network.batches == [[0], [1, 1, 2, 2, 2]]


def test_those_who_would_wait_too_long_are_refused(network: Network, engine: Engine) -> None:
    """By what a picture took to be decoded, until one was computed."""

    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=100, longest=30)
        batcher.decoded(20.0)
        asked = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(2)]
        await asyncio.sleep(0)
        assert batcher.expected_wait == 40
        with pytest.raises(OverloadedError) as caught:
            await batcher.run(picture(9))
        assert caught.value.seconds == 40
        network.may.set()
        await asyncio.gather(*asked)
        assert batcher.expected_wait == 0

    run(work)
    assert network.batches == [[0], [1]]


def test_what_arrives_while_one_is_answered_alone_is_next(network: Network, engine: Engine) -> None:
    async def work() -> None:
        batcher = Batcher(network, engine, most=4, queue=100)
        assert batcher.ready
        with batcher.admitted(1):
            alone = asyncio.ensure_future(batcher.alone(lambda compute: compute(picture(7))))
            await asyncio.sleep(0)
            others = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(2)]
            await asyncio.sleep(0)
            assert (batcher.ready, batcher.waiting) == (False, 2)
            network.may.set()
            answers = await asyncio.gather(alone, *others)
        assert [each.tolist() for each in answers] == [[7], [0], [1]]
        assert batcher.ready

    run(work)
    assert network.batches == [[7], [0, 1]]
