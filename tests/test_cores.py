"""How many threads are used where nobody says, on machines made of files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pellucid.cores import available_threads, physical_cores, processor_time
from pellucid.engines.native import NativeEngine
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def siblings(*lists: str) -> dict[str, str]:
    """The topology files of processors 0, 1 …, by the list of those on the same core."""
    return {
        f"sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list": f"{text}\n"
        for number, text in enumerate(lists)
    }


def test_two_threads_of_a_core_count_once(tmp_path: Path) -> None:
    root = write(tmp_path, siblings("0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"))
    assert physical_cores(range(8), root) == 4
    assert physical_cores({0, 4}, root) == 1
    assert physical_cores({0, 5, 6}, root) == 3


def test_neighbours_on_a_core(tmp_path: Path) -> None:
    root = write(tmp_path, siblings("0-1", "0-1", "2-3", "2-3"))
    assert physical_cores({1, 2, 3}, root) == 2


def test_nothing_is_known_of_the_cores(tmp_path: Path) -> None:
    assert physical_cores({3, 8, 9}, tmp_path) == 3


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000", 0),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("5000 100000", 1),
        ("100000 0", 0),
        ("gibberish", 0),
        ("", 0),
    ],
)
def test_a_limit_on_processor_time(tmp_path: Path, quota: str, expected: int) -> None:
    files = {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": f"{quota}\n"}
    assert processor_time(write(tmp_path, files)) == expected


def test_limits_further_up(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/b/cpu.max": "800000 100000",
        "sys/fs/cgroup/a/cpu.max": "300000 100000",
        "sys/fs/cgroup/cpu.max": "max 100000",
        "sys/fs/cpu.max": "100000 100000",  # above the tree
    }
    assert processor_time(write(tmp_path, files)) == 3


@pytest.mark.parametrize(("quota", "expected"), [("-1", 0), ("250000", 3)])
def test_limits_of_the_first_version(tmp_path: Path, quota: str, expected: int) -> None:
    files = {
        "proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/a\n0::/\n",
        "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": quota,
        "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
    }
    assert processor_time(write(tmp_path, files)) == expected


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "0:", "1:2:3:4"])
def test_a_strange_list_of_groups(tmp_path: Path, text: str) -> None:
    assert processor_time(write(tmp_path, {"proc/self/cgroup": text})) == 0


def test_the_smaller_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 4, 5}, raising=False)
    files = siblings("0-1", "0-1", "2-3", "2-3", "4-5", "4-5")
    root = write(tmp_path, files | {"proc/self/cgroup": "0::/\n"})
    assert available_threads({}, root) == 3
    write(tmp_path, {"sys/fs/cgroup/cpu.max": "200000 100000"})
    assert available_threads({}, root) == 2


def test_a_system_that_binds_no_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_threads({}, tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_threads({}, tmp_path) == 1


@pytest.mark.parametrize(("given", "expected"), [("1", 1), (" 7 ", 7), ("1024", 1024)])
def test_told(given: str, expected: int) -> None:
    assert available_threads({"PELLUCID_THREADS": given}) == expected


@pytest.mark.parametrize("given", ["0", "-1", "two", "2.0", "1025", "9" * 5000, "1 2"])
def test_nonsense(given: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        available_threads({"PELLUCID_THREADS": given})
    message = str(raised.value)
    start = "PELLUCID_THREADS must be a whole number from 1 to 1024, got "
    assert message.startswith(f"{start}{given!r:.80}; ")
    assert "\n" not in message


def test_the_variable_and_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PELLUCID_THREADS", "3")
    assert NativeEngine().threads == 3
    assert NativeEngine(threads=2).threads == 2
    monkeypatch.setenv("PELLUCID_THREADS", "many")
    with pytest.raises(ArgumentError, match="PELLUCID_THREADS must be"):
        NativeEngine()


@pytest.mark.parametrize("threads", [0, -2, True, 2.0, 1025])
def test_a_nonsensical_argument(threads: object) -> None:
    with pytest.raises(ArgumentError, match="threads must be a whole number from 1 to 1024, got"):
        NativeEngine(threads=threads)  # type: ignore[arg-type]
