"""``scripts/check-gpu``: what fails or takes too long is named, and the others go on."""

from __future__ import annotations

import time

from benchmarks.gpu import measured, parts


def test_parts_that_fail_or_take_too_long() -> None:
    def wrong() -> None:
        raise RuntimeError("no compiler")

    assert measured("fine", lambda: {"a": 1.5}, 60)["found"] == {"a": 1.5}
    assert "no compiler" in measured("wrong", wrong, 60)["failed"]
    assert "broken off after 1 s" in measured("slow", lambda: time.sleep(60), 1.0)["failed"]
    assert "left out" in measured("late", lambda: 1, 0.5)["failed"]


def test_every_option_is_measured_and_the_longest_part_comes_last() -> None:
    names = list(parts("cpu"))
    assert names == list(parts("cuda"))
    assert names[-1] == "speed, compiled"
