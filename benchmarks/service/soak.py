"""A service under more load than it can answer, for minutes: does it stay whole?

    python -m benchmarks.service.soak MODEL PICTURE --minutes 10

First its capacity is sought: the highest rate that it answers without refusing any. Then requests
arrive at 1.5 times that rate. At the end it says whether anything but 200, 429 and 503 came,
how memory grew between the first quarter and the end, and the 99th percentile of those answered
beside the deadline; it exits with 1 if one of these is not as it must be.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.service.contenders import CONTENDERS, Running, running
from benchmarks.service.goodput import offered

if TYPE_CHECKING:
    from benchmarks.service.load import Found

ALLOWED = frozenset(("200", "429", "503"))
_WINDOW = 20.0  # seconds; each has a generator of its own, whose memory is no matter
_MORE = 10.0  # seconds beyond the deadline that an answer is waited for
_GROWTH = 1.1


def memory(service: Running) -> int:
    """Bytes that a process has in memory."""
    pages = Path(f"/proc/{service.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def capacity(service: Running, seconds: float = 4.0) -> float:
    """Requests a second that are just answered without a refusal."""
    rate = 25.0
    while True:
        found = offered(service, rate, seconds, seed=0)
        answered = found.statuses.get("200", 0)
        if answered < 0.98 * sum(found.statuses.values()) or found.latencies["99"] > 2000:
            return rate / 1.4
        rate *= 1.4


def main() -> None:
    """Soak, print, judge."""
    parser = argparse.ArgumentParser(description="Load a service beyond its capacity.")
    parser.add_argument("model", help="file, run's folder or name of trained weights")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, help="requests a second; default: 1.5 × capacity")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--deadline", type=float, default=60.0, help="seconds, as --request-seconds"
    )
    given = parser.parse_args()
    picture = given.picture.read_bytes()
    with running(CONTENDERS[0], "", Path(given.model), Path(), picture, given.threads) as service:
        most = given.rate / 1.5 if given.rate else capacity(service)
        print(
            f"capacity about {most:.0f} requests/s; now {1.5 * most:.0f} for {given.minutes:g} min"
        )
        windows: list[Found] = []
        sizes: list[int] = []
        for number in range(max(4, round(60 * given.minutes / _WINDOW))):
            patience = given.deadline + _MORE
            windows.append(offered(service, 1.5 * most, _WINDOW, number, patience))
            sizes.append(memory(service))
            found = windows[-1]
            print(f"{found.statuses} {found.causes or ''}, p99 {found.latencies.get('99')} ms, "
                  f"{sizes[-1] / 1e6:.0f} MB; generator {found.late:.0f} ms late, "
                  f"load of the machine {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
        alive = service.process.poll() is None
    sys.exit(_judge(windows, sizes, given.deadline, alive=alive))


def _judge(windows: list[Found], sizes: list[int], deadline: float, *, alive: bool) -> int:
    others = {
        status: count
        for found in windows
        for status, count in found.statuses.items()
        if status not in ALLOWED
    }
    growth = max(sizes[len(sizes) // 4 :]) / sizes[len(sizes) // 4]
    worst = max(found.latencies.get("99", 0.0) for found in windows)
    print(f"other statuses: {others or 'none'}; memory after the first quarter ×{growth:.3f}; "
          f"worst p99 {worst:.0f} ms of {1000 * deadline:.0f}; alive: {alive}")  # fmt: skip
    return int(bool(others) or growth > _GROWTH or worst > 1000 * deadline or not alive)


if __name__ == "__main__":
    main()
