"""Routes of a run's page: the page, the weights that it shows, and what it hears."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from pellucid.errors import ArgumentError
from pellucid.lab.follow import Follow
from pellucid.lab.lab import lab_of
from pellucid.lab.stream import streamed
from pellucid.page.html import NOSCRIPT

if TYPE_CHECKING:
    from starlette.requests import Request

    from pellucid.page.page import Language

PATIENCE = 2.0
"""Seconds until a page that is not made yet is answered with one that asks again."""

_SOON = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="3">
<meta name="color-scheme" content="light dark">
<title>Pellucid</title>
</head>
<body><p>The network is being compiled for the browser. It opens by itself.</p></body>
</html>
"""


async def page(request: Request) -> Response:
    """The page of a run, made once; until then one that asks again."""
    lab = lab_of(request)
    identifier = request.path_params["id"]
    language = request.query_params.get("language", "en")
    if language not in NOSCRIPT:
        raise ArgumentError(f"language is one of {', '.join(NOSCRIPT)}")
    chosen: Language = "ko" if language == "ko" else "en"
    found = await lab.read(lab.runs.find, identifier)
    made = asyncio.wrap_future(await lab.read(lab.pages.of, identifier, found.path, chosen))
    done, _ = await asyncio.wait((made,), timeout=PATIENCE)
    if not done:
        return HTMLResponse(_SOON, 503, {"retry-after": "3", **_policy("default-src 'none'")})
    html = await lab.read(made.result().html)
    return HTMLResponse(html, headers=_policy("frame-ancestors 'self'; base-uri 'none'"))


async def weights(request: Request) -> Response:
    """The newest weights of a run, as its page takes them; nothing as long as it has none."""
    lab = lab_of(request)
    await lab.read(lab.runs.find, request.path_params["id"])
    opened = lab.pages.opened(request.path_params["id"])
    newest = await lab.read(opened.newest)
    if newest is None:
        return Response(status_code=204)
    content, headers = newest
    return Response(content, media_type="application/octet-stream", headers=headers)


async def events(request: Request) -> Response:
    """What a run's page hears: new weights, and how far the training is."""
    lab = lab_of(request)
    found = await lab.read(lab.runs.find, request.path_params["id"])
    return streamed(request, Follow(lab, found.path))


def _policy(policy: str) -> dict[str, str]:
    """The page itself forbids the rest: its policy names its script and style by digests."""
    return {"content-security-policy": policy}
