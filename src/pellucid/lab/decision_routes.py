"""Routes of what is decided about pictures."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

from pellucid.data.decisions import MOVE
from pellucid.data.decisions.matched import check_label
from pellucid.errors import ArgumentError, DataError
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.decision_book import Kept, changes_of, said
from pellucid.lab.lab import Lab, lab_of
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from pellucid.lab.decision_book import Change


async def decisions(request: Request) -> Response:
    """All decisions; with the reason where they cannot be read."""
    lab = lab_of(request)
    return answer(await lab.read(_all, lab))


async def decide(request: Request) -> Response:
    """Decide about pictures, or take decisions back; saved before this is answered.

    Where somebody else decided otherwise about a picture meanwhile, that stays, the others are
    saved, and the answer is 409 with both.
    """
    lab = lab_of(request)
    asked = await read_object(request, ("changes",))
    status, found = await lab.read(_decided, lab, changes_of(asked.get("changes")))
    return answer(found, status)


def _decided(lab: Lab, changes: list[Change]) -> tuple[int, dict[str, Any]]:
    _check_labels(lab, changes)
    outcome = lab.book.change(changes, lab.checking.digest)
    found = _described(lab, outcome.kept)
    if not outcome.contradicted:
        return 200, found
    found["contradicted"] = [each.path for each in outcome.contradicted]
    paths = [printable(each.path) for each in outcome.contradicted]
    found["error"] = (
        f"somebody else decided otherwise about {counted(len(paths), 'picture')} meanwhile: "
        f"{listed(paths, 3)}; choose one of both"
    )
    return 409, found


def _check_labels(lab: Lab, changes: list[Change]) -> None:
    """Refuse labels that no picture of the data could have.

    Raises:
        ArgumentError: One is none of the classes.
        DataError: One is not as many numbers as pictures have.
    """
    moved = [
        (each.path, each.after.label)
        for each in changes
        if each.after is not None and each.after.way == MOVE
    ]
    if not moved:
        return
    _, gallery = lab.checking.gallery()
    for path, label in moved:
        if gallery.numbers:
            check_label(label, gallery.targets, printable(path))
        elif not gallery.joins and label not in gallery.classes:
            raise ArgumentError(
                f"no class {printable(label)}; expected one of {listed(gallery.classes, 12)}"
            )


def _all(lab: Lab) -> dict[str, Any]:
    try:
        return {**_described(lab, lab.book.read()), "problem": ""}
    except DataError as error:
        return {**_described(lab, Kept("", ())), "problem": str(error)}


def _place(lab: Lab) -> str:
    """By what the file is known, whatever folder the lab was opened in."""
    place = os.fsencode(lab.book.file.resolve())
    return hashlib.sha256(place).hexdigest()[:16]


def _described(lab: Lab, kept: Kept) -> dict[str, Any]:
    """Decisions with their pictures, and what a picture can be moved to."""
    try:
        generation, gallery = lab.checking.gallery()
        places, classes = gallery.places, gallery.classes
        joins, numbers = gallery.joins, gallery.numbers
    except DataError:  # decisions are shown without their pictures
        generation, places, classes, joins, numbers = 0, {}, (), False, 0
    rows = []
    for row in kept.rows:
        path, values = printable(row.path), said(row)
        assert values is not None
        place = places.get(path)
        picture = None if place is None else f"{generation}-{place}"
        rows.append({"path": path, "picture": picture, **values.to_dict()})
    return {
        "rows": rows,
        "file": printable(lab.book.file),
        "place": _place(lab),
        "classes": list(classes),
        "joins": joins,
        "numbers": numbers,
    }
