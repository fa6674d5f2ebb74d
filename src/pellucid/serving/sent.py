"""The pictures or recordings in a request: its body, or the parts of a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from pellucid.errors import DataError
from pellucid.serving.answers import Sent
from pellucid.text import truncated

if TYPE_CHECKING:
    from starlette.requests import Request

FORM = "multipart/form-data"

MOST_FILES = 256
"""Pictures in one request, at most."""

_NAME = 200
"""Letters of a file's name that an answer repeats, at most."""


async def sent_pictures(request: Request) -> list[Sent]:
    """The pictures that a request brings, in their order; at least one.

    Raises:
        DataError: If there is none.
        HTTPException: If the body is of a kind that holds none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        found = await _of_form(request)
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


async def _of_form(request: Request) -> list[Sent]:
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
        return [
            Sent(truncated(value.filename or name, _NAME), await value.read())
            for name, value in form.multi_items()
            if isinstance(value, UploadFile)
        ]
