"""A listening socket that turns connections away when no file descriptor is left.

Otherwise nothing can accept nor get rid of what waits, and an event loop turns without end. One
descriptor is kept in reserve, and given up for as long as it takes to accept a connection and close
it.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import suppress
from typing import Any

_FULL = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))
_PAUSE = 0.01  # seconds, where not even that helps
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


class SpareSocket(socket.socket):
    """A socket with one file descriptor in reserve."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spare = _spare()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection.

        Raises:
            BlockingIOError: If none waits, or there was no descriptor for it and it was closed.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _FULL:
                raise
        self._turn_away()
        raise BlockingIOError(errno.EAGAIN, "a connection was turned away")

    def close(self) -> None:
        """Close it, and the reserve."""
        super().close()
        self._let_go()

    def _turn_away(self) -> None:
        self._let_go()
        try:
            connection, _ = super().accept()
        except OSError:  # another took it, or the whole machine has no more
            time.sleep(_PAUSE)
        else:
            with connection, suppress(OSError):
                connection.setblocking(False)
                connection.send(_BUSY)
        finally:
            self._spare = _spare()

    def _let_go(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None


def _spare() -> int | None:
    with suppress(OSError):
        return os.open(os.devnull, os.O_RDONLY)
    return None
