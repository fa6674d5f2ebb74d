"""Paths without parameters, found at once instead of by trying every route in turn.

For a small network, a router and what stands around it take as long as the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

    from pellucid.serving.routes import Action


class Direct:
    """ASGI middleware: answers what :class:`Action` has whole paths for; passes on all else.

    Args:
        app: What answers the rest, also wrong methods, with the same actions.
        actions: All that are answered.
        handlers: What answers which error, found by the error's class and those it derives from;
            errors that only ``Exception`` stands for are raised.
    """

    def __init__(
        self,
        app: ASGIApp,
        actions: Sequence[Action],
        handlers: Mapping[type[Exception] | int, ExceptionHandler],
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._endpoints = {
            (action.method, action.path): action.endpoint()
            for action in actions
            if "{" not in action.path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = None
        if scope["type"] == "http" and not scope.get("root_path"):
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Exception as error:  # noqa: BLE001 - raised again where nothing answers it
            response = await self._handled(request, error)
        await response(scope, receive, send)

    async def _handled(self, request: Request, error: Exception) -> Response:
        """The answer to an error, which is raised again where there is none."""
        kinds = type(error).__mro__
        for kind in kinds[: kinds.index(Exception)]:
            handler = self._handlers.get(kind)
            if handler is not None:
                found = handler(request, error)  # type: ignore[arg-type]
                response: Response = await found  # type: ignore[misc]
                return response
        raise error
