"""Routes that compare two networks: on one picture layer by layer, and on all pictures."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response

from pellucid import checks
from pellucid.lab.asked import PAIR, Pair
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.compared import Compared
from pellucid.lab.effect import effect_of
from pellucid.lab.lab import Lab, lab_of
from pellucid.serving.refused import RefusedError
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request


async def compare(request: Request) -> Response:
    """Two networks on one of the pictures that judge the first."""
    lab = lab_of(request)
    asked = await read_object(request, (*PAIR, "number"))
    number = asked.get("number", 0)
    checks.whole("number", number, 0)
    pair = await lab.read(Pair.of, asked, lab.runs)
    return answer(await lab.work(_compared, lab, pair, number))


def _compared(lab: Lab, pair: Pair, number: int) -> dict[str, Any]:
    part, notes = lab.opened.pictures(pair.first)
    picture = lab.opened.picture(pair.first, number)
    found = Compared.of(
        lab.opened.estimator(pair.first),
        lab.opened.estimator(pair.second, pair.edits),
        picture.picture,
    )
    key = secrets.token_hex(8)
    lab.compared.put(key, found)
    return {
        "key": key,
        "number": number,
        "pictures": len(part),
        "name": printable(part.picture_name(number)),
        "label": printable(picture.label),
        "notes": [printable(note) for note in notes],
        **found.to_dict(),
    }


async def values(request: Request) -> Response:
    """A layer's values in one of two networks, as float32, row by row."""
    lab = lab_of(request)
    side, place = request.path_params["side"], request.path_params["place"]
    found = lab.compared.get(request.path_params["key"])
    if found is None:
        raise RefusedError(404, "this comparison is not kept any more; compare again")
    if side > 1 or place >= len(found.layers):
        raise RefusedError(404, "there is no such layer")
    array = await lab.work(found.values, side, place)
    if array is None:
        raise RefusedError(404, "the network has no such layer")
    content = np.ascontiguousarray(array, "<f4").tobytes()
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"pellucid-shape": json.dumps(array.shape)},
    )


async def compare_all(request: Request) -> Response:
    """Two networks on all pictures that judge the first."""
    lab = lab_of(request)
    asked = await read_object(request, PAIR)
    pair = await lab.read(Pair.of, asked, lab.runs)
    return answer(await lab.work(effect_of, lab.opened, pair))
