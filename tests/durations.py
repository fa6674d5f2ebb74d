"""How much work each test is, a selection that is little work, and an order for all.

``--record-durations`` writes down what tests cost, in seconds of processor time, which depend
little on what else runs; ``--fast`` leaves out what costs much. Files that cost much run first: so
no process has a long one left when the others are done.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE = Path(__file__).with_name("durations.txt")

RECORDED = 0.1
"""What costs less is not listed."""

QUICK = 0.4
"""What a quick test costs at most."""

BUDGET = 20.0
"""What all quick tests of a selection may cost together."""

UNLISTED = 0.03
"""What a test that is not listed is taken to cost."""

EACH = 2
"""How many of a test's parameters are in a selection."""


class Durations:
    """Adds up what each test costs, in every process of a run; registered as a plugin."""

    def __init__(self) -> None:
        self._at = _used()
        self.seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Note what a phase of a test has used: a report takes it to the process that adds up."""
        report = yield
        before, self._at = self._at, _used()
        report.cpu_seconds = self._at - before  # type: ignore[attr-defined]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up: what fixtures cost counts for the file, since they are shared."""
        name = report.nodeid if report.when == "call" else _file(report.nodeid)
        self.seconds[name] += getattr(report, "cpu_seconds", 0.0)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file, where this is the process that adds up; tests that did not run stay."""
        if "PYTEST_XDIST_WORKER" in os.environ:
            return
        root = Path(__file__).parent.parent
        cost = {name: each for name, each in read().items() if (root / _file(name)).exists()}
        cost |= self.seconds
        lines = [
            f"{seconds:6.1f} {name}\n"
            for name, seconds in sorted(cost.items(), key=lambda each: (-each[1], each[0]))
            if seconds >= RECORDED
        ]
        FILE.write_text("".join(lines), encoding="utf-8")


def _used() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def read() -> dict[str, float]:
    """Tests, and files for their fixtures, with what they cost, the dearest first."""
    found = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        seconds, _, name = line.strip().partition(" ")
        found[name] = float(seconds)
    return found


def quick(items: list[pytest.Item]) -> list[pytest.Item]:
    """A selection of tests: quick ones, of files that test much for what they cost.

    Every folder is in it, at least by the file that costs least for a test.
    """
    cost = read()
    files: dict[str, list[pytest.Item]] = {}
    of_function: Counter[str] = Counter()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if cost.get(item.nodeid, 0.0) <= QUICK and of_function[function] < EACH:
            of_function[function] += 1
            files.setdefault(_file(item.nodeid), []).append(item)
    total = _totals(item for tests in files.values() for item in tests)
    left, folders, chosen = BUDGET, set[str](), set[str]()
    for file in sorted(files, key=lambda file: total[file] / len(files[file])):
        folder = file.rpartition("/")[0]
        if total[file] <= left or folder not in folders:
            left -= total[file]
            folders.add(folder)
            chosen.add(file)
    kept = {item for file in chosen for item in files[file]}
    return [item for item in items if item in kept]


def longest_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """Tests in the order of what their files cost, each file's together and as they were."""
    total = _totals(items)
    return sorted(items, key=lambda item: -total[_file(item.nodeid)])


def _totals(items: Iterable[pytest.Item]) -> dict[str, float]:
    """What these tests of each file cost together, with its fixtures."""
    cost, total = read(), dict[str, float]()
    for item in items:
        file = _file(item.nodeid)
        total.setdefault(file, cost.get(file, 0.0))
        total[file] += cost.get(item.nodeid, UNLISTED)
    return total


def _file(name: str) -> str:
    return name.partition("::")[0]
