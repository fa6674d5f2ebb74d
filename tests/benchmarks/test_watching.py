"""What being watched costs: measured by the same steps, with the run's files and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.watching import MODES, Cost, Lesson, lines, measure

if TYPE_CHECKING:
    from pathlib import Path

LESSON = Lesson("lenet5", (16, 16, 1), 64)


def test_each_mode_is_measured_in_each_round(tmp_path: Path) -> None:
    found = measure(LESSON, 0.01, 2, tmp_path, warm_up=0.0)
    assert found.keys() == set(MODES)
    for costs in found.values():
        assert len(costs) == 2
        assert all(0 < cost.own < cost.wall for cost in costs)
    assert {path.name for path in tmp_path.iterdir() if (path / "live").exists()} == {
        "0-live", "0-watched", "1-live", "1-watched",
    }  # fmt: skip


def test_what_is_printed() -> None:
    found = {
        "without": [Cost(1.0, 2.0, 0.0)] * 3,
        "live": [Cost(1.01, 2.0, 0.01), Cost(1.02, 2.0, 0.02), Cost(0.99, 2.1, 0.0)],
        "watched": [Cost(1.0, 2.0, 0.0)] * 3,
    }
    rows = [re.split(r" *\| *", row)[1:-1] for row in lines(LESSON, found)]
    assert rows[1] == [
        "lenet5", "live", "+1.0 % (-1.0 to +2.0)", "+0.0 % (+0.0 to +5.0)", "0.50 % (to 1.00)", "0",
    ]  # fmt: skip
    assert len(rows) == 3
