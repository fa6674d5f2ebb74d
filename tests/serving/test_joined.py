"""How many packets a response is written in, by uvicorn's own code."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from pellucid.serving.joined import JoinedWrites

LARGE = 100_000


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def _sent(method: str, *messages: dict[str, Any]) -> list[bytes]:
    """What a response of uvicorn's is written as; one that stops early is closed."""
    transport, log = Transport(), logging.getLogger("test")
    cycle = RequestResponseCycle(
        scope={"method": method},  # type: ignore[typeddict-item]
        transport=transport,  # type: ignore[arg-type]
        flow=FlowControl(transport),  # type: ignore[arg-type]
        logger=log, access_logger=log, access_log=False, default_headers=[],
        message_event=asyncio.Event(), expect_100_continue=True, keep_alive=True,
        on_response=lambda: None,
    )  # fmt: skip
    cycle.transport = JoinedWrites(transport, cycle)  # type: ignore[arg-type, assignment]
    cycle.message_event.set()
    await cycle.receive()
    for message in messages:
        await cycle.send(message)  # type: ignore[arg-type]
    if not cycle.response_complete:
        cycle.transport.close()
        assert transport.closed
    assert transport.written.pop(0) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return transport.written


def _head(size: int | None) -> dict[str, Any]:
    headers = [] if size is None else [(b"content-length", b"%d" % size)]
    return {"type": "http.response.start", "status": 200, "headers": headers}


def _body(data: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


@pytest.mark.parametrize(
    ("method", "messages", "pieces"),
    [
        ("POST", [_head(4), _body(b"data")], [b"data"]),
        ("POST", [_head(0), _body(b"")], [b""]),
        ("HEAD", [_head(4), _body(b"")], [b""]),
        ("POST", [_head(LARGE), _body(bytes(LARGE))], [b"", bytes(LARGE)]),
        ("POST", [_head(4), _body(b"da", more=True), _body(b"ta")], [b"da", b"ta"]),
        ("POST", [_head(None), _body(b"data")], [b"4\r\ndata\r\n0\r\n\r\n"]),
        ("POST", [_head(4)], [b""]),
    ],
)
def test_a_head_goes_with_the_first_piece_of_the_body(
    method: str, messages: list[dict[str, Any]], pieces: list[bytes]
) -> None:
    written = asyncio.run(_sent(method, *messages))
    head, end, first = written[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert end
    assert [first, *written[1:]] == pieces
