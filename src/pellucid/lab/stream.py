"""Server-sent events: a loop that looks for news, and how they are written.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from pellucid.lab.bodies import finite
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from pellucid.lab.lab import Lab

SECONDS = 0.5
"""Between two looks."""

QUIET_SECONDS = 15.0
"""After which a stream without news shows that it is alive."""

MOST = 64
"""Streams at a time: each holds a connection, and other requests need some, too."""


class Stream(ABC):
    """What one tab hears. Files are looked at only while it listens.

    Args:
        lab: The lab.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._sent: dict[str, Any] = {}

    async def events(self) -> AsyncIterator[bytes]:
        """The events until the tab goes, or the lab ends."""
        yield b"retry: 2000\n\n"
        spoken = time.monotonic()
        while not self._lab.ending.is_set():
            found = await self._lab.read(lambda: list(self.news()))
            for each in found:
                yield each
            if found:
                spoken = time.monotonic()
            elif time.monotonic() - spoken >= QUIET_SECONDS:
                yield b": nothing new\n\n"
                spoken = time.monotonic()
            try:
                await asyncio.wait_for(self._lab.ending.wait(), SECONDS)
            except TimeoutError:
                continue

    @abstractmethod
    def news(self) -> Iterator[bytes]:
        """What is new since the last look; at the first look, everything."""

    def changed(self, name: str, value: Any) -> Iterator[bytes]:
        """An event, if its value is not the one that was sent last."""
        if self.is_new(name, value):
            yield event(name, value)

    def is_new(self, name: str, value: Any) -> bool:
        """Whether a value is another one than at the last look."""
        if name in self._sent and self._sent[name] == value:
            return False
        self._sent[name] = value
        return True


def streamed(request: Request, stream: Stream) -> Response:
    """A stream as a response.

    Raises:
        RefusedError: If too many are open.
    """
    kind = "text/event-stream"
    if request.method == "HEAD":  # else it would wait for an end that never comes
        return Response(media_type=kind)
    if request.app.state.lab.listening >= MOST:
        raise RefusedError(
            503,
            f"{MOST} views of this lab are open already; close some",
            [(b"connection", b"close")],
        )
    return _Listening(stream.events(), media_type=kind)


class _Listening(StreamingResponse):
    """A stream that is counted as long as it is open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lab: Lab = scope["app"].state.lab
        lab.listening += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            lab.listening -= 1


def event(name: str, value: Any) -> bytes:
    """An event whose data are JSON."""
    text = json.dumps(finite(value), allow_nan=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


def stamp(file: Path) -> tuple[int, int] | None:
    """By what a changed file is known; none of one that is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
