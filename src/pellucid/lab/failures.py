"""Whatever goes wrong, as JSON with one line, which the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from pellucid.errors import PellucidError
from pellucid.lab.bodies import answer
from pellucid.serving.refused import RefusedError
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ExceptionHandler

_MOST = 1_000
"""Letters of a message, at most."""


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _line(str(error), error.status)


async def _unusable(request: Request, error: Exception) -> Response:
    return _line(str(error), 400)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _line(f"{request.method} {request.url.path}: {error.detail}", error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _broken(request: Request, error: Exception) -> Response:
    return _line("an error of the lab's own; its terminal shows more", 500)


def _line(text: str, status: int) -> Response:
    line = printable(text)
    return answer({"error": line if len(line) <= _MOST else f"{line[:_MOST]}…"}, status)


HANDLERS: dict[type[Exception] | int, ExceptionHandler] = {
    RefusedError: _refused,
    PellucidError: _unusable,
    HTTPException: _http,
    Exception: _broken,
}
