"""The table of what a service answers to: its routes, and what its description says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from pellucid.errors import ArgumentError
from pellucid.serving.service import facts
from pellucid.text import listed, printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a request's query.

    Attributes:
        name: Its name.
        text: What it is for.
        schema: Its JSON schema.
    """

    name: str
    text: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True)
class Action:
    """A path with a method, what answers, and what its description says.

    Attributes:
        method: ``GET`` or ``POST``; where there is ``GET`` there is ``HEAD``.
        path: With names in braces.
        handler: What answers.
        text: What it does, in a line.
        answers: By status a description and media types with their schemas.
        takes: Media types of the body with their schemas; none where there is no body.
        parameters: Of the query.
    """

    method: str
    path: str
    handler: Handler
    text: str
    answers: dict[int, tuple[str, dict[str, Any]]]
    takes: dict[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()

    def endpoint(self) -> Handler:
        """What answers, and notes for metrics which route it is."""
        handler, path = self.handler, self.path
        known = [each.name for each in self.parameters]

        async def endpoint(request: Request) -> Response:
            facts(request)["route"] = path
            seen = set()
            for name, _ in request.query_params.multi_items() if known else ():
                if name in seen:  # proxies and programs differ in which of them they take
                    raise ArgumentError(f"the parameter {name} is given twice; give it once")
                seen.add(name)
                if name not in known:  # mistyped, it would change nothing, in silence
                    raise ArgumentError(
                        f"unknown parameter {printable(name)!r:.60}; there are {listed(known, 20)}"
                    )
            return await handler(request)

        return endpoint

    def route(self) -> Route:
        """The route."""
        return Route(self.path, self.endpoint(), methods=[self.method])
