"""Takes every connection that waits at a listening socket, and refuses those beyond the limit.

Before one is refused, one that is open and idle goes: browsers and pools of clients leave many
open, and these would keep everybody else away until they time out.

uvloop takes one in each turn of its event loop. Where a turn takes long, for pictures are decoded
in it, connections come faster than that: the system's queue of them runs full, and they are lost or
try again seconds later, although nobody has refused them. asyncio's own loop takes all, but knows
nothing of a spare file descriptor (:mod:`pellucid.serving.spare`).

Other processes may listen at the same socket, so none takes more at once than it has, and one that
is full gives the others time to take what waits before it refuses it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from pellucid.serving.lingering import Lingering
from pellucid.serving.refused import RefusedError, try_again
from pellucid.text import counted

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sized

    from pellucid.serving.limits import Limits

_AT_ONCE = 1024
"""Connections that are refused in a turn of the event loop, which has other work: some 30 ms."""

_CLOSING = 64
"""Connections that are being closed, to make room, and not gone yet, at most."""

_OTHERS = 0.03  # seconds for other processes to take what one that is full would refuse
_PAUSE = 0.05  # seconds, where the system gives no connection
_BUSY_SECONDS = 1


class Accepting:
    """What accepts connections, closed as the server that ``loop.create_server`` returns.

    It begins at once, in the running event loop.

    Args:
        listening: A socket that listens.
        protocol: Makes what answers on a connection.
        connections: Those that are open.
        limits: How many may be.
        give_up: Closes an open connection that nobody needs, and returns whether there was one.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.BaseProtocol],
        connections: Sized,
        limits: Limits,
        give_up: Callable[[], bool] = lambda: False,
    ) -> None:
        listening.setblocking(False)
        self._listening, self._protocol = listening, protocol
        self._connections, self._most = connections, limits.connections
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._refused = Lingering(limits.linger_seconds)
        busy = f"{counted(self._most, 'connection')} open already; try again"
        self._busy = RefusedError(503, busy, [try_again(_BUSY_SECONDS)]).response()
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept no more."""
        self._accepting.cancel()
        self._refused.close()

    async def wait_closed(self) -> None:
        """Wait until none is accepted any more."""
        with suppress(asyncio.CancelledError):
            await self._accepting

    async def _accept(self) -> None:
        while True:
            if self._opening:
                await asyncio.wait(self._opening)
            count = len(self._connections)
            try:
                if count < self._most:
                    more = min(count, self._most - count - 1)  # twice as many then
                    self._take((await self._loop.sock_accept(self._listening))[0])
                else:
                    await asyncio.sleep(_OTHERS)
                    more = _AT_ONCE
                for _ in range(more):
                    self._take(self._listening.accept()[0])
            except BlockingIOError:  # no more wait
                continue
            except OSError:  # one left before its turn, or there is no memory for more
                await asyncio.sleep(_PAUSE)

    def _take(self, found: socket.socket) -> None:
        """Open a connection, in another's place if need be, or refuse it."""
        found.setblocking(False)
        over = len(self._connections) + len(self._opening) - self._most
        if over >= _CLOSING or (over >= 0 and not self._give_up()):
            self._refused.refuse(found, self._busy)
            return
        task = self._loop.create_task(self._open(found))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, found: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, found)
        except OSError:  # it left before
            found.close()
