"""``POST /predict``: what a model answers for pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.serving.answers import Wanted, answers
from pellucid.serving.sent import sent_pictures
from pellucid.serving.service import (
    facts,
    flag,
    integer,
    json_response,
    served_of,
    service_of,
    while_connected,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

TOP = 5
"""How many of the likeliest classes are given, unless said otherwise."""


async def predict(request: Request) -> Response:
    """Answer the pictures of a request; 422 where none of them can be used."""
    service, served = service_of(request), served_of(request)
    wanted = Wanted(
        integer(request, "top", TOP, 1) or TOP,
        every=flag(request, "probabilities"),
        table=flag(request, "table"),
    )
    sent = await sent_pictures(request, service.limits)
    facts(request)["pictures"] = len(sent)
    answered = await while_connected(request, answers(served, sent, wanted, service))
    facts(request)["unusable"] = answered.unusable
    none = answered.unusable == len(sent)
    values: dict[str, Any] = {"model": served.name, "version": served.version}
    if answered.columns is not None:
        values["columns"] = answered.columns
    values["answers"] = answered.records
    if none:
        values = {"error": answered.records[0]["error"], **values}
    return json_response(values, 422 if none else 200)
