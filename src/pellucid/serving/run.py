"""One process of a service: its models, its application, and the loop that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware import Middleware

from pellucid.serving.app import create_app
from pellucid.serving.guard import Guard
from pellucid.serving.hosts import Hosts
from pellucid.serving.metrics import Metrics
from pellucid.serving.models import Models
from pellucid.serving.server import serve_app
from pellucid.serving.sources import sources

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from pellucid.serving.server import Server
    from pellucid.serving.settings import Settings


def guard_of(settings: Settings) -> Middleware:
    """What stands before a service's routes.

    Raises:
        ArgumentError: If the token or a name cannot be one.
    """
    hosts = Hosts(settings.host, settings.names)
    return Middleware(Guard, limits=settings.limits, hosts=hosts, token=settings.token)


def run(
    settings: Settings,
    listening: socket.socket,
    *,
    remark: Callable[[str], object],
    write: Callable[[str], object] | None = None,
    serving: Callable[[Server, Models], object] = lambda _server, _models: None,
) -> bool:
    """Load the models, and serve until the process is asked to end.

    Args:
        settings: Of the service.
        listening: Where.
        remark: Prints a line.
        write: Takes the log, line by line; None for none.
        serving: Called once it answers.

    Returns:
        Whether threads are left at work that nobody waits for any more.

    Raises:
        PellucidError: A model cannot be used.
    """
    metrics = Metrics()
    models = Models(settings.engine, settings.limits, watcher=metrics.of_batches, remark=remark)
    for source in sources(settings.models):
        served = models.load(source)
        task = served.estimator.model_.task.title
        remark(f"{source.name}, version {served.version}: {task}, {source.place}")
    app = create_app(
        models, metrics, settings.limits,
        write=write, watch=settings.watch or None, middleware=[guard_of(settings)],
    )  # fmt: skip
    serve_app(
        app, listening, settings.limits,
        grace=settings.grace, serving=lambda server: serving(server, models),
    )  # fmt: skip
    left: bool = app.state.service.left_at_work()
    return left
