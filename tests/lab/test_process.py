"""``pellucid lab`` as a process: where it listens, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_from_start_to_end(runs: Path, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "lab", str(runs), "--port", "0", "--no-open"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", line)
        assert found, line
        with httpx.Client(base_url=found[0], timeout=60) as client:
            assert len(client.get("api/runs").json()["runs"]) == 2
            assert client.get("lab.js").headers["content-type"].startswith("text/javascript")
            assert client.get("http://" + found[0].split("/")[2]).status_code == 403
            with client.stream("GET", "api/events") as stream:  # a tab is open when it ends
                lines = stream.iter_lines()
                assert next(lines).startswith("retry")
                process.send_signal(how)
                assert process.wait(60) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken(pellucid: Command, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = pellucid("lab", tmp_path, "--port", port, "--no-open", code=1)
    assert str(port) in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_file_is_no_folder_of_runs(pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    found = pellucid("lab", tmp_path / "file", "--no-open", code=1)
    assert "file" in found.stderr
    assert found.stderr.count("\n") == 1


COMPUTING = """
import sys, time
from pellucid.lab import mistakes
def find(self, folder, kept):
    print("computing", file=sys.stderr, flush=True)
    end = time.monotonic() + 600
    while time.monotonic() < end:
        try:
            time.sleep(1)
        except BaseException:
            pass
mistakes.MistakesOfRuns._find = find
from pellucid.cli import main
sys.argv = ["pellucid", "lab", sys.argv[1], "--port", "0", "--no-open"]
main()
"""


@pytest.mark.parametrize("times", [1, 2])
def test_it_ends_while_it_computes(runs: Path, times: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMPUTING, str(runs)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", line)
        assert found, line
        with httpx.Client(base_url=found[0], timeout=60) as client:
            identifier = client.get("api/runs").json()["runs"][0]["id"]
            client.get(f"api/runs/{identifier}/mistakes")
            assert process.stderr.readline() == "computing\n"
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0  # long before what it computes would end
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def test_a_browser_does_not_get_the_token_in_its_command_line(runs: Path, tmp_path: Path) -> None:
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"open({str(seen) + '.new'!r}, 'w').write(sys.argv[1])\n"
        f"import os; os.rename({str(seen) + '.new'!r}, {str(seen)!r})\n"
    )
    browser.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "lab", str(runs), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": f"{browser} %s"},
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/([\w-]{20,})/", process.stderr.readline())
        assert found
        end = time.monotonic() + 60
        while not seen.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        asked = seen.read_text()
        assert found[1] not in asked
        first = httpx.get(asked, timeout=60)
        assert (first.status_code, first.headers["location"]) == (303, f"/{found[1]}/")
        assert httpx.get(asked, timeout=60).status_code == 403
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
