"""Routes of what changed from one run to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from pellucid.lab.asked import part_asked
from pellucid.lab.bodies import answer
from pellucid.lab.data_routes import sent
from pellucid.lab.lab import Lab, lab_of
from pellucid.show.sheet import as_image

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request


async def changes(request: Request) -> Response:
    """What the second of two runs answers otherwise, or how far that is looked for."""
    lab = lab_of(request)
    return answer(await lab.read(_changes, lab, request, again=False))


async def again(request: Request) -> Response:
    """The same, and look again where that failed."""
    lab = lab_of(request)
    return answer(await lab.read(_changes, lab, request, again=True))


async def stop(request: Request) -> Response:
    """Look for it no longer: nobody waits."""
    lab = lab_of(request)
    await lab.read(lambda: lab.changes.stop(*_asked(lab, request)))
    return answer({})


async def picture(request: Request) -> Response:
    """A picture that judges both, as the first network gets it."""
    lab = lab_of(request)
    content = await lab.read(_png, lab, request)
    return Response(content, media_type="image/png")


def _asked(lab: Lab, request: Request) -> tuple[Path, Path, str | None]:
    first, second = (lab.runs.find(request.path_params[name]) for name in ("first", "second"))
    return first.path, second.path, part_asked(request.query_params)


def _changes(lab: Lab, request: Request, *, again: bool) -> dict[str, Any]:
    search = lab.changes.of(*_asked(lab, request), again=again)
    found = search.found if search.state == "done" else None
    return {**search.progress(), "found": None if found is None else found.to_dict()}


def _png(lab: Lab, request: Request) -> bytes:
    image = lab.changes.picture(*_asked(lab, request), request.path_params["place"])
    return sent(as_image(image))
