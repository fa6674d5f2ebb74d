"""``pellucid lab`` as a process: where it listens, and how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
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
