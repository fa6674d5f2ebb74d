"""The process of a lab: a socket on this machine alone, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING

import uvicorn

from pellucid.lab.app import create_app
from pellucid.serving.connections import event_loop, server_options
from pellucid.serving.hosts import Hosts
from pellucid.serving.limits import Limits
from pellucid.serving.server import Server, bound, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.lab.lab import Lab

HOST = "127.0.0.1"

LIMITS = Limits(connections=128)


def serve_lab(lab: Lab, port: int, opened: Callable[[str, str], object]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        lab: The lab.
        port: 0: any that is free.
        opened: Called once it answers, with its address, and with another one that leads there
            a single time.

    Raises:
        ArgumentError: If the port is taken.
    """
    token, once = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
    listening = bound(HOST, port)
    address, passing = (f"{url_of(listening)}/{word}/" for word in (token, once))
    app = create_app(lab, token, Hosts(HOST), once)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        timeout_graceful_shutdown=2,
        **server_options(LIMITS),
    )
    logging.getLogger("uvicorn.error").addFilter(_no_interruption)
    try:
        with asyncio.Runner(loop_factory=event_loop()) as runner:
            server = Server(
                config,
                LIMITS,
                leaving=lambda: _end(runner, lab),
                serving=lambda _: opened(address, passing),
            )
            runner.run(server.serve([listening]))
    finally:
        listening.close()
        logging.getLogger("uvicorn.error").removeFilter(_no_interruption)


def _no_interruption(record: logging.LogRecord) -> bool:
    """Leave out requests that a second Ctrl-C has ended, which are no errors."""
    of = record.exc_info[0] if record.exc_info else None
    return of is None or not issubclass(of, asyncio.CancelledError)


def _end(runner: asyncio.Runner, lab: Lab) -> None:
    """Let streams end; called from a signal's handler."""
    runner.get_loop().call_soon_threadsafe(lab.ending.set)
