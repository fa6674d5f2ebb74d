"""The process of a service: a socket, uvicorn, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import math
import socket
import time
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from pellucid.errors import ArgumentError
from pellucid.serving.accepting import Accepting
from pellucid.serving.connections import event_loop, make_room, server_options
from pellucid.serving.spare import SpareSocket
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.applications import Starlette

    from pellucid.serving.connections import LimitedProtocol
    from pellucid.serving.limits import Limits


_IDLE_SECONDS = 1.0
"""For how long a connection must have been idle to be closed in favour of another."""


class Server(uvicorn.Server):
    """Uvicorn, which ends with 0 when it is asked to.

    Args:
        config: Uvicorn's.
        limits: Of connections.
        leaving: Called once when the service is asked to end, before connections are closed.
        grace: Seconds between that and the closing, in which it still answers: a balancer that asks
            whether it is ready sends no more.
        serving: Called with it once it answers, and ends when it is asked to.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        limits: Limits,
        leaving: Callable[[], object] = lambda: None,
        grace: float = 0.0,
        serving: Callable[[Server], object] = lambda _server: None,
    ) -> None:
        super().__init__(config)
        self._limits, self._leaving = limits, leaving
        self._grace, self._serving = grace, serving
        self._asked = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        """End; at the second signal at once."""
        if self._asked:
            self.should_exit = self.force_exit = True
            return
        self._asked = True
        self._leaving()
        loop = self._loop
        loop.call_soon_threadsafe(loop.call_later, self._grace, self._end)

    def _end(self) -> None:
        self.should_exit = True

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until it is asked to end."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; signals are heeded already."""
        await super().startup([])
        if not self.started:
            return
        for listening in sockets or ():
            open_ = self.server_state.connections
            accepting = Accepting(listening, self._connection, open_, self._limits, self._give_up)
            self.servers.append(cast("asyncio.Server", accepting))
        self._serving(self)

    def _connection(self) -> asyncio.Protocol:
        """What answers on a new connection."""
        protocol = cast("type[LimitedProtocol]", self.config.http_protocol_class)
        return protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state,
            _loop=self._loop,
        )  # fmt: skip

    def _give_up(self) -> bool:
        """Close the connection that has waited longest for a further request, if one has.

        Not one that was busy just now: its client may be sending the next request.
        """
        waiting = [
            (each.idle_since, each)
            for each in cast("set[LimitedProtocol]", self.server_state.connections)
            if each.idle_since is not None
        ]
        since, idlest = min(waiting, key=itemgetter(0), default=(math.inf, None))
        if idlest is None or time.monotonic() - since < _IDLE_SECONDS:
            return False
        idlest.give_up()
        return True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, where it must be at once, too: requests are refused, and threads let go."""
        await super().shutdown(sockets)
        if self.force_exit:
            for task in list(self.server_state.tasks):
                task.cancel()
            await asyncio.sleep(0)
            await self.lifespan.shutdown()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    Args:
        host: A name or address.
        port: 1 to 65535; 0 for any that is free.

    Raises:
        ArgumentError: If there is no such address, or the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ArgumentError(
            f"{printable(host)!r:.100}: no address of this machine; for this machine alone: "
            "--host 127.0.0.1, for all of its addresses: --host 0.0.0.0"
        ) from error
    family, kind, protocol, _, address = found[0]
    listening = SpareSocket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise ArgumentError(_why(host, port, error)) from error
    return listening


def _why(host: str, port: int, error: OSError) -> str:
    place = f"{printable(host)}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{place}: the port is taken; give another with --port, or 0 for any that is free"
    if error.errno == errno.EACCES:
        return f"{place}: the port is not allowed to you; take one above 1023"
    return f"{place}: cannot listen there ({error.strerror or error})"


def url_of(listening: socket.socket) -> str:
    """Where a socket listens, as an address for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_app(
    app: Starlette,
    listening: socket.socket,
    limits: Limits,
    *,
    grace: float = 0.0,
    serving: Callable[[Server], object] = lambda _server: None,
) -> None:
    """Serve an application until SIGTERM or Ctrl-C; then answer what has come, and return.

    Args:
        app: Of :func:`pellucid.serving.app.create_app`.
        listening: Where.
        limits: Of connections.
        grace: As :class:`Server` takes it.
        serving: As :class:`Server` takes it.
    """
    service = app.state.service

    def leaving() -> None:
        service.ready = False

    limits = replace(limits, connections=make_room(limits.connections))
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        timeout_graceful_shutdown=math.ceil(limits.request_seconds),
        **server_options(limits),
    )
    server = Server(config, limits, leaving, grace, serving)
    try:
        with asyncio.Runner(loop_factory=event_loop()) as runner:
            runner.run(server.serve([listening]))
    finally:
        listening.close()
