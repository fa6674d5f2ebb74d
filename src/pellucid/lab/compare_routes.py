"""Routes that compare two networks: on one picture layer by layer, and on all pictures."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response

from pellucid import checks
from pellucid.errors import DataError
from pellucid.lab.asked import PAIR, Pair, part_asked
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.compared import Compared
from pellucid.lab.effect import effect_of
from pellucid.lab.lab import Lab, lab_of
from pellucid.serving.refused import RefusedError
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request


async def compare(request: Request) -> Response:
    """Two networks on one of the first one's pictures."""
    lab = lab_of(request)
    asked = await read_object(request, (*PAIR, "part", "number"))
    number, name = asked.get("number", 0), part_asked(asked)
    checks.whole("number", number, 0)
    pair = await lab.read(Pair.of, asked, lab.runs)
    return answer(await lab.work(_compared, lab, pair, name, number))


def _compared(lab: Lab, pair: Pair, name: str | None, number: int) -> dict[str, Any]:
    part = lab.opened.part(pair.first, name)
    if number >= len(part):
        raise DataError(f"there are pictures 0 to {len(part) - 1}, not {number}")
    found = Compared.of(
        lab.opened.estimator(pair.first),
        lab.opened.estimator(pair.second, pair.edits),
        part.picture(number),
    )
    key = secrets.token_hex(8)
    lab.compared.put(key, found)
    return {
        "key": key,
        "parts": lab.opened.part_names(pair.first),
        "part": part.part,
        "learned": part.learned,
        "number": number,
        "pictures": len(part),
        "name": printable(part.paths[number]),
        "label": printable(part.targets.written(number)),
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
    """Two networks on all pictures of a part."""
    lab = lab_of(request)
    asked = await read_object(request, (*PAIR, "part"))
    pair = await lab.read(Pair.of, asked, lab.runs)
    return answer(await lab.work(effect_of, lab.opened, pair, part_asked(asked)))
