"""A response's head and the first piece of its body as one packet.

uvicorn writes them one after the other. Each is a call of the system and wakes the client, which
for a small answer takes longer than to compute it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_SMALL = 1 << 16  # bytes


class JoinedWrites:
    """What uvicorn asks of a transport while it answers a request.

    Args:
        transport: Takes what is written.
        cycle: The request and its response: the first piece of a response that has been started is
            its head.
    """

    __slots__ = ("_cycle", "_head", "_joined", "_transport")

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        self._transport, self._cycle = transport, cycle
        self._head = b""
        self._joined = False

    def write(self, data: bytes) -> None:
        """Keep a head until a piece of the body comes; write all else."""
        if self._cycle.response_started and not self._joined:
            self._joined = True
            if self._cycle.scope["method"] != "HEAD":  # which has no body
                self._head = data
                return
        if self._head:
            head, self._head = self._head, b""
            if len(data) < _SMALL:
                data = head + data
            else:  # sooner written apart than copied
                self._transport.write(head)
        self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close, once all is written."""
        if self._head:
            self.write(b"")
        self._transport.close()
