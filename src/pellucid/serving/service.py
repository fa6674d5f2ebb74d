"""What every route of a service has at hand."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from pellucid.errors import ArgumentError
from pellucid.serving.answers import json_bytes
from pellucid.serving.guard import TASK
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from starlette.requests import Request

    from pellucid.serving.limits import Limits
    from pellucid.serving.metrics import Metrics
    from pellucid.serving.models import Models, Served

T = TypeVar("T")

FACTS = "pellucid"
"""Where a request's scope keeps what its log line and the metrics say of it."""

_LAST_SECONDS = 0.5
"""For threads that are about to end."""


@dataclass(eq=False)
class Service:
    """The models, and the threads around them.

    Attributes:
        models: Who answers.
        metrics: What is counted.
        limits: What is accepted.
        pool: Threads that decode pictures and read outputs.
        decoders: How many pictures are decoded at the same time.
        opening: The one thread that explains and traces, so that these never take more than a
            core from the others.
        paging: The one thread that makes pages.
        ready: Whether requests are wanted; False while the service goes.
        opening_now: Requests that wait for that thread, or that it works for.
        opening_seconds: How long the last of them took.
    """

    models: Models
    metrics: Metrics
    limits: Limits
    pool: ThreadPoolExecutor
    decoders: int
    opening: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="pellucid-open")
    )
    paging: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="pellucid-page")
    )
    ready: bool = True
    opening_now: int = 0
    opening_seconds: float = 1.0

    @contextlib.contextmanager
    def counted_opening(self) -> Iterator[None]:
        """Count a request that looks into a network while it waits and works, and its time."""
        started = time.perf_counter()
        self.opening_now += 1
        try:
            yield
        finally:
            self.opening_now -= 1
            self.opening_seconds = time.perf_counter() - started

    def close(self) -> None:
        """Let the threads go."""
        for pool in (self.pool, self.opening, self.paging):
            pool.shutdown(wait=False, cancel_futures=True)
        self.models.close()

    @staticmethod
    def left_at_work() -> bool:
        """Whether threads go on after :meth:`close`, for requests that nobody waits for any more.

        A page takes long to make, and what has begun is not broken off.
        """
        names = ("pellucid-open", "pellucid-page", "pellucid-load", "pellucid-decode")
        until = time.monotonic() + _LAST_SECONDS
        for thread in threading.enumerate():
            if thread.name.startswith(names):
                thread.join(max(0.0, until - time.monotonic()))
                if thread.is_alive():
                    return True
        return False


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


def facts(request: Request) -> dict[str, Any]:
    """What is known of a request, for its log line."""
    found: dict[str, Any] = request.scope.setdefault(FACTS, {})
    return found


def served_of(request: Request) -> Served:
    """The model that a request is for: of its path, or of its parameters, or the only one.

    Raises:
        UnknownModelError: If there is none such.
        ArgumentError: If several could be meant.
    """
    path, query = request.path_params, request.query_params
    name = path.get("model", query.get("model"))
    served = service_of(request).models.get(name, path.get("version", query.get("version")))
    facts(request).update(model=served.name, version=served.version)
    return served


def integer(request: Request, name: str, default: int | None, least: int = 0) -> int | None:
    """A whole number among a request's parameters.

    Raises:
        ArgumentError: If it is none, or too small.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isdecimal() and text.isascii() and len(text) < 10 and int(text) >= least:
        return int(text)
    raise ArgumentError(f"{name} is {printable(text)!r:.60}; expected a whole number from {least}")


def flag(request: Request, name: str) -> bool:
    """Whether something is wanted, by a request's parameters: ``true``, or else ``false``.

    Raises:
        ArgumentError: If it is neither.
    """
    text = request.query_params.get(name, "false")
    if text not in ("true", "false"):
        raise ArgumentError(f"{name} is {printable(text)!r:.60}; expected true or false")
    return text == "true"


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of some work, which is cancelled when the client leaves.

    The request's body must have been read.

    Raises:
        ClientDisconnect: If the client has left.
    """
    if TASK in request.scope:  # the guard cancels the whole request
        return await work
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        for each in (task, gone):
            if not each.done():
                each.cancel()


def json_response(
    values: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Values as a response."""
    return Response(json_bytes(values), status, headers, media_type="application/json")
