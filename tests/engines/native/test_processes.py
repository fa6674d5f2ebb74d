"""Forks, interruptions from the keyboard, the end of a process, and the same bits in another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.native.processes import STEPS, many_steps

ROOT = Path(__file__).parents[3]

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def scene(name: str, *arguments: str, **variables: str) -> str:
    """What a scene prints, played in a process of its own."""
    # Newer versions of Python warn of every fork of a process that has threads.
    quiet = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [sys.executable, *quiet, "-m", "tests.engines.native.processes", name, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **variables},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_same_bits_on_any_number_of_threads() -> None:
    assert len({many_steps(threads) for threads in ("1", "2", "3", "4", "2")}) == 1


def test_the_same_bits_in_another_process(tmp_path: Path) -> None:
    """Compiled without a cache, compiled and kept, and fetched."""
    places = "off", str(tmp_path), str(tmp_path)
    found = {scene("many_steps", "2", PELLUCID_CACHE=place) for place in places}
    assert found == {many_steps("3")}
    assert list(tmp_path.iterdir())


@forks
def test_fork_between_calls() -> None:
    child, threads_of_child, parent, _ = scene("fork_between_calls").split()
    assert child == parent
    assert threads_of_child == "2"


@forks
def test_fork_during_calls() -> None:
    steps = [int(word) for word in scene("fork_during_calls").split()]
    assert steps
    assert steps == sorted(steps)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no process this signal")
def test_interruptions() -> None:
    steps, interrupted = scene("interrupt_steps").split()
    assert int(steps) == STEPS
    assert int(interrupted) > 0


def test_the_end_of_a_busy_process() -> None:
    assert scene("end_while_working") == "ended"


def test_idle_threads_sleep() -> None:
    """Three threads that waited busily would take 1.5 s of half a second."""
    assert float(scene("idle")) < 0.25
