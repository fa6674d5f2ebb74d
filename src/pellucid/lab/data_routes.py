"""Routes of the lab's data: what was found in them, their classes, their pictures."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from pellucid import checks
from pellucid.data.check import KINDS
from pellucid.errors import ArgumentError, DataError
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.lab import Lab, lab_of
from pellucid.show.sheet import png
from pellucid.text import printable

if TYPE_CHECKING:
    from PIL import Image
    from starlette.requests import Request

    from pellucid.lab.gallery import Gallery

SIDE = 512
"""Pixels of the longer side of a picture that is sent, at most."""

MOST_FINDINGS = 2_000
"""Findings that are sent, the gravest."""

MOST_NAMES = 60
"""Pictures of one finding that are sent."""

AT_ONCE = 60
"""Pictures of a class that are sent together."""


async def findings(request: Request) -> Response:
    """What the last check found, and how far a check is."""
    lab = lab_of(request)
    return answer(await lab.read(_findings, lab))


async def check(request: Request) -> Response:
    """Look at the data, or look again."""
    lab = lab_of(request)
    asked = await read_object(request, ("near", "features"))
    near, features = asked.get("near", True), asked.get("features", False)
    for name, value in (("near", near), ("features", features)):
        checks.truth(name, value)
    await lab.read(lab.checking.start, near=near, features=features)
    return answer(lab.checking.state(), 202)


async def pictures(request: Request) -> Response:
    """Some pictures of a class."""
    lab = lab_of(request)
    label = request.query_params.get("label", "")
    start = request.query_params.get("from", "0")
    if not (start.isascii() and start.isdigit() and len(start) < 12):
        raise ArgumentError("from is a number of pictures, 0 or more")
    return answer(await lab.read(_pictures, lab, label, int(start)))


async def picture(request: Request) -> Response:
    """A picture."""
    lab = lab_of(request)
    content = await lab.read(_png, lab, request.path_params["picture"])
    return Response(content, media_type="image/png")


def described(gallery: Gallery, generation: int, place: int) -> dict[str, Any]:
    """A picture of the data as JSON values."""
    return {
        "id": f"{generation}-{place}",
        "name": gallery.names[place],
        "label": printable(gallery.labels[place]),
        "part": gallery.parts[place],
    }


def sent(image: Image.Image) -> bytes:
    """A picture as a PNG of a size that is worth sending; small ones keep their pixels."""
    if max(image.size) > SIDE:
        image = image.copy()
        image.thumbnail((SIDE, SIDE))
    return png(image)


def _png(lab: Lab, identifier: str) -> bytes:
    gallery, place = lab.checking.picture(identifier)
    return sent(gallery.image(place))


def _pictures(lab: Lab, label: str, start: int) -> dict[str, Any]:
    generation, gallery = lab.checking.gallery()
    found = gallery.labelled(label)
    some = found[start : start + AT_ONCE]
    return {"of": len(found), "pictures": [described(gallery, generation, i) for i in some]}


def _findings(lab: Lab) -> dict[str, Any]:
    known: dict[str, Any] = {"data": lab.data, "check": lab.checking.state(), "report": None}
    report = lab.checking.report()
    if report is None:
        return known
    generation, gallery = 0, None
    with contextlib.suppress(DataError):  # gone since: what was found is shown without pictures
        generation, gallery = lab.checking.gallery()

    def named(name: str) -> dict[str, Any]:
        place = None if gallery is None else gallery.places.get(printable(name))
        if gallery is None or place is None:  # a class, or a file that is no picture
            return {"id": None, "name": printable(name), "label": "", "part": ""}
        return described(gallery, generation, place)

    known["report"] = {
        "pictures": report.pictures,
        "noun": report.noun,
        "task": report.task,
        "targets": list(report.targets),
        "parts": list(report.parts),
        "silenced": report.silenced,
        "of": len(report.findings),
        "kinds": [
            {
                "kind": kind,
                "severity": KINDS[kind].severity,
                "title": KINDS[kind].title,
                "advice": KINDS[kind].advice,
                "count": len(found),
            }
            for kind, found in report.by_kind().items()
        ],
        "classes": [
            {
                "name": printable(each.name),
                "label": each.name,
                "pictures": each.pictures,
                "unusable": each.unusable,
            }
            for each in report.classes
        ],
        "findings": [
            {
                "kind": each.kind,
                "words": printable(each.words),
                "values": each.values,
                "of": len(each.names),
                "names": [named(name) for name in each.names[:MOST_NAMES]],
            }
            for each in report.findings[:MOST_FINDINGS]
        ],
    }
    return known
