"""Connections that were refused, until their clients have read why.

Whoever closes a connection with bytes that nobody has read resets it, and the reset may overtake
the answer. So the answer is sent, and what the client still sends is read and dropped until it
closes. These are plain sockets, looked at in turn: under overload there are many, and to refuse
must cost far less than to answer.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

MOST = 256
"""At a time; the oldest, which had the most time, goes for another."""

_TICK = 0.05  # seconds between looks
_PIECE = 1 << 16
_PIECES = 4  # at a look


class Lingering:
    """Refused connections; used in the event loop alone.

    Args:
        seconds: How long one lasts whose client does not close.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[socket.socket, float] = {}  # from the oldest on
        self._timer: asyncio.TimerHandle | None = None
        self._dropped = bytearray(_PIECE)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._until)

    def refuse(self, found: socket.socket, answer: bytes) -> None:
        """Send an answer to a new connection, and close it once it is read.

        Args:
            found: The connection, which does not block.
            answer: So short that the system takes it whole.
        """
        try:
            found.send(answer)
            found.shutdown(socket.SHUT_WR)
        except OSError:  # it has left
            found.close()
            return
        loop = asyncio.get_running_loop()
        self._until[found] = loop.time() + self._seconds
        if len(self._until) > MOST:
            oldest = next(iter(self._until))
            self._has_ended(oldest)
            self._close(oldest)
        if self._timer is None:
            self._timer = loop.call_later(_TICK, self._look)

    def close(self) -> None:
        """Close all."""
        if self._timer is not None:
            self._timer.cancel()
        for found in list(self._until):
            self._close(found)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for found, until in list(self._until.items()):
            if self._has_ended(found) or until < now:
                self._close(found)
        self._timer = loop.call_later(_TICK, self._look) if self._until else None

    def _has_ended(self, found: socket.socket) -> bool:
        """Drop what has come, and whether the client has closed."""
        with suppress(BlockingIOError):
            try:
                return any(found.recv_into(self._dropped) == 0 for _ in range(_PIECES))
            except ConnectionError:
                return True
        return False

    def _close(self, found: socket.socket) -> None:
        del self._until[found]
        found.close()
