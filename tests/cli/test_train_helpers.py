"""``pellucid train`` while other processes help to decode: what ends it, and what it leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pellucid.user_cache import TAG
from tests.data.made_files import encoded, noise, write

PICTURES = 300
HELPERS = 2
PATIENCE = 60.0
"""Seconds until what must end has ended."""

SCRIPT = f"""
import os, signal, sys, time
from pellucid.cli import main
from pellucid.data.cache import helpers

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
os.environ["PELLUCID_THREADS"] = "{HELPERS + 1}"
helpers.PICTURES_EACH = 100
hanging = sys.argv.pop(1) == "hanging"
start, begin, ask = helpers._started, helpers.Helpers.__enter__, helpers.Helpers._asked

def tell(what, process):
    os.write(2, f"{{what}} {{process.pid}}\\n".encode())  # at one go, while others write

def started():
    process = start()
    tell("started", process)
    return process

def beginning(self):
    begin(self)
    while len(self._waiting) < self._count:  # another thread starts them
        time.sleep(0.01)
    for waiting in self._waiting:  # until all are ready
        waiting.join({PATIENCE})
    return self

def asked(self, process, paths):
    if hanging:
        os.kill(process.pid, signal.SIGSTOP)
    tell("asked", process)
    return ask(self, process, paths)

helpers._started, helpers.Helpers.__enter__, helpers.Helpers._asked = started, beginning, asked
main()
"""
"""A machine of three processors, and helpers that say when they are started and asked.

``hanging``: each stops in the midst of its first pictures, so that it surely is at work when a
signal comes, and would never end by itself.
"""


@pytest.fixture(scope="module")
def small_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """JPEG files in two classes, as many as are worth while two helpers in the script."""
    root = tmp_path_factory.mktemp("small")
    for name in ("cat", "dog"):
        (root / name).mkdir()
    for i in range(PICTURES):
        file = root / ("cat", "dog")[i % 2] / f"{i:03}.jpg"
        write(file, encoded(noise(i, 12, 12, 3), "JPEG"))
        os.utime(file, (1.7e9, 1.7e9))  # what was written a moment ago is looked at again
    return root


def begun(how: str, pictures: Path, at: Path, *options: str) -> subprocess.Popen[str]:
    arguments = ["train", str(pictures), "--epochs", "1", "--out", "run", "--no-report", *options]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, how, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=at,
        env={**os.environ, "PELLUCID_CACHE": str(at / "cache")},
        start_new_session=True,
    )


def printed(lines: list[str], word: str) -> set[int]:
    """The helpers that a line beginning so was about."""
    return {int(line.split()[1]) for line in lines if line.startswith(f"{word} ")}


def kept(at: Path) -> list[str]:
    """The kinds of file that lie in the cache of pictures."""
    files = (at / "cache" / "pictures").iterdir()
    return sorted(path.suffix for path in files if path.name != TAG)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("cached", [True, False])
def test_a_signal_leaves_no_process_and_no_half_built_cache(
    small_pictures: Path, tmp_path: Path, number: signal.Signals, code: int, cached: bool
) -> None:
    options = [] if cached else ["--no-cache"]
    with begun("hanging", small_pictures, tmp_path, *options) as process:
        assert process.stderr is not None
        lines: list[str] = []
        while len(printed(lines, "asked")) < HELPERS:
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        half_built = kept(tmp_path) if cached else []
        os.killpg(process.pid, number)  # as a terminal gives Ctrl-C to all that it runs
        helpers = printed(lines, "started")
        try:
            _, rest = process.communicate(timeout=PATIENCE)
        finally:
            left = [helper for helper in helpers if is_running(helper)]
            for helper in left:
                os.kill(helper, signal.SIGKILL)
            process.kill()
        assert process.returncode == code
    assert half_built == ([".unfinished"] if cached else [])
    assert rest == "pellucid: stopped\n"
    assert len(helpers) == HELPERS
    assert left == []
    if cached:
        assert kept(tmp_path) == []
    assert not (tmp_path / "run").exists()


def test_none_outlives_a_run_that_is_killed(small_pictures: Path, tmp_path: Path) -> None:
    with begun("helping", small_pictures, tmp_path) as process:
        assert process.stderr is not None
        lines: list[str] = []
        while not printed(lines, "asked"):
            lines.append(process.stderr.readline())
            assert lines[-1], lines
        process.kill()
    end = time.monotonic() + PATIENCE
    for helper in printed(lines, "started"):
        while is_running(helper):
            assert time.monotonic() < end
            time.sleep(0.01)


def is_running(number: int) -> bool:
    """Whether a process has not ended; one that has may still wait to be asked how."""
    try:
        os.kill(number, 0)
        state = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no Linux, or it has just gone
        return sys.platform != "linux"
    return state.split()[0] != "Z"


def test_what_is_kept_needs_no_helper(small_pictures: Path, tmp_path: Path) -> None:
    models, helped = [], []
    for options in ([], ["--overwrite"], ["--overwrite", "--no-cache"]):
        with begun("helping", small_pictures, tmp_path, *options) as process:
            _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        lines = errors.splitlines()
        helped.append((len(printed(lines, "started")), len(printed(lines, "asked")) > 0))
        models.append((tmp_path / "run" / "model.safetensors").read_bytes())
        assert kept(tmp_path) == [".known", ".pictures"]
    assert helped == [(HELPERS, True), (0, False), (HELPERS, True)]
    done = subprocess.run(
        [sys.executable, "-m", "pellucid", "train", small_pictures, "--epochs", "1", "--no-cache",
         "--out", "alone", "--no-report"],
        cwd=tmp_path, check=True, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert "started" not in done.stderr
    models.append((tmp_path / "alone" / "model.safetensors").read_bytes())
    assert len(set(models)) == 1
