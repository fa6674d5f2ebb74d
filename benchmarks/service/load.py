"""A load generator whose requests arrive when they arrive: Poisson, on schedule, an open loop.

    python -m benchmarks.service.load URL BODY --rate 200 --seconds 5

A closed loop waits for an answer before it asks again, and so hides every queue (Tene 2013,
"coordinated omission"). Here a request is due at a time drawn before; its latency counts from that
time, whether or not the generator was late. It runs in a process of its own and says what share of
a core it took. It prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np


@dataclass
class Found:
    """What became of the requests.

    Attributes:
        rate: Requests a second that were due.
        seconds: How long.
        statuses: How many had each status; ``"0"`` without any answer.
        latencies: Milliseconds from due to answered, of those answered 200: the percentiles 50, 90,
            99, 99.9 and the largest.
        late: Milliseconds that the generator itself was late to send, 99th percentile.
        share: Of one core, that the generator took.
        cost: Milliseconds of processors that the service took for a request, where it was measured.
        causes: Why how many had no answer: what failed, and where.
    """

    rate: float
    seconds: float
    statuses: dict[str, int] = field(default_factory=dict)
    latencies: dict[str, float] = field(default_factory=dict)
    late: float = 0.0
    share: float = 0.0
    cost: float = 0.0
    causes: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> float:
        """The share that was answered 200."""
        return self.statuses.get("200", 0) / max(1, sum(self.statuses.values()))


class Connection(asyncio.Protocol):
    """A connection that is kept; one request at a time."""

    def __init__(self, free: deque[Connection]) -> None:
        self._free = free
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Send a request; its status, once the response is whole."""
        assert self.transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        """Look whether the response is whole."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        fields = head.lower()
        length = int(fields.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        self._buffer = b""
        status = int(head[9:12])
        if b"connection: close" not in fields:
            self._free.append(self)
        elif self.transport is not None:
            self.transport.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Without an answer, there is an error."""
        if self in self._free:
            self._free.remove(self)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or EOFError())


async def load(
    url: str, request: bytes, rate: float, seconds: float, seed: int = 0, patience: float = 10.0
) -> Found:
    """Send requests at times drawn before, and wait for all answers.

    Args:
        url: Of the service; its host and port are used.
        request: The bytes of a whole request.
        rate: Requests a second, on average.
        seconds: How long they are due.
        seed: Draws the times.
        patience: Seconds after which an answer is no longer waited for.
    """
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 80
    free: deque[Connection] = deque()
    loop = asyncio.get_running_loop()
    random = np.random.default_rng(seed)
    gaps = random.exponential(1 / rate, max(1, round(rate * seconds * 1.5) + 20))
    due_times = [due for due in np.cumsum(gaps).tolist() if due < seconds]
    statuses: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    latencies: list[float] = []
    lates: list[float] = []

    async def one(due: float) -> None:
        lates.append(loop.time() - due)
        place = "connecting"
        try:
            if free:
                connection, place = free.pop(), "on a kept connection"
            else:
                _, connection = await loop.create_connection(lambda: Connection(free), host, port)
                place = "on a new connection"
            status = await asyncio.wait_for(connection.ask(request), patience)
        except (OSError, EOFError) as error:
            status = 0
            causes[f"{type(error).__name__} {place}"] += 1
        statuses[str(status)] += 1
        if status == 200:
            latencies.append(loop.time() - due)

    start, busy = loop.time() + 0.05, time.process_time()
    tasks = []
    for due in due_times:
        wait = start + due - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(start + due)))
    await asyncio.gather(*tasks)
    while free:
        transport = free.pop().transport
        if transport is not None:
            transport.close()
    spent = time.process_time() - busy
    return Found(
        rate, seconds, dict(statuses), _percentiles(latencies),
        1000 * float(np.percentile(lates or [0.0], 99)), spent / (loop.time() - start),
        causes=dict(causes),
    )  # fmt: skip


def _percentiles(latencies: list[float]) -> dict[str, float]:
    if not latencies:
        return {}
    marks = {"50": 50.0, "90": 90.0, "99": 99.0, "99.9": 99.9, "100": 100.0}
    return {
        name: round(1000 * float(np.percentile(latencies, mark)), 3) for name, mark in marks.items()
    }


def request_of(url: str, body: bytes, kind: str = "application/octet-stream") -> bytes:
    """A ``POST`` request in HTTP/1.1."""
    place = urlsplit(url)
    head = (
        f"POST {place.path or '/'} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Load one service, and print what was found."""
    parser = argparse.ArgumentParser(description="Load a service with requests by chance.")
    parser.add_argument("url")
    parser.add_argument("body", type=Path, help="file with the request's body")
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--kind", default="application/octet-stream", help="media type")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=10.0, help="seconds for an answer")
    given = parser.parse_args()
    request = request_of(given.url, given.body.read_bytes(), given.kind)
    found = asyncio.run(
        load(given.url, request, given.rate, given.seconds, given.seed, given.patience)
    )
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
