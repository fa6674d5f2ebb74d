"""Whether the service is alive and ready, and its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from pellucid.serving.metrics import CONTENT_TYPE
from pellucid.serving.service import json_response, service_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def live(request: Request) -> Response:
    """Whether the process is alive."""
    return json_response({"live": True})


async def ready(request: Request) -> Response:
    """Whether requests are wanted."""
    wanted = service_of(request).ready
    return json_response({"ready": wanted}, 200 if wanted else 503)


async def metrics(request: Request) -> Response:
    """Numbers for Prometheus."""
    text = service_of(request).metrics.text()
    return Response(text, headers={"Content-Type": CONTENT_TYPE})
