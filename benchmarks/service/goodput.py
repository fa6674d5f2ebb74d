"""The goodput of a service: the most requests a second that it answers in time.

In time: 99 of 100 within a limit, counted from when they were due, and all answered. Sought by
bisection between rates; the contenders take turns at every step, so that what else runs on the
machine meets them alike.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.service.load import Found

if TYPE_CHECKING:
    from benchmarks.service.contenders import Running

_FIRST = 20.0  # requests a second
_ANSWERED = 0.999


@dataclass
class Search:
    """The search for one service's goodput.

    Attributes:
        service: Which.
        limit: Milliseconds for 99 of 100.
        low: The highest rate that was answered in time; 0 if none was.
        high: The lowest rate above it that was not.
        found: All windows.
    """

    service: Running
    limit: float
    low: float = 0.0
    high: float = math.inf
    found: list[Found] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The next one to try."""
        if math.isinf(self.high):
            return max(_FIRST, 2 * self.low)
        return math.sqrt(self.low * self.high) if self.low else self.high / 2

    @property
    def best(self) -> Found | None:
        """The window of the goodput."""
        good = [found for found in self.found if self.good(found)]
        return max(good, key=lambda found: found.rate, default=None)

    def good(self, found: Found) -> bool:
        """Whether a window was answered in time."""
        return found.answered >= _ANSWERED and found.latencies["99"] <= self.limit

    def step(self, seconds: float, seed: int) -> Found:
        """Try one rate; a failure is tried once more, for it may be another program's."""
        rate = self.rate
        found = offered(self.service, rate, seconds, seed)
        if not self.good(found):
            found = offered(self.service, rate, seconds, seed + 1)
        self.found.append(found)
        if self.good(found):
            self.low = rate
        else:
            self.high = rate
        return found


def offered(
    service: Running, rate: float, seconds: float, seed: int, patience: float = 10.0
) -> Found:
    """One window of load, from a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".body") as file:
        head, _, body = service.request.partition(b"\r\n\r\n")
        file.write(body)
        file.flush()
        kind = head.partition(b"Content-Type: ")[2].partition(b"\r\n")[0].decode()
        command = [sys.executable, "-m", "benchmarks.service.load", service.url, file.name]
        options = ["--rate", str(rate), "--seconds", str(seconds), "--seed", str(seed)]
        options += ["--patience", str(patience)]
        before = service.processor_seconds()
        done = subprocess.run(
            [*command, *options, "--kind", kind],
            check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
    found = Found(**json.loads(done.stdout))
    spent = service.processor_seconds() - before
    found.cost = 1000 * spent / max(1, sum(found.statuses.values()))
    return found
