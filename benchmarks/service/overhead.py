"""What a service adds for a lone client: ``python -m benchmarks.service.overhead URL MODEL FILE``.

The same picture is sent to a service that runs, and decoded and computed in this process, in turns.
Start the service with as many threads as this process has: ``PELLUCID_THREADS=1`` for both.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pellucid import load

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, EACH = 10, 100
"""Turns, and requests in each."""


def seconds(work: Callable[[], object]) -> list[float]:
    """How long each of some calls took."""
    found = []
    for _ in range(EACH):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found


def main(url: str, place: str, picture: str) -> None:
    """Measure, and print medians in milliseconds."""
    content = Path(picture).read_bytes()
    model = load(place)
    reading, program = model.model_.preprocessing, model.program_
    connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def ask() -> None:
        connection.request("POST", "/predict?top=1", content, {"Content-Type": "image/*"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status

    def compute() -> None:
        program.forward(reading.read(content)[None])

    asked: list[float] = []
    computed: list[float] = []
    for work in (ask, compute):
        seconds(work)
    for _ in range(ROUNDS):
        asked += seconds(ask)
        computed += seconds(compute)
    service, bare = (1000 * statistics.median(each) for each in (asked, computed))
    print(f"service {service:.3f} ms, decoding and computing alone {bare:.3f} ms")
    print(f"overhead {service - bare:.3f} ms, medians of {ROUNDS * EACH}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
