"""The pictures or recordings in a request: its body, or the parts of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from pellucid.errors import DataError
from pellucid.serving.answers import Sent
from pellucid.serving.parts import read_parts
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request

    from pellucid.serving.limits import Limits

FORM = "multipart/form-data"


async def sent_pictures(request: Request, limits: Limits) -> list[Sent]:
    """The pictures that a request brings, in their order; at least one.

    Every part of a form is one.

    Raises:
        DataError: If there is none.
        HTTPException: If the body is of a kind that holds none.
        RefusedError: If a form is malformed, or has too many parts.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        parts = await read_parts(request.headers["content-type"], request.stream(), limits)
        found = [Sent(part.filename or printable(part.name), part.content) for part in parts]
    elif kind == "application/json":
        raise HTTPException(
            415,
            "JSON, where the bytes of a picture are expected: as the body, or as files of a form "
            "(multipart/form-data); tensors go to /v2/models/NAME/infer",
        )
    else:
        content = await request.body()
        found = [Sent("body", content)] if content else []
    if not found:
        raise DataError(
            "no picture came; send the bytes of one as the body, or files in a form "
            "(multipart/form-data)"
        )
    return found
