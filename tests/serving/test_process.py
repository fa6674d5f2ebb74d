"""``pellucid serve`` as a process: where it listens, what it prints, how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.serving.running import pictures, png, start

if TYPE_CHECKING:
    from pellucid import ImageClassifier
    from tests.cli.conftest import Command

GUIDE = Path(__file__).parent.parent.parent / "docs" / "serving.md"


def test_from_start_to_end(model_file: Path, tmp_path: Path) -> None:
    found = start(model_file, f"same={model_file}", folder=tmp_path)
    try:
        assert found.url.startswith("http://127.0.0.1:")
        with httpx.Client(base_url=found.url, timeout=120) as client:
            assert client.get("/v2/health/ready").json() == {"ready": True}
            body = png(pictures(1)[0])
            one, other = (
                client.post(f"/predict?model={name}", content=body) for name in ("pets", "same")
            )
            assert one.json()["answers"] == other.json()["answers"]
            assert client.post("/predict", content=body).status_code == 400
    finally:
        code, out, error = found.stop()
    assert code == 0, error
    assert "Traceback" not in error
    assert [json.loads(line)["status"] for line in out.splitlines()] == [200, 200, 200, 400]


def test_it_goes_on_when_nobody_reads_the_log(model_file: Path, tmp_path: Path) -> None:
    found = start(model_file, folder=tmp_path)
    assert found.process.stdout is not None
    assert found.process.stderr is not None
    found.process.stdout.close()
    with httpx.Client(base_url=found.url, timeout=120) as client:
        statuses = [client.get("/v2/health/live").status_code for _ in range(3)]
    found.process.terminate()
    error = found.process.stderr.read()
    found.process.stderr.close()
    assert found.process.wait(120) == 0
    assert statuses == [200] * 3
    assert "Traceback" not in error
    assert len(error.splitlines()) == 1, error


def connects(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=120).close()
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("signals", [1, 2])
def test_it_ends_while_a_body_comes(model_file: Path, tmp_path: Path, signals: int) -> None:
    """In time at the first signal, at once at the second, and in order both times."""
    found = start(model_file, "--request-seconds", 2 if signals == 1 else 500, folder=tmp_path)
    host, port = found.place.split(":")
    with socket.create_connection((host, int(port)), timeout=120) as slow:
        head = f"POST /predict HTTP/1.1\r\nHost: {found.place}\r\nContent-Length: 9\r\n\r\nabc"
        slow.sendall(head.encode())
        for _ in range(2):  # once others were answered, this one's head was read
            assert httpx.get(f"{found.url}/v2/health/live", timeout=120).status_code == 200
        if signals == 2:
            found.process.send_signal(signal.SIGTERM)
            while connects(host, int(port)):  # it has seen the signal once it listens no more
                time.sleep(0.01)
        code, _, error = found.stop()
        answer = slow.recv(100)
    assert code == 0, error
    assert error == ""
    assert answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 503"))


def test_it_ends_in_order_from_when_it_serves(model_file: Path, tmp_path: Path) -> None:
    code, _, error = start(model_file, folder=tmp_path).stop()
    assert (code, error) == (0, "")


@pytest.mark.parametrize("option", ["--watch", "--grace"])
def test_seconds_without_end(model_file: Path, pellucid: Command, option: str) -> None:
    done = pellucid("serve", model_file, "--port", 0, option, "inf", code=1)
    assert option.strip("-") in done.stderr


def test_an_empty_token(model_file: Path, pellucid: Command) -> None:
    done = pellucid("serve", model_file, "--port", 0, code=1, PELLUCID_TOKEN="")
    assert "PELLUCID_TOKEN" in done.stderr


def test_the_guide_s_examples(
    classifier: ImageClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    classifier.save(tmp_path / "digits.safetensors")
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(tmp_path / "seven.png")
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text("utf-8").replace("28, 28", "8, 8")  # as small as this network's
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found = start("digits.safetensors", folder=tmp_path)
    try:
        for block in blocks:
            exec(block.replace("127.0.0.1:8000", found.place), {})  # noqa: S102 - our own
    finally:
        code, _, error = found.stop()
    assert code == 0, error
    answer, *shares = capsys.readouterr().out.replace("[", " ").replace("]", " ").split()
    assert answer in classifier.model_.classes
    assert sum(map(float, shares)) == pytest.approx(1, abs=1e-5)


def test_a_taken_port(model_file: Path, pellucid: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = pellucid("serve", model_file, "--port", port, code=1)
    assert str(port) in done.stderr
    assert "--port" in done.stderr


def test_models_that_cannot_be_served(pellucid: Command, tmp_path: Path, model_file: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(model_file.read_bytes()[:-9])
    assert "bad.safetensors" in pellucid("serve", bad, "--port", 0, code=1).stderr
    twice = pellucid("serve", model_file, model_file, "--port", 0, code=1).stderr
    assert "NAME=" in twice
