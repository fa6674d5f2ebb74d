"""The error that answers a request with a status instead of a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    503: b"Service Unavailable",
    505: b"HTTP Version Not Supported",
}


class RefusedError(PellucidError):
    """A request that is not answered.

    Attributes:
        status: The status of the response, 400 to 599.
        headers: Further header fields of the response.
    """

    def __init__(
        self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, tuple(headers)

    def body(self) -> bytes:
        """The response as the Open Inference Protocol writes errors: JSON with ``error``."""
        return json.dumps({"error": str(self)}).encode()

    def response(self) -> bytes:
        """The whole response in HTTP/1.1, for what is refused before it is a request."""
        body = self.body()
        fields = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *self.headers,
        ]
        lines = [b"HTTP/1.1 %d %s" % (self.status, _REASONS[self.status])]
        lines += [name + b": " + value for name, value in fields]
        return b"\r\n".join([*lines, b"", body])


def try_again(seconds: int) -> tuple[bytes, bytes]:
    """The header field that says after how many seconds to ask again."""
    return b"retry-after", b"%d" % seconds


async def send_refusal(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    error: RefusedError,
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    """Answer a request with an error.

    Args:
        send: Of the ASGI application.
        error: What is answered.
        headers: Further header fields.
    """
    body = error.body()
    fields = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *error.headers,
        *headers,
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
