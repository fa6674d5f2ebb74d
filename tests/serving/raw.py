"""HTTP by hand: servers in processes, and sockets that say what no client library would."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Answer:
    """What came back until the server closed, or the response was whole."""

    status: int
    fields: dict[str, str]
    body: bytes
    closed: bool


PATIENCE = 60.0
"""Seconds within which what must come has come, also where the machine has much else to do."""


class Connection:
    """A socket to a server."""

    opened: ClassVar[list[socket.socket]] = []

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.opened.append(self.socket)

    @classmethod
    def close_all(cls) -> None:
        """Close what a test left open."""
        while cls.opened:
            cls.opened.pop().close()

    def send(self, data: bytes) -> Connection:
        self.socket.sendall(data)
        return self

    def answer(self) -> Answer:
        """One response; status 0 if the server closed without any."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._read()
            if not piece:
                return Answer(0, {}, data, closed=True)
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
        while len(body) < int(fields.get("content-length", 0)) and (piece := self._read()):
            body += piece
        return Answer(int(first.split()[1]), fields, body, fields.get("connection") == "close")

    def has_answer(self) -> bool:
        """Whether something can be read."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def is_closed(self) -> bool:
        """Whether the server closes."""
        try:
            while self._read():
                pass
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        self.socket.close()

    def _read(self) -> bytes:
        try:
            return self.socket.recv(1 << 16)
        except ConnectionResetError:
            return b""


def post(path: str = "/", body: bytes = b"", *fields: str) -> bytes:
    """A request with its length."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str = "/", *fields: str) -> bytes:
    """A request without a body."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


@contextmanager
def server(module: str = "tests.serving.guarded", **given: Any) -> Iterator[int]:
    """A server in a process of its own; yields its port."""
    command = [sys.executable, "-m", module, json.dumps(given)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def until(found: Any) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + PATIENCE
    while not found():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
