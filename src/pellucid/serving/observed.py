"""Every request in the metrics and, as one line of JSON, in the log."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pellucid.serving.answers import json_bytes
from pellucid.serving.service import FACTS
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pellucid.serving.metrics import Metrics

LEFT = 499
"""The status in the log of a request whose client left before its answer."""


class Observed:
    """ASGI middleware: counts requests and writes a line for each.

    Args:
        app: What answers.
        metrics: Counts.
        write: Takes a line without its end; None for no log.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, write: Callable[[str], object] | None = None
    ) -> None:
        self._app, self._metrics, self._write = app, metrics, write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        found: dict[str, Any] = {}
        scope[FACTS] = found
        status, size = LEFT, 0

        async def noting(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            status = 500 if status == LEFT else status
            raise
        finally:
            seconds = time.perf_counter() - started
            self._metrics.request(found.pop("route", "other"), status, seconds)
            if self._write is not None:
                self._write(self._line(scope, found, status, size, seconds))

    def _line(
        self, scope: Scope, found: dict[str, Any], status: int, size: int, seconds: float
    ) -> str:
        client = scope.get("client")
        values = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "client": client[0] if client else None,
            "method": scope["method"],
            "path": printable(scope["path"]),
            "status": status,
            "seconds": round(seconds, 6),
            "bytes": size,
            **found,
        }
        return json_bytes(values).decode()
