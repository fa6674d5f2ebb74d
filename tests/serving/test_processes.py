"""``pellucid serve --processes``: several answer at one address, and belong together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.serving.running import pictures, png, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.serving.running import Process

BODY = png(pictures(1)[0])


def processes_of(found: Process) -> list[int]:
    """Those that answer: the others that it started do not listen."""
    listening = Path(f"/proc/{found.process.pid}/task/{found.process.pid}/children")
    answering = []
    for pid in map(int, listening.read_text().split()):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended by now
            if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text():
                answering.append(pid)
    return answering


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true, for a minute at most."""
    end = time.monotonic() + 60
    while not (found := true()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


@pytest.fixture
def found(model_file: Path, tmp_path: Path) -> Iterator[Process]:
    copy = tmp_path / "pets.safetensors"
    copy.write_bytes(model_file.read_bytes())
    found = start(copy, "--processes", 2, "--watch", 0, folder=tmp_path)
    yield found
    if found.process.poll() is None:
        found.stop()


def ask(found: Process, method: str, path: str, **options: Any) -> httpx.Response:
    return httpx.request(method, found.url + path, timeout=60, **options)


def versions(found: Process) -> set[int]:
    """Of a few answers, on connections of their own, so that both processes may give them."""
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, found, "POST", "/predict", content=BODY) for _ in range(24)]
        return {each.result().json()["version"] for each in asked}


def test_they_answer_together(found: Process, model_file: Path, tmp_path: Path) -> None:
    assert len(processes_of(found)) == 2
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, found, "POST", "/predict", content=BODY) for _ in range(41)]
        answers = {each.result().text for each in asked}
    alone = start(model_file, folder=tmp_path)
    expected = ask(alone, "POST", "/predict", content=BODY).json()["answers"]
    alone.stop()
    assert len(answers) == 1
    assert ask(found, "POST", "/predict", content=BODY).json()["answers"] == expected
    counted = {ask(found, "GET", "/metrics").text for _ in range(8)}
    for text in counted:  # whichever was asked
        (total,) = re.findall(
            r'pellucid_requests_total\{route="/predict",status="200"\} (\S+)', text
        )
        assert float(total) == 42
        assert 'pellucid_model_info{model="pets"' in text
    code, out, error = found.stop()
    assert (code, error) == (0, "")
    assert out.count('"/predict"') == 42  # a line each


def test_a_model_is_loaded_again_by_all(found: Process) -> None:
    assert versions(found) == {1}
    loaded = ask(found, "POST", "/v2/repository/models/pets/load")
    assert loaded.json() == {"name": "pets", "versions": ["2"]}
    until(lambda: versions(found) == {2})


def test_one_that_breaks_down_is_replaced(found: Process) -> None:
    first, second = processes_of(found)
    os.kill(first, signal.SIGKILL)
    assert ask(found, "POST", "/predict", content=BODY).status_code == 200
    new = until(lambda: set(processes_of(found)) - {first, second})
    until(lambda: len(processes_of(found)) == 2)
    os.kill(second, signal.SIGKILL)
    until(lambda: second not in processes_of(found))  # the new one answers alone
    assert ask(found, "POST", "/predict", content=BODY).status_code == 200
    assert new <= set(processes_of(found))
    code, _, error = found.stop()
    assert code == 0
    assert [line.split(" was ")[0] for line in error.splitlines()] == [
        f"process {first}", f"process {second}",
    ]  # fmt: skip


def test_they_end_with_the_process_that_started_them(found: Process) -> None:
    members = processes_of(found)
    found.process.kill()
    found.process.communicate()
    until(lambda: not [pid for pid in members if Path(f"/proc/{pid}").exists()])


def test_a_model_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"no model")
    command = [sys.executable, "-m", "pellucid", "serve", "bad.safetensors", "--processes", "2"]
    done = subprocess.run(
        [*command, "--port", "0"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("pellucid: bad.safetensors")
