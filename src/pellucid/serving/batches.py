"""Batches that form by themselves: what arrives while the engine computes is its next batch.

A lone request waits for nobody, since an idle engine begins at once; under load the pictures that
came meanwhile are computed together. Nothing is ever held back to make a batch larger.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from pellucid.errors import PellucidError
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.serving.lanes import Engine

    Array = NDArray[Any]
    Compute = Callable[[Array], Array]

T = TypeVar("T")

_RECENT = 0.2
"""Weight of the newest in the measured times of a picture."""

_OF_MET = 0.05
"""Weight of the newest request in the share of those that met others."""

_OFTEN = 0.3
"""From which share on each thread computes pictures of its own."""


class OverloadedError(PellucidError):
    """More pictures wait than may, or they would wait too long.

    Attributes:
        seconds: After how many it is worth to try again, at least 1.
    """

    def __init__(self, waiting: int, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(
            f"overloaded: {counted(waiting, 'picture')} waiting already; try again in "
            f"{self.seconds} s"
        )


class BatchWatcher(Protocol):
    """Notified of every batch, in the event loop."""

    def batch(self, pictures: int, seconds: float) -> None:
        """A batch was computed."""


@dataclass(eq=False)
class _Unit:
    """Pictures of one request that are computed together: (n, H, W, C) of one type."""

    images: Array
    answer: asyncio.Future[Array]

    def __len__(self) -> int:
        return len(self.images)


class Batcher:
    """The queue before one network.

    All methods belong to the event loop.

    Args:
        compute: The network: (N, H, W, C) → (N, …), each answer a picture's own.
        engine: The threads that compute.
        lanes: The same network for each lane of the engine, to be computed by one thread; none:
            all threads always compute together.
        most: Pictures in a batch, at most; a unit is never split, so it may have no more.
        queue: Pictures that may wait; more are refused.
        longest: Seconds that pictures may have to wait, as measured; more are refused.
        watcher: Notified of every batch.
    """

    def __init__(
        self,
        compute: Compute,
        engine: Engine,
        *,
        lanes: Sequence[Compute] = (),
        most: int,
        queue: int,
        longest: float = math.inf,
        watcher: BatchWatcher | None = None,
    ) -> None:
        self.most = most
        self._compute = compute
        self._engine = engine
        self._lanes = lanes
        self._queue, self._longest = queue, longest
        self._watcher = watcher
        self._units: deque[_Unit] = deque()
        self._running: list[list[_Unit]] = []
        self._apart = False  # whether those that run keep to a lane each
        self._admitted = 0
        self._met = 0.0
        self._picture_seconds = self._decode_seconds = 0.0

    # ------------------------------------------------------------------------------------- asking

    @property
    def waiting(self) -> int:
        """Pictures that were admitted and are not being computed: decoded ones and others."""
        return max(0, self._admitted - _pictures(chain(*self._running)))  # some may have left

    @property
    def expected_wait(self) -> float:
        """Seconds until all that is here would be answered, by the times measured last."""
        return self._admitted * max(self._picture_seconds, self._decode_seconds)

    def decoded(self, seconds: float) -> None:
        """Take note of how long a picture took to be decoded, for one of the threads that do it."""
        self._decode_seconds = _blended(self._decode_seconds, seconds)

    @contextlib.contextmanager
    def admitted(self, pictures: int) -> Iterator[None]:
        """Count pictures from before they are decoded until they are answered.

        Raises:
            OverloadedError: If others are here, and there is no room for these, or they would wait
                too long.
        """
        waiting, seconds = self.waiting, self.expected_wait
        if self._admitted and (waiting + pictures > self._queue or seconds > self._longest):
            raise OverloadedError(waiting, seconds)
        self._met += _OF_MET * (bool(self._admitted) - self._met)
        self._admitted += pictures
        try:
            yield
        finally:
            self._admitted -= pictures

    async def run(self, images: Array) -> Array:
        """Admit pictures, and compute them.

        Raises:
            OverloadedError: As :meth:`admitted`.
        """
        with self.admitted(len(images)):
            return await self.computed(images)

    async def computed(self, images: Array) -> Array:
        """The network's answers to pictures that were admitted, (n, H, W, C) → (n, …).

        Pictures of a cancelled call leave the queue.
        """
        loop = asyncio.get_running_loop()
        parts = range(0, len(images), self.most)
        units = [_Unit(images[at : at + self.most], loop.create_future()) for at in parts]
        self._units.extend(units)
        self._begin()
        try:
            answers = [await unit.answer for unit in units]
        except BaseException:
            self._leave(units)
            raise
        return answers[0] if len(answers) == 1 else np.concatenate(answers)

    @property
    def ready(self) -> bool:
        """Whether a request would be computed at once."""
        if self._units:
            return False
        if self._running or self._often:
            return self._room > 0 and self._engine.has_free_lane
        return not self._admitted and self._engine.idle

    @property
    def _often(self) -> bool:
        """Whether pictures come one upon the other, so that each thread had better have its own."""
        return bool(self._lanes) and self._met > _OFTEN

    @property
    def _room(self) -> int:
        """How many batches may begin beside those that run, each in a lane."""
        if self._running and not self._apart:
            return 0
        return len(self._lanes) - len(self._running)

    async def alone(self, work: Callable[[Compute], T]) -> T:
        """Do all of a small request in a thread of the engine, which is :attr:`ready`.

        Each thread that a request passes through costs it the time of waking one.

        Args:
            work: Is given the network, and calls it once at most, with one picture, admitted.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        batch = [_Unit(np.empty(1), asyncio.get_running_loop().create_future())]
        seconds: list[float] = []

        def whole(compute: Compute) -> T | BaseException:
            try:
                return work(self._noting(compute, seconds))
            except Exception as error:  # noqa: BLE001 - raised again where it is awaited
                return error

        def done(found: T | BaseException) -> None:
            if seconds:
                self._measured(1, seconds[0])
            if answer.done():  # cancelled meanwhile
                return
            if isinstance(found, BaseException):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        self._run(batch, whole, done, apart=bool(self._running) or self._often)
        return await answer

    def at_once(self, work: Callable[[Compute], T]) -> T:
        """Do all of a small request here, in the event loop.

        For what is done sooner than another thread is awake. Nothing else happens meanwhile.

        Args:
            work: As :meth:`alone` takes it.
        """
        seconds: list[float] = []
        try:
            return work(self._noting(self._compute, seconds))
        finally:
            if seconds:
                self._measured(1, seconds[0])

    @staticmethod
    def _noting(compute: Compute, seconds: list[float]) -> Compute:
        """A network; how long a call took is added to ``seconds``."""

        def noting(images: Array) -> Array:
            started = time.perf_counter()
            found = compute(images)
            seconds.append(time.perf_counter() - started)
            return found

        return noting

    def _leave(self, units: Sequence[_Unit]) -> None:
        gone = set(map(id, units))
        self._units = deque(unit for unit in self._units if id(unit) not in gone)
        for unit in units:
            if not unit.answer.done():
                unit.answer.cancel()
            elif not unit.answer.cancelled():
                unit.answer.exception()  # taken note of

    # ---------------------------------------------------------------------------------- computing

    def _begin(self) -> None:
        """Let the engine compute what waits, unless it is at work for this queue."""
        while self._units:
            apart = bool(self._lanes) and (bool(self._running) or len(self._units) > 1)
            if self._running and (not apart or self._room <= 0):
                return
            if apart or self._often:
                share = -(-_pictures(self._units) // self._room)
                self._compute_next(min(self.most, share), apart=True)
            else:
                self._compute_next(self.most, apart=False)

    def _compute_next(self, most: int, *, apart: bool) -> None:
        batch = self._next(most)
        self._run(
            batch,
            lambda compute: self._timed(compute, batch),
            lambda found: self._done(batch, *found),
            apart=apart,
        )

    def _run(
        self,
        batch: list[_Unit],
        work: Callable[[Compute], T],
        done: Callable[[T], object],
        *,
        apart: bool,
    ) -> None:
        """Do some work with the network in the engine, and go on with what waits.

        Args:
            batch: What runs meanwhile.
            work: What is done, given the network.
            done: Takes what came of it.
            apart: Whether it keeps to a lane.
        """
        self._apart = apart
        self._running.append(batch)

        def finish(found: T) -> None:
            self._running.remove(batch)
            self._begin()
            done(found)

        self._engine.submit(
            lambda lane: work(self._lanes[lane] if apart else self._compute), finish,
            alone=not apart,
        )  # fmt: skip

    def _next(self, most: int) -> list[_Unit]:
        """The first that waits, and those behind it that fit into a batch with it."""
        batch = [self._units.popleft()]
        count, kind = len(batch[0]), batch[0].images.dtype
        while (
            self._units
            and count + len(self._units[0]) <= most
            and self._units[0].images.dtype == kind
        ):
            batch.append(self._units.popleft())
            count += len(batch[-1])
        return batch

    def _timed(
        self, compute: Compute, batch: list[_Unit]
    ) -> tuple[list[Array | BaseException], float]:
        """In a thread of the engine: the answers of a batch, and seconds."""
        started = time.perf_counter()
        found = self._answers(compute, batch)
        return found, time.perf_counter() - started

    def _answers(self, compute: Compute, batch: list[_Unit]) -> list[Array | BaseException]:
        """The answers of each unit; of units that fail together, each alone."""
        images = [unit.images for unit in batch]
        try:
            whole = compute(images[0] if len(images) == 1 else np.concatenate(images))
        except Exception as error:  # noqa: BLE001 - raised again where each is awaited
            if len(batch) == 1:
                return [error]
            return [each for unit in batch for each in self._answers(compute, [unit])]
        ends = np.cumsum([len(unit) for unit in batch])
        return list(np.split(whole, ends[:-1])) if len(batch) > 1 else [whole]

    def _done(self, batch: list[_Unit], found: list[Array | BaseException], seconds: float) -> None:
        self._measured(_pictures(batch), seconds)
        for unit, answer in zip(batch, found, strict=True):
            if unit.answer.done():  # cancelled meanwhile
                continue
            if isinstance(answer, BaseException):
                unit.answer.set_exception(answer)
            else:
                unit.answer.set_result(answer)

    def _measured(self, count: int, seconds: float) -> None:
        """Take note of how long a batch took."""
        together = len(self._lanes) if self._apart else 1
        self._picture_seconds = _blended(self._picture_seconds, seconds / (count * together))
        if self._watcher is not None:
            self._watcher.batch(count, seconds)


def _pictures(units: Iterable[_Unit]) -> int:
    return sum(map(len, units))


def _blended(before: float, newest: float) -> float:
    """A running mean, in which the newest counts most."""
    return before + _RECENT * (newest - before) if before else newest
