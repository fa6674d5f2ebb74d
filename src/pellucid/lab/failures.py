"""Whatever goes wrong, as JSON with one line, which the page shows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pellucid.errors import PellucidError
from pellucid.lab.bodies import answer
from pellucid.lab.guard import DATA_HEADERS
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
    response = _line(str(error), error.status)
    response.raw_headers.extend(error.headers)
    return response


async def _unusable(request: Request, error: Exception) -> Response:
    return _line(str(error), 400)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _line(f"{request.method} {request.url.path}: {error.detail}", error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _broken(request: Request, error: Exception) -> Response:
    # Starlette answers this one outside of the guard, which gives all others these fields.
    response = _line(OWN, 500)
    response.raw_headers.extend(DATA_HEADERS)
    return response


async def _left(request: Request, error: Exception) -> Response:
    return _line("the client has left", 400)  # which nobody reads


def _line(text: str, status: int) -> Response:
    line = printable(text)
    return answer({"error": line if len(line) <= _MOST else f"{line[:_MOST]}…"}, status)


OWN = "an error of the lab's own; its terminal shows more"


def report_own(what: str) -> str:
    """Show the error that is being handled in the lab's terminal.

    What is raised in a thread that nobody waits for would be seen nowhere.

    Returns:
        What the page says.
    """
    logging.getLogger("pellucid.lab").exception("%s failed", what)
    return OWN


HANDLERS: dict[type[Exception] | int, ExceptionHandler] = {
    RefusedError: _refused,
    PellucidError: _unusable,
    HTTPException: _http,
    ClientDisconnect: _left,
    Exception: _broken,
}
