"""Routes of what changed from one run to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from pellucid.lab.bodies import answer
from pellucid.lab.data_routes import sent
from pellucid.lab.lab import Lab, lab_of
from pellucid.show.sheet import as_image

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request


async def changes(request: Request) -> Response:
    """What the second of two runs answers otherwise than the first."""
    lab = lab_of(request)
    pair = await lab.read(_folders, lab, request)
    found = await lab.work(lab.changes.of, *pair)
    return answer(await lab.read(found.to_dict))


async def picture(request: Request) -> Response:
    """A picture that judges both, as the first network gets it."""
    lab = lab_of(request)
    content = await lab.read(_png, lab, request)
    return Response(content, media_type="image/png")


def _folders(lab: Lab, request: Request) -> tuple[Path, Path]:
    first, second = (lab.runs.find(request.path_params[name]) for name in ("first", "second"))
    return first.path, second.path


def _png(lab: Lab, request: Request) -> bytes:
    image = lab.changes.picture(*_folders(lab, request), request.path_params["place"])
    return sent(as_image(image))
