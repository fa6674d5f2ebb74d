"""The services that are compared: how each is started, and what it is asked."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from benchmarks.service.load import request_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
_PATIENCE = 90.0  # seconds until a service answers


@dataclass(frozen=True)
class Start:
    """What a service is started with.

    Attributes:
        peers: The Python that has the peers.
        model: The network as a model file or a name.
        onnx: The same as ONNX.
        port: Where it listens.
        threads: Or processes.
    """

    peers: str
    model: Path
    onnx: Path
    port: int
    threads: int


@dataclass(frozen=True)
class Contender:
    """A service.

    Attributes:
        name: For the table.
        command: The arguments that start it.
        body: The request's body and media type, from a picture's bytes.
    """

    name: str
    command: Callable[[Start], list[str]]
    body: Callable[[bytes], tuple[bytes, str]]


def _ours(start: Start) -> list[str]:
    command = [sys.executable, "-m", "pellucid", "serve", str(start.model), "--no-log"]
    return [*command, "--port", str(start.port), "--threads", str(start.threads), "--watch", "0"]


def _ours_in_processes(start: Start) -> list[str]:
    return [*_ours(start), "--processes", str(start.threads)]


def _peer(script: str, *options: str) -> Callable[[Start], list[str]]:
    def command(start: Start) -> list[str]:
        given = [str(start.onnx), str(start.port), str(start.threads)]
        return [start.peers, str(HERE / script), *given, *options]

    return command


def _bytes(picture: bytes) -> tuple[bytes, str]:
    return picture, "application/octet-stream"


def _json(picture: bytes) -> tuple[bytes, str]:
    text = json.dumps({"picture": base64.b64encode(picture).decode()})
    return text.encode(), "application/json"


CONTENDERS = (
    Contender("pellucid serve", _ours, _bytes),
    Contender("pellucid serve, processes", _ours_in_processes, _bytes),
    Contender("ONNX Runtime + FastAPI", _peer("peer_fastapi.py"), _bytes),
    Contender("LitServe, batches", _peer("peer_litserve.py"), _json),
    Contender("LitServe, one by one", _peer("peer_litserve.py", "1"), _json),
)


@dataclass(frozen=True)
class Running:
    """A service that answers.

    Attributes:
        contender: Which.
        url: Where it takes pictures.
        request: A whole request.
        process: Its first process.
        likeliest: The probability that it gives the likeliest class of the picture.
    """

    contender: Contender
    url: str
    request: bytes
    process: subprocess.Popen[bytes]
    likeliest: float

    def processor_seconds(self) -> float:
        """Seconds of processors that its processes have taken so far (Linux)."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.process.pid:  # the session, of its first process
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    contender: Contender, peers: str, model: Path, onnx: Path, picture: bytes, threads: int
) -> Iterator[Running]:
    """Start a service, wait until it answers a picture, and end it with its children."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = contender.command(Start(peers, model, onnx, port, threads))
    environment = {name: text for name, text in os.environ.items() if name != "OMP_NUM_THREADS"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}/predict"
            body, kind = contender.body(picture)
            answer = _wait(url, body, kind, process, contender.name)
            yield Running(contender, url, request_of(url, body, kind), process, _likeliest(answer))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _likeliest(answer: dict[str, Any]) -> float:
    """The probability of the likeliest class: ours, or as the peers here write it."""
    if "answers" in answer:
        return float(answer["answers"][0]["guesses"][0]["probability"])
    return float(answer["probabilities"][0])


def _wait(
    url: str, body: bytes, kind: str, process: subprocess.Popen[bytes], name: str
) -> dict[str, Any]:
    """The first answer."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{name}: ended with {process.returncode}")
        with suppress(OSError):
            request = Request(url, body, {"Content-Type": kind})  # noqa: S310
            with urlopen(request, timeout=10) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read())
                return found
        time.sleep(0.2)
    raise SystemExit(f"{name}: no answer in {_PATIENCE:g} s")
