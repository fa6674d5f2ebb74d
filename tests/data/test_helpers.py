"""Processes that help to decode: the same blocks with any number, and none of them is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import in_threads
from pellucid.data import Preprocessing
from pellucid.data.cache import helpers
from pellucid.data.cache.build import decoded_blocks
from pellucid.data.cache.helper import decode_some
from pellucid.data.cache.helpers import Helpers, helpers_for
from pellucid.data.decoded import PictureFile
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, write

if TYPE_CHECKING:
    from pellucid.data.cache.cache_file import Block

SETTINGS = Preprocessing(12, 14, 3)
PATIENCE = 60.0
"""Seconds until a helper must be ready."""


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = [
        write(tmp_path / f"{i:03} 고양이.jpg", encoded(noise(i, 16, 16, 3), "JPEG"))
        for i in range(300)
    ]
    for i, content in ((5, b""), (70, b"<html>"), (130, made[130].read_bytes()[:-300])):
        made[i].write_bytes(content)
    made[200] = made[200].rename(tmp_path / "two\nlines.jpg")
    made[210].unlink()
    return made


INTERRUPTED = """
import os, signal, sys, threading, time
from pellucid.data import Preprocessing
from pellucid.data.cache import helpers

signal.signal(signal.SIGINT, signal.default_int_handler)
start, processes = helpers._started, []

def started():
    processes.append(start())
    if len(processes) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return processes[-1]

helpers._started = started
try:
    with helpers.Helpers(3, Preprocessing(12, 14, 3), 10_000):
        for _ in range(6000):
            time.sleep(0.01)
except KeyboardInterrupt:
    print(len(processes) > 1, all(each.poll() is not None for each in processes))
    end = time.monotonic() + 30
    while threading.active_count() > 1 and time.monotonic() < end:
        time.sleep(0.01)
    print(threading.active_count())
"""
"""Ctrl-C comes while the second of three is started."""


def ready(helping: Helpers, count: int) -> None:
    """Wait until all processes have been started, and have said that they are ready."""
    end = time.monotonic() + PATIENCE
    while len(helping._waiting) < count or any(each.is_alive() for each in helping._waiting):
        assert time.monotonic() < end
        time.sleep(0.01)


def asked_until_ready(helping: Helpers, paths: list[Path]) -> Any:
    end = time.monotonic() + PATIENCE
    while (found := helping.decode(paths)) is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def blocks(paths: list[Path], threads: int, *, stop: bool = False) -> list[Block]:
    files = [PictureFile(path, path.name, "cat") for path in paths]
    return list(
        decoded_blocks(files, range(len(files)), SETTINGS, 10_000, threads=threads, stop=stop)
    )


def assert_same(found: list[Block], expected: list[Block]) -> None:
    assert [(one.positions, one.bad) for one in found] == [
        (one.positions, one.bad) for one in expected
    ]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_a_helper_finds_the_same(paths: list[Path]) -> None:
    good, pixels, bad = decode_some(paths, SETTINGS, 10_000)
    with Helpers(1, SETTINGS, 10_000) as helping:
        for _ in range(2):
            found = asked_until_ready(helping, paths)
            assert found[0] == good
            assert sorted(bad) == [5, 70, 130, 210]
            np.testing.assert_array_equal(found[1], pixels)
            assert {i: str(error) for i, error in found[2].items()} == {
                i: str(error) for i, error in bad.items()
            }
        (process,) = helping._processes
        assert process.poll() is None
    assert process.poll() is not None


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    if sys.platform != "linux":
        return
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg"))
    write(path, encoded(noise(0, 16, 16, 3), "JPEG"))
    with Helpers(1, SETTINGS, 10_000) as helping:
        good, _, bad = asked_until_ready(helping, [path])
    assert (good, bad) == ([0], {})


@pytest.mark.parametrize("threads", [2, 4])
def test_the_same_blocks(paths: list[Path], monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    expected = blocks(paths, 1)
    monkeypatch.setattr(helpers, "PICTURES_EACH", 50)
    started: list[Helpers] = []
    begin, decode = Helpers.__enter__, Helpers.decode
    helped: list[int] = []

    def beginning(self: Helpers) -> Helpers:
        started.append(begin(self))
        ready(self, threads - 1)
        return self

    def counting(self: Helpers, some: Any) -> Any:
        found = decode(self, some)
        if found is not None:
            helped.append(len(some))
        return found

    monkeypatch.setattr(Helpers, "__enter__", beginning)
    monkeypatch.setattr(Helpers, "decode", counting)
    assert_same(blocks(paths, threads), expected)
    assert helped
    assert len(started[0]._processes) == threads - 1
    with pytest.raises(DataError) as caught:
        blocks(paths, threads, stop=True)
    assert str(caught.value).startswith(f"{paths[5]}: empty, 0 bytes")
    for helping in started:
        assert all(process.poll() is not None for process in helping._processes)


def test_one_that_is_killed_is_done_without(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = blocks(paths, 1)
    monkeypatch.setattr(helpers, "PICTURES_EACH", 50)
    asked = Helpers._asked
    killed: list[int] = []

    def killing(self: Helpers, process: subprocess.Popen[bytes], some: Any) -> Any:
        process.kill()
        process.wait()
        killed.append(process.pid)
        return asked(self, process, some)

    with Helpers(1, SETTINGS, 10_000) as helping:
        asked_until_ready(helping, paths[:3])
        monkeypatch.setattr(Helpers, "_asked", killing)
        assert helping.decode(paths[:3]) is None
        assert helping.decode(paths[:3]) is None
    assert len(killed) == 1
    begin = Helpers.__enter__

    def beginning(self: Helpers) -> Helpers:
        ready(begin(self), 2)
        return self

    monkeypatch.setattr(Helpers, "__enter__", beginning)
    assert_same(blocks(paths, 3), expected)
    assert len(killed) == 3


@pytest.mark.parametrize("executable", ["", "/opt/blender/blender", "/nowhere/python3"])
def test_none_can_be_started(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch, executable: str
) -> None:
    expected = blocks(paths, 1)
    monkeypatch.setattr(helpers, "PICTURES_EACH", 50)
    monkeypatch.setattr(sys, "executable", executable)
    with Helpers(2, SETTINGS, 10_000) as helping:
        assert helping.decode(paths) is None
    assert helping._processes == []
    assert_same(blocks(paths, 3), expected)


def test_one_interrupt_stops_all_that_was_started() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("True True\n1\n", "")


def test_no_thread_can_be_started(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(in_threads, "start_new_thread", refuse)
        with Helpers(2, SETTINGS, 10_000) as helping:
            assert helping.decode(paths) is None
    assert helping._processes == []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with Helpers(2, SETTINGS, 10_000) as helping:
        assert helping.decode(paths) is None
    assert helping._processes == []


def test_it_ends_with_its_input(paths: list[Path]) -> None:
    process = helpers._started()
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        settings = {"preprocessing": SETTINGS.to_dict(), "max_pixels": 10_000}
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"\n"
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_when_they_are_worth_while(paths: list[Path], tmp_path: Path) -> None:
    many = paths * 30  # 9000
    assert helpers_for(many, 2) == 1
    assert helpers_for(many, 1) == 0
    assert helpers_for(many, 64) == 4
    assert helpers_for(many * 10, 64) == 8
    assert helpers_for(paths, 64) == 0
    large = write(tmp_path / "large.jpg", bytes(20_000))
    assert helpers_for([large] * 9000, 64) == 0
    assert helpers_for([tmp_path / "nothing"] * 9000, 64) == 0
