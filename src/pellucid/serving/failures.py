"""Whatever goes wrong, as JSON with one line."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from pellucid.errors import PellucidError
from pellucid.serving.batches import OverloadedError
from pellucid.serving.models import UnknownModelError
from pellucid.serving.refused import RefusedError
from pellucid.serving.service import json_response
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ExceptionHandler

_MOST = 1_000
"""Letters of a message, at most."""


def _line(text: str) -> str:
    line = printable(text)
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"


async def _overloaded(request: Request, error: Exception) -> Response:
    assert isinstance(error, OverloadedError)
    return json_response({"error": str(error)}, 429, {"Retry-After": str(error.seconds)})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in error.headers}
    return json_response({"error": _line(str(error))}, error.status, headers)


async def _unknown(request: Request, error: Exception) -> Response:
    return json_response({"error": _line(str(error))}, 404)


async def _unusable(request: Request, error: Exception) -> Response:
    return json_response({"error": _line(str(error))}, 400)


async def _left(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _http(request: Request, error: Exception) -> Response:
    """Of a route or a method that there is not; what a path allows, where it is asked."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted({*headers["Allow"].split(", "), "OPTIONS"}))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    text = error.detail
    if error.status_code == 404 and text == HTTPStatus(404).phrase:
        text = f"there is nothing at {_line(request.url.path)}; see /openapi.json for what there is"
    if error.status_code == 405:
        text = f"{request.method} is not for {request.url.path}; it takes {headers['Allow']}"
    return json_response({"error": _line(text)}, error.status_code, headers)


async def _broken(request: Request, error: Exception) -> Response:
    return json_response({"error": "an error of the service's own; its log says more"}, 500)


HANDLERS: dict[type[Exception] | int, ExceptionHandler] = {
    OverloadedError: _overloaded,
    RefusedError: _refused,
    UnknownModelError: _unknown,
    PellucidError: _unusable,
    ClientDisconnect: _left,
    HTTPException: _http,
    Exception: _broken,
}
"""What answers which error."""
