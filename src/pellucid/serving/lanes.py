"""The threads that compute: all for one picture, or one for each of several.

All threads together answer a lone picture soonest, but wait for each other after every layer, the
more so where something else needs a processor meanwhile. Where pictures come one upon the other,
each thread therefore computes pictures of its own. The bits are the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pellucid.cores import available_threads
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.program import NativeProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.engine import Program
    from pellucid.estimators import AnyEstimator

T = TypeVar("T")


@dataclass(eq=False)
class _Work:
    """What is to be done: in a lane, by its number; by all threads, in the place of all lanes."""

    do: Callable[[int], Any]
    done: Callable[[Any], object]
    lanes: int


class Engine:
    """The threads that compute, of all models in turn.

    All methods belong to the event loop.

    Args:
        lanes: How many threads may each compute for itself.
    """

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = lanes
        self._threads = ThreadPoolExecutor(lanes, thread_name_prefix="pellucid-compute")
        self._free = list(range(lanes))
        self._waiting: deque[_Work] = deque()

    @property
    def idle(self) -> bool:
        """Whether it has nothing to do."""
        return len(self._free) == self.lanes and not self._waiting

    @property
    def has_free_lane(self) -> bool:
        """Whether what needs one lane would begin at once."""
        return bool(self._free) and not self._waiting

    def submit(
        self, do: Callable[[int], T], done: Callable[[T], object], *, alone: bool = True
    ) -> None:
        """Do some work, after what was submitted before.

        Args:
            do: What is done in a thread, given the number of its lane; it raises nothing.
            done: Called in the event loop with what came of it.
            alone: Whether it is for all threads, so that nothing else is done meanwhile.
        """
        self._waiting.append(_Work(do, done, self.lanes if alone else 1))
        self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._free) >= self._waiting[0].lanes:
            work = self._waiting.popleft()
            taken, self._free = self._free[: work.lanes], self._free[work.lanes :]
            self._run(work, taken)

    def _run(self, work: _Work, lanes: list[int]) -> None:
        loop = asyncio.get_running_loop()

        def finish(found: Any) -> None:
            self._free += lanes
            work.done(found)
            self._begin()

        self._threads.submit(lambda: loop.call_soon_threadsafe(finish, work.do(lanes[0])))

    def close(self) -> None:
        """Wait for the last work, and let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def lane_programs(estimator: AnyEstimator) -> list[Program]:
    """The network once more for each thread, which computes alone; none if there is but one.

    They are asked once, so that they are compiled; what does not answer with the very bits of the
    estimator's own program is not used.
    """
    threads, own = available_threads(), estimator.program_
    if threads == 1 or not isinstance(own, NativeProgram):
        return []
    engine = NativeEngine(threads=1)
    programs = [engine.load(estimator.model_.network) for _ in range(threads)]
    shape = (1, *estimator.model_.preprocessing.shape)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with np.errstate(all="ignore"):
        answers = {each.forward(image).tobytes() for each in (own, *programs)}
    return programs if len(answers) == 1 else []
