"""Processes that learn together pause, change their rate and stop at the same step."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from pellucid.engines.ranks import Ranks
from pellucid.training.checkpoint import Checkpoint, Moment, Tally
from pellucid.training.live import read_progress, write_control
from pellucid.training.pausing import rest
from pellucid.training.recovery import Recovery
from pellucid.training.result import Progress, TrainingResult, Underway
from pellucid.training.run_folder import RunFolder
from pellucid.training.stopping import Stopped
from pellucid.training.together import KeptByOne
from tests.training.runs import Job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

WORLD = 3


class Threads(Ranks):
    """Ranks that are threads of one process."""

    def __init__(self, rank: int, meeting: threading.Barrier, shared: list[Any]) -> None:
        self.rank, self.world = rank, WORLD
        self._meeting, self._shared = meeting, shared

    def sum(self, values: Sequence[float]) -> list[float]:
        self._shared[self.rank] = list(values)
        self._meeting.wait(60)
        found = [sum(column) for column in zip(*self._shared, strict=True)]
        self._meeting.wait(60)
        return found


def test_all_ranks_do_what_the_first_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pellucid.training.live.watcher.LOOK", 0.0)
    monkeypatch.setattr("pellucid.training.pausing.SECONDS", 0.001)
    folder = RunFolder(tmp_path, Job().model(), live=True)
    moment = Moment(Tally(), {}, {})
    state = Checkpoint(moment, moment, Recovery(), TrainingResult())
    meeting, shared = threading.Barrier(WORLD), [None] * WORLD
    logs: list[list[object]] = [[] for _ in range(WORLD)]
    waits: list[int] = []

    def go_on() -> None:
        """Who watches: lets the training go on once it waits, at another rate."""
        end = time.monotonic() + 60
        while not ((found := read_progress(tmp_path)) and found.paused):
            assert time.monotonic() < end
        waits.extend(len(log) for log in logs)
        write_control(tmp_path, rate_factor=0.5, paused=False)

    watching = threading.Thread(target=go_on)

    def learn(rank: int) -> None:
        kept, log = (
            KeptByOne(Threads(rank, meeting, shared), folder if rank == 0 else None),
            logs[rank],
        )
        kept.begin(Underway(1, Progress(1, 0, 1, 0.0, None, 0.0), dict))

        def keep(_: object) -> None:
            log.append("kept")
            if kept.stopping():
                kept.stop(state)

        def take_in() -> None:
            if (factor := kept.factor()) is not None:
                log.append(factor)

        for step in range(10):
            if rank == 0 and step == 2:
                write_control(tmp_path, paused=True)
                watching.start()
            if rank == 0 and step == 6:
                write_control(tmp_path, stop=True)
            try:
                rest([kept], [kept], keep, take_in)
            except Stopped as stopped:
                log.append(stopped.code)
                return
            log.append(f"step {step}")

    threads = [threading.Thread(target=learn, args=(rank,)) for rank in range(WORLD)]
    for thread in threads:
        thread.start()
    for thread in [*threads, watching]:
        thread.join(120)
    folder.close()
    # 1.0 is the factor that the pause was asked with
    assert logs[0] == [
        "step 0", "step 1", 1.0, "kept", 0.5, "step 2", "step 3", "step 4", "step 5", 0.5, "kept",
        143,
    ]  # fmt: skip
    assert logs[1:] == [logs[0]] * (WORLD - 1)
    assert waits
    assert all(count <= 4 for count in waits)  # nobody has taken the third step
