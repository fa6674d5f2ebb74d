"""Where pictures come one upon the other, each thread computes its own; else all together."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.serving.batches import Batcher
from pellucid.serving.lanes import Engine, lane_programs
from tests.serving.test_batches import Network, picture, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(2)
    yield made
    made.close()


def test_two_that_wait_are_computed_at_the_same_time(engine: Engine) -> None:
    together, lanes = Network(), [Network(), Network()]

    async def work() -> None:
        batcher = Batcher(together, engine, lanes=lanes, most=8, queue=100)
        first = asyncio.ensure_future(batcher.run(picture(9)))
        await asyncio.sleep(0)
        asked = [asyncio.ensure_future(batcher.run(picture(i))) for i in range(5)]
        await asyncio.sleep(0)
        assert batcher.waiting == 5
        together.may.set()  # the first has had all threads
        await first
        lanes[1].may.set()
        answers = [float((await each)[0]) for each in asked[3:]]
        assert not asked[0].done()  # in the other lane, with what was its share
        lanes[0].may.set()
        assert [float((await each)[0]) for each in asked[:3]] == [0, 1, 2]
        assert answers == [3, 4]

    run(work)
    assert together.batches == [[9]]
    assert sorted(map(sorted, lanes[0].batches + lanes[1].batches)) == [[0, 1, 2], [3, 4]]


def test_a_lone_picture_has_all_threads_until_others_come_often(engine: Engine) -> None:
    together, lanes = Network(), [Network(), Network()]
    for each in (together, *lanes):
        each.may.set()

    async def work() -> None:
        batcher = Batcher(together, engine, lanes=lanes, most=8, queue=100)
        for i in range(10):
            await batcher.run(picture(i))
        assert len(together.batches) == 10
        for _ in range(20):  # two at a time
            await asyncio.gather(*(batcher.run(picture(i)) for i in range(2)))
        before = len(together.batches)
        await batcher.run(picture(5))
        assert len(together.batches) == before
        for i in range(40):
            await batcher.run(picture(i))
        assert len(together.batches) > before

    run(work)


def test_a_request_alone_takes_a_free_lane(engine: Engine) -> None:
    together, lanes = Network(), [Network(), Network()]

    async def work() -> None:
        batcher = Batcher(together, engine, lanes=lanes, most=8, queue=100)
        batcher._met = 1.0
        asked = []
        for i in range(2):
            assert batcher.ready
            ask = partial(lambda image, compute: compute(image), picture(i))
            with batcher.admitted(1):
                asked.append(asyncio.ensure_future(batcher.alone(ask)))
                await asyncio.sleep(0)
        assert not batcher.ready
        for lane in lanes:
            lane.may.set()
        assert [float((await each)[0]) for each in asked] == [0, 1]
        assert batcher.ready

    run(work)
    assert [len(lane.batches) for lane in lanes] == [1, 1]


def test_models_take_turns(engine: Engine) -> None:
    """What needs all threads waits for lanes, and what comes after it waits, too."""
    may, order = threading.Event(), []

    async def work() -> None:
        done = [asyncio.get_running_loop().create_future() for _ in range(3)]

        def wait(_lane: int) -> str:
            assert may.wait(60)
            return "lane"

        engine.submit(wait, done[0].set_result, alone=False)
        engine.submit(lambda _lane: order.append("all"), done[1].set_result)
        engine.submit(lambda _lane: order.append("after"), done[2].set_result, alone=False)
        await asyncio.sleep(0.05)
        assert order == []
        assert not engine.has_free_lane
        may.set()
        await asyncio.gather(*done)
        assert engine.idle

    run(work)
    assert order == ["all", "after"]


def test_the_bits_are_the_same(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_THREADS", "2")
    estimator = ImageClassifier.load(model_file, engine="native")
    lanes = lane_programs(estimator)
    assert len(lanes) == 2
    shape = (5, *estimator.model_.preprocessing.shape)
    images = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    expected = estimator.program_.forward(images)
    for lane in lanes:
        np.testing.assert_array_equal(lane.forward(images), expected)
    monkeypatch.setenv("PELLUCID_THREADS", "1")
    assert lane_programs(estimator) == []
