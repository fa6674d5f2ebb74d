"""The service as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware

from pellucid.cores import available_threads
from pellucid.data.pillow import bounded
from pellucid.serving.actions import ACTIONS
from pellucid.serving.direct import Direct
from pellucid.serving.failures import HANDLERS
from pellucid.serving.observed import Observed
from pellucid.serving.openapi import description
from pellucid.serving.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from pellucid.serving.limits import Limits
    from pellucid.serving.metrics import Metrics
    from pellucid.serving.models import Models


def create_app(
    models: Models,
    metrics: Metrics,
    limits: Limits,
    *,
    write: Callable[[str], object] | None = None,
    watch: float | None = None,
    middleware: Sequence[Middleware] = (),
) -> Starlette:
    """The application of a service; ``app.state.service`` is its :class:`Service`.

    Args:
        models: Who answers, loaded.
        metrics: What is counted; those that ``models`` were made with.
        limits: What is accepted.
        write: Takes the log, line by line; None for none.
        watch: How often to look for changed model files, in seconds; None for never.
        middleware: Stands before the routes; what it refuses is counted and logged too.
    """
    threads = available_threads()
    pool = ThreadPoolExecutor(threads + 1, "pellucid-decode")
    service = Service(models, metrics, limits, pool, threads)
    metrics.show(models)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = None if watch is None else asyncio.create_task(models.watch(watch))
        try:
            with bounded(limits.pixels):  # once, and not for every picture
                yield
        finally:
            service.ready = False
            if watching is not None:
                watching.cancel()
            service.close()

    app = Starlette(
        routes=[action.route() for action in ACTIONS],
        middleware=[
            Middleware(Observed, metrics=metrics, write=write),
            *middleware,
            Middleware(Direct, actions=ACTIONS, handlers=HANDLERS),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.description = description(ACTIONS)
    return app
