"""JSON in and out, checked and in one form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.requests import Request


def answer(values: object, status: int = 200) -> Response:
    """Values as a response; numbers that are not finite are null, as browsers read no others."""
    text = json.dumps(finite(values), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def finite(values: Any) -> Any:
    """The same values with null in the place of NaN and infinities."""
    if isinstance(values, dict):
        return {name: finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [finite(value) for value in values]
    if isinstance(values, float) and not -1e999 < values < 1e999:
        return None
    return values


async def read_object(request: Request, known: Collection[str]) -> dict[str, Any]:
    """A request's body as a JSON object with some of the known names.

    Raises:
        ArgumentError: If it is none, or has a name that is unknown.
    """
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"the request is no JSON ({brief(str(error))})") from error
    if not isinstance(found, dict):
        raise ArgumentError(f"the request is {brief(found)}, expected a JSON object")
    for name in found:
        if name not in known:
            raise ArgumentError(
                f"unknown name {brief(name)}; there are {listed(sorted(known), 20)}"
            )
    return found
