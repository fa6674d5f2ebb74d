"""The lab as an ASGI application."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.routing import Route

from pellucid.lab import (
    change_routes,
    compare_routes,
    data_routes,
    decision_routes,
    job_routes,
    mistake_routes,
    page_routes,
    run_routes,
    shell,
    surgery_routes,
)
from pellucid.lab.failures import HANDLERS
from pellucid.lab.guard import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pellucid.lab.lab import Lab
    from pellucid.serving.hosts import Hosts


class _PlaceConvertor(Convertor[int]):
    """A place in a list; Starlette's own numbers have digits without end, which Python refuses."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("place", _PlaceConvertor())

ROUTES = (
    Route("/", shell.shell, methods=["GET"]),
    *(Route(path, shell.bundle, methods=["GET"]) for path in shell.bundled()),
    Route("/api/runs", run_routes.runs, methods=["GET"]),
    Route("/api/events", run_routes.events, methods=["GET"]),
    Route("/api/runs/{id}", run_routes.run, methods=["GET"]),
    Route("/api/runs/{id}/control", run_routes.control, methods=["POST"]),
    Route("/api/runs/{id}/events", page_routes.events, methods=["GET"]),
    Route("/api/runs/{id}/weights", page_routes.weights, methods=["GET"]),
    Route("/runs/{id}/page", page_routes.page, methods=["GET"]),
    Route("/api/runs/{id}/train-on", job_routes.train_on, methods=["POST"]),
    Route("/api/runs/{id}/mistakes", mistake_routes.mistakes, methods=["GET"]),
    Route("/api/runs/{id}/mistakes", mistake_routes.again, methods=["POST"]),
    Route("/api/runs/{id}/mistakes", mistake_routes.stop, methods=["DELETE"]),
    Route("/api/runs/{id}/mistakes/{mistake}/picture", mistake_routes.picture, methods=["GET"]),
    Route("/api/runs/{id}/mistakes/{mistake}/about", mistake_routes.about, methods=["GET"]),
    Route("/api/runs/{id}/mistakes/{mistake}/evidence", mistake_routes.evidence, methods=["GET"]),
    Route("/api/runs/{id}/mistakes/{mistake}/nearest", mistake_routes.nearest, methods=["GET"]),
    Route(
        "/api/runs/{id}/mistakes/{mistake}/nearest/{place:place}",
        mistake_routes.near_picture,
        methods=["GET"],
    ),
    Route("/api/compare", compare_routes.compare, methods=["POST"]),
    Route("/api/compare/all", compare_routes.compare_all, methods=["POST"]),
    Route("/api/compare/{key}/{side:place}/{place:place}", compare_routes.values, methods=["GET"]),
    Route("/api/changes/{first}/{second}", change_routes.changes, methods=["GET"]),
    Route("/api/changes/{first}/{second}", change_routes.again, methods=["POST"]),
    Route("/api/changes/{first}/{second}", change_routes.stop, methods=["DELETE"]),
    Route("/api/changes/{first}/{second}/{place:place}", change_routes.picture, methods=["GET"]),
    Route("/api/runs/{id}/edits", surgery_routes.choices, methods=["GET"]),
    Route("/api/surgery", surgery_routes.save, methods=["POST"]),
    Route("/api/train", job_routes.choices, methods=["GET"]),
    Route("/api/train", job_routes.train, methods=["POST"]),
    Route("/api/data", data_routes.findings, methods=["GET"]),
    Route("/api/data/check", data_routes.check, methods=["POST"]),
    Route("/api/data/pictures", data_routes.pictures, methods=["GET"]),
    Route("/api/data/pictures/{picture}", data_routes.picture, methods=["GET"]),
    Route("/api/decisions", decision_routes.decisions, methods=["GET"]),
    Route("/api/decisions", decision_routes.decide, methods=["PUT"]),
)
"""All that a lab answers to, below its token."""


def create_app(lab: Lab, token: str, hosts: Hosts, once: str | None = None) -> Starlette:
    """The application of a lab; ``app.state.lab`` is the :class:`pellucid.lab.lab.Lab`.

    Args:
        lab: The lab.
        token: The first part of every path.
        hosts: The names that it answers to.
        once: As :class:`pellucid.lab.guard.Guard` takes it.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            lab.ending.set()
            lab.close()

    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Guard, token=token, hosts=hosts, once=once)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.lab = lab
    return app
