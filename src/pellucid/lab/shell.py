"""The lab's own page: a script, a style, and an empty place for them."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Pellucid</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="lab.css">
</head>
<body>
<div id="app"></div>
<noscript>The lab needs scripts; allow this page to run them.</noscript>
<script src="lab.js"></script>
</body>
</html>
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)

_FILES = {"lab.js": "text/javascript", "lab.css": "text/css", "licences.md": "text/plain"}


async def shell(request: Request) -> Response:
    """The page."""
    return Response(_PAGE, media_type="text/html", headers={"content-security-policy": _POLICY})


async def bundle(request: Request) -> Response:
    """A file of the bundle, made from ``web/``."""
    name = request.url.path.removeprefix("/")
    content = (resources.files("pellucid.lab") / "bundle" / name).read_bytes()
    return Response(content, media_type=_FILES[name])


def bundled() -> tuple[str, ...]:
    """The paths of the bundle's files."""
    return tuple(f"/{name}" for name in _FILES)
