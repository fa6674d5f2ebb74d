"""``POST /explain`` and ``POST /trace``: why an answer is what it is, and the numbers behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, DataError
from pellucid.estimators import ImageCaptioner
from pellucid.explain.activations import Activations
from pellucid.explain.method_sheet import explain_by_every_method
from pellucid.explain.methods import ALL, METHODS
from pellucid.known_names import find_name
from pellucid.serving.answers import decode
from pellucid.serving.batches import OverloadedError
from pellucid.serving.sent import sent_pictures
from pellucid.serving.service import (
    facts,
    integer,
    json_response,
    served_of,
    service_of,
    while_connected,
)
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from pellucid.serving.models import Served

    Open = Callable[[Served, bytes, dict[str, Any]], dict[str, Any]]

METHOD = "evidence"
"""How is explained, unless said otherwise."""

_MOST_WAITING = 8
"""Requests that may wait for the one thread that opens networks."""

_TEXTS = ("target", "against", "layer")
_NUMBERS = {"box": 1, "word": 1, "unit": 0, "size": 1}


async def explain(request: Request) -> Response:
    """Evidence or a heatmap for the answer to one picture."""
    asked = _asked(request)
    given = request.query_params.get("method", METHOD)
    asked["method"] = find_name("method", given, (*METHODS, ALL))
    for name, least in _NUMBERS.items():
        number = integer(request, name, None, least)
        if number is not None:
            asked[name] = number - least if name in ("box", "word") else number
    return await _opened(request, _explained, asked)


async def trace(request: Request) -> Response:
    """What every layer makes of one picture, or one value in all its terms."""
    asked = _asked(request)
    at = request.query_params.get("at")
    if (at is None) != ("layer" not in asked):
        raise ArgumentError("layer and at belong together: give both, e.g. layer=conv1&at=3,7,0")
    if at is not None:
        asked["at"] = _numbers(at, "at", int)
    word = integer(request, "word", None, 1)
    box = integer(request, "box", None, 1)
    if word is not None:
        asked["word"] = word - 1
    if box is not None:
        asked["box"] = box - 1
    _check_one(asked)
    return await _opened(request, _traced, asked)


def _check_one(asked: dict[str, Any]) -> None:
    """Refuse several questions, of which one alone would be answered."""
    questions = {
        "layer and at": "at" in asked,
        "box and number": "box" in asked or "number" in asked,
        "place": "place" in asked,
        "second": "second" in asked,
    }
    given = [name for name, there in questions.items() if there]
    if len(given) > 1:
        raise ArgumentError(f"{' and '.join(given)} are questions of their own; ask one at a time")


def _asked(request: Request) -> dict[str, Any]:
    """The parameters that both know, those that were given."""
    query = request.query_params
    asked: dict[str, Any] = {name: query[name] for name in _TEXTS if name in query}
    if "number" in query:
        asked["number"] = query["number"]
    if "place" in query:
        asked["place"] = _numbers(query["place"], "place", float)
        if len(asked["place"]) != 2:
            raise ArgumentError("place is two numbers, x and y in pixels: place=120,80")
    if "second" in query:
        seconds = _numbers(query["second"], "second", float)
        if len(seconds) != 1:
            raise ArgumentError("second is one number, a time in a recording: second=1.5")
        (asked["second"],) = seconds
    return asked


def _numbers(text: str, name: str, kind: type) -> tuple[Any, ...]:
    try:
        return tuple(kind(part) for part in text[:200].split(","))
    except ValueError as error:
        raise ArgumentError(
            f"{name} is {printable(text)!r:.60}; expected numbers such as 3,7,5"
        ) from error


async def _opened(request: Request, open_: Open, asked: dict[str, Any]) -> Response:
    """Look into a network, in the one thread for that."""
    service, served = service_of(request), served_of(request)
    sent = await sent_pictures(request, service.limits)
    if len(sent) != 1:
        raise DataError(f"{len(sent)} pictures came; one is opened at a time")
    facts(request)["pictures"] = 1
    if service.opening_now >= _MOST_WAITING:
        raise OverloadedError(service.opening_now, service.opening_seconds)

    def work() -> dict[str, Any]:
        decoded = decode(served, sent[0], service.limits, service.metrics)  # all checks
        if decoded.problem:
            raise DataError(decoded.problem)
        return open_(served, sent[0].content, asked)

    loop = asyncio.get_running_loop()
    with service.counted_opening():

        async def found() -> dict[str, Any]:
            return await loop.run_in_executor(service.opening, work)

        values = await while_connected(request, found())
    return json_response({"model": served.name, "version": served.version, **values})


def _explained(served: Served, content: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    estimator = served.estimator
    if asked["method"] != ALL:
        return estimator.explain(content, **asked).to_dict()
    del asked["method"]
    if isinstance(estimator, ImageCaptioner):
        word = asked.pop("word", None)
        return estimator.trace(content).explain_by_every_method(word, **asked).to_dict()
    return explain_by_every_method(Activations.of(estimator, content), **asked).to_dict()


def _traced(served: Served, content: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    estimator = served.estimator
    word, second = asked.get("word"), asked.get("second")
    if isinstance(estimator, ImageCaptioner):
        caption = estimator.trace(content)
        if word is None:
            _nothing_else(asked)
            return caption.to_dict(values=False)
        if second is not None:
            raise ArgumentError("a captioner does not hear; leave second out")
        found = caption.word(word)
    else:
        found = estimator.trace(content, whole=not asked)
        if word is not None or second is not None:
            if set(asked) - {"word", "second"}:
                raise ArgumentError("a word says which value is opened; leave all else out")
            return found.word(word, second).to_dict()
    if "place" in asked:
        return found.place(*asked["place"]).to_dict()
    if "box" in asked or "number" in asked:
        return found.box(asked.get("box"), asked.get("number")).to_dict()
    if "at" in asked:
        return found.value(asked["layer"], asked["at"]).to_dict()
    return found.to_dict(values=False)


def _nothing_else(asked: dict[str, Any]) -> None:
    if asked:
        raise ArgumentError(
            "values of a captioner are those behind some words; say which word they are for, word=1"
        )
