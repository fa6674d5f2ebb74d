"""How long a network takes on this machine: by batch and threads, latency and throughput.

A call takes pixels that lie in memory and gives outputs. Rows are measured in turns, a slice of
time each, so that what disturbs a machine for a while falls on all of them.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.checks import number as check_number
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import ArgumentError
from pellucid.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.graph import Network

TURNS = 5
"""Slices of time that each row is measured in."""

WARM_UP = 3
"""Calls that do not count: the first compiles, and others fetch code and memory."""

MOST_BATCH = 1 << 16
"""Images at once; more is a slip of the pen."""

MOST_SECONDS = 3600.0

INCLUDED = (
    "a call: pixels (uint8) in memory to outputs in memory, Python's part of it included; not "
    "decoding of files, compiling, or what is made of outputs: probabilities, boxes, words"
)


@dataclass(frozen=True)
class TimedCalls:
    """Calls of one kind.

    Attributes:
        threads: Threads of the engine; none where it decides that itself.
        batch: Images of a call.
        calls: How many counted.
        median: Seconds of a call.
        p95: Seconds that 95 % of calls take at most.
        images_per_second: Images of all calls by their time.
    """

    threads: int | None
    batch: int
    calls: int
    median: float
    p95: float
    images_per_second: float


@dataclass(frozen=True)
class TimingReport(Record):
    """What was measured.

    Attributes:
        engine: Who computed.
        input_shape: Of an image, (H, W, C).
        rows: By threads, then by batch.
        decoding: Reading picture files, one by one on one thread; none where none were given.
    """

    record_kind: ClassVar[str] = "timing"
    engine: str
    input_shape: tuple[int, ...]
    rows: tuple[TimedCalls, ...]
    decoding: TimedCalls | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"included": INCLUDED, "warm_up": WARM_UP, **asdict(self)}


def time_network(
    network: Network,
    *,
    engine: str = DEFAULT,
    batches: Sequence[int] = (1, 32),
    threads: Sequence[int] = (),
    seconds: float = 2.0,
    read: Callable[[int], object] | None = None,
    files: int = 0,
) -> TimingReport:
    """Time a network on images of random pixels.

    Args:
        network: The network.
        engine: Who computes, as :func:`pellucid.engines.get_engine` takes it.
        batches: Images of a call, each at least 1.
        threads: Numbers of threads, of the native engine only; none: as many as it takes itself.
        seconds: Of each row, beside warming up, more than 0.
        read: Reads and decodes one of the picture files, by its number; for :attr:`decoding`.
        files: How many there are.

    Raises:
        ArgumentError: If a number is out of range, or the engine takes no number of threads.
        MissingDependencyError: If the engine's library is not installed.
    """
    check_number("seconds", seconds, 1e-3, MOST_SECONDS)
    for batch in batches:
        if not 1 <= batch <= MOST_BATCH:
            raise ArgumentError(f"batch is {batch}; expected 1 to {MOST_BATCH}")
    images = _images(network.graph.input_shape, max(batches))
    kinds: list[tuple[int | None, int, Callable[[], object]]] = []
    for count in threads or (None,):
        options = {} if count is None else {"threads": str(count)}
        program = get_engine(engine, **options).load(network)
        kinds += [(count, batch, _call(program.forward, images[:batch])) for batch in batches]
    times = _times([call for *_, call in kinds], seconds)
    rows = tuple(_row(*kind[:2], each) for kind, each in zip(kinds, times, strict=True))
    decoding = None
    if read is not None and files:
        decoding = _row(1, 1, _reading(read, files, seconds))
    return TimingReport(engine, network.graph.input_shape, rows, decoding)


def _images(shape: Sequence[int], count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


def _call(forward: Callable[[NDArray[np.uint8]], object], images: NDArray[np.uint8]) -> Any:
    return lambda: forward(images)


def _times(calls: Sequence[Callable[[], object]], seconds: float) -> list[list[float]]:
    """Seconds of every call, for each kind."""
    found: list[list[float]] = [[] for _ in calls]
    for call in calls:
        for _ in range(WARM_UP):
            call()
    for _ in range(TURNS):
        for call, times in zip(calls, found, strict=True):
            call()  # what another kind had left in the caches is not its own
            end = time.perf_counter() + seconds / TURNS
            now = began = time.perf_counter()
            while now < end or not times:
                call()
                now = time.perf_counter()
                times.append(now - began)
                began = now
    return found


def _reading(read: Callable[[int], object], files: int, seconds: float) -> list[float]:
    """Seconds of every file, over and over."""
    read(0)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        began = time.perf_counter()
        read(len(times) % files)
        times.append(time.perf_counter() - began)
    return times


def _row(threads: int | None, batch: int, times: Sequence[float]) -> TimedCalls:
    median, p95 = np.percentile(times, [50, 95])
    return TimedCalls(
        threads, batch, len(times), float(median), float(p95), batch * len(times) / sum(times)
    )
