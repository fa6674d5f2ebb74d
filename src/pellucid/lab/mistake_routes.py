"""Routes of what a run gets wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PIL import Image
from starlette.responses import Response

from pellucid.data.note import described
from pellucid.errors import ArgumentError
from pellucid.explain.methods import EVIDENCE, METHODS
from pellucid.lab.bodies import answer
from pellucid.lab.data_routes import sent
from pellucid.lab.lab import Lab, lab_of
from pellucid.show.sheet import as_image, png
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from pellucid.evaluation.mistake import Mistake, NumberOff
    from pellucid.evaluation.mistakes import Mistakes


async def mistakes(request: Request) -> Response:
    """A run's mistakes, or how far they are looked for, which begins with the first request."""
    lab = lab_of(request)
    return answer(await lab.read(_mistakes, lab, request.path_params["id"], again=False))


async def again(request: Request) -> Response:
    """The same, and look again where that failed."""
    lab = lab_of(request)
    return answer(await lab.read(_mistakes, lab, request.path_params["id"], again=True))


async def stop(request: Request) -> Response:
    """Look for them no longer."""
    lab = lab_of(request)
    folder = await _folder(request)
    await lab.read(lab.mistakes.stop, folder)
    return answer({})


async def picture(request: Request) -> Response:
    """The picture of a mistake, as the network gets it."""
    lab = lab_of(request)
    folder = await _folder(request)
    image = await lab.read(lab.mistakes.picture, folder, request.path_params["mistake"], None)
    return Response(sent(as_image(image)), media_type="image/png")


async def nearest(request: Request) -> Response:
    """The nearest training pictures of a mistake."""
    lab = lab_of(request)
    folder = await _folder(request)
    found = await lab.work(lab.mistakes.nearest, folder, request.path_params["mistake"])
    return answer(
        [
            {
                "name": printable(each.name),
                "label": printable(each.label),
                "similarity": each.similarity,
            }
            for each in found
        ]
    )


async def near_picture(request: Request) -> Response:
    """One of these pictures."""
    lab = lab_of(request)
    folder = await _folder(request)
    identifier, place = request.path_params["mistake"], request.path_params["place"]
    image = await lab.read(lab.mistakes.picture, folder, identifier, place)
    return Response(sent(as_image(image)), media_type="image/png")


async def about(request: Request) -> Response:
    """How a mistake can be explained, and which picture of which part it is."""
    lab = lab_of(request)
    folder = await _folder(request)
    part, number = await lab.work(lab.mistakes.place, folder, request.path_params["mistake"])
    methods = [{"name": each.name, "signed": each.signed} for each in METHODS.values()]
    return answer({"part": part, "number": number, "methods": methods})


async def evidence(request: Request) -> Response:
    """Where lies what speaks for the answer rather than the label, in colours."""
    lab = lab_of(request)
    folder = await _folder(request)
    mistake = request.path_params["mistake"]
    method = request.query_params.get("method", EVIDENCE.name)
    number = request.query_params.get("number")
    found = await lab.work(lab.mistakes.evidence, folder, mistake, method, number)
    return Response(png(Image.fromarray(found)), media_type="image/png")


async def _folder(request: Request) -> Path:
    lab = lab_of(request)
    found = await lab.read(lab.runs.find, request.path_params["id"])
    return found.path


def _mistakes(lab: Lab, identifier: str, *, again: bool) -> dict[str, Any]:
    found = lab.runs.find(identifier)
    if found.state == "damaged":
        raise ArgumentError(found.reason or "this run cannot be read")
    kept = lab.mistakes.of(found.path, again=again)
    known = {**kept.progress(), "found": None}
    if kept.state == "done" and kept.found is not None:
        known["found"] = {
            "data": printable(kept.data),
            "decidable": lab.mistakes.decidable(kept),
            **_described(kept.found, kept.number),
        }
    return known


def _described(found: Mistakes, number: int) -> dict[str, Any]:
    return {
        "of": found.of,
        "unit": found.unit,
        "notes": [described(note) for note in found.notes],
        "parts": [each.to_dict() for each in found.parts],
        "rows": [_row(each, f"{number}-{place}") for place, each in enumerate(found.rows)],
    }


def _row(mistake: Mistake, identifier: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "path": printable(mistake.path),
        "part": mistake.part,
        "true": printable(mistake.true),
        "answered": printable(mistake.answered),
        "confidence": mistake.confidence,
        "of_label": mistake.of_label,
        "label": mistake.label,
        "by": mistake.by,
        "suspicious": mistake.suspicious,
        "guesses": [[printable(name), value] for name, value in mistake.guesses],
        "error": mistake.error,
        "numbers": [_number(each) for each in mistake.numbers],
    }


def _number(number: NumberOff) -> dict[str, Any]:
    return {**asdict(number), "label": printable(number.name), "residual": number.residual}
