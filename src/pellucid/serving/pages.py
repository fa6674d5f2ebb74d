"""``GET /``: the page of the model, which computes in the browser; of several, a list of them."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import HTMLResponse, Response

from pellucid.errors import ArgumentError
from pellucid.serving.service import served_of, service_of
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request

    from pellucid.serving.models import Served
    from pellucid.serving.service import Service

_LIST = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pellucid</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem;
  color-scheme: light dark }}
td, th {{ text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }}
</style>
</head>
<body>
<h1>Models</h1>
<table>
<tr><th>Model</th><th>Version</th><th>Task</th><th>Answers</th></tr>
{rows}
</table>
<p>Send pictures to <code>POST /predict?model=…</code>; <a href="/openapi.json">/openapi.json</a>
describes all routes, <a href="/metrics">/metrics</a> counts what they did.</p>
</body>
</html>
"""
_SOON = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<title>Pellucid</title>
</head>
<body><p>The page is being made: it is compiled for browsers. It comes by itself.</p></body>
</html>
"""
_PATIENCE = 3.0
"""Seconds until a page that is not made yet is answered with one that asks again."""

_ANSWERS = 12
"""Names of answers in the list, at most."""


async def home(request: Request) -> Response:
    """The page of the only model, or the list of all."""
    service = service_of(request)
    if len(service.models.names) == 1:
        try:
            return await _page_of(service.models.get(), service)
        except ArgumentError:  # it is too large, or has a layer that no page computes
            pass
    return HTMLResponse(_LIST.format(rows="\n".join(map(_row, service.models.all()))))


async def page(request: Request) -> Response:
    """The page of a model."""
    return await _page_of(served_of(request), service_of(request))


async def _page_of(served: Served, service: Service) -> Response:
    """A model's page, made once; until then one that asks again.

    Raises:
        ArgumentError: If no page computes it.
    """
    if served.page is None:
        loop = asyncio.get_running_loop()
        served.page = loop.run_in_executor(service.paging, _made, served)
    done, _ = await asyncio.wait((served.page,), timeout=_PATIENCE)
    if not done:
        return HTMLResponse(_SOON, 503, {"Retry-After": "5"})
    return HTMLResponse(served.page.result())


def _made(served: Served) -> bytes:
    return served.estimator.page(title=served.name, learn=False).to_html().encode()


def _row(served: Served) -> str:
    task = served.estimator.model_.task
    names = [printable(name) for name in task.names[:_ANSWERS]]
    more = ", …" if len(task.names) > _ANSWERS else ""
    place = f"/page/{quote(served.name)}?version={served.version}"
    return (
        f'<tr><td><a href="{place}">{escape(served.name)}</a></td><td>{served.version}</td>'
        f"<td>{escape(task.title)}</td><td>{escape(', '.join(names))}{more}</td></tr>"
    )
