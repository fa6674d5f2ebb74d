"""From the bytes of pictures to answers: decoding beside computing, each picture for itself."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.evaluation.answer_forms import form_of
from pellucid.evaluation.prediction_files import record
from pellucid.evaluation.predictions import Prediction, read_outputs
from pellucid.serving.picture_bytes import check_picture
from pellucid.serving.quick import is_quick, is_tiny
from pellucid.tasks import Detection
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.serving.batches import Compute
    from pellucid.serving.limits import Limits
    from pellucid.serving.metrics import Metrics
    from pellucid.serving.models import Served
    from pellucid.serving.service import Service

JPEG = b"\xff\xd8"
"""How such files begin."""


@dataclass(frozen=True, eq=False)
class Sent:
    """A picture or recording as it was sent.

    Attributes:
        name: What it is called in the answer.
        content: The bytes of its file.
    """

    name: str
    content: bytes


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture as a network takes it, or why it cannot be used.

    Attributes:
        name: What it is called.
        pixels: (H, W, C), uint8; None where it cannot be used.
        size: Its width and height, where the task asks for them.
        problem: Why it cannot be used, in a line.
        seconds: That decoding took.
    """

    name: str
    pixels: NDArray[np.uint8] | None = None
    size: tuple[int, int] | None = None
    problem: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """How answers are given.

    Attributes:
        top: How many of the likeliest classes.
        every: Whether also the probabilities of all classes.
        table: Whether also lines of a table.
    """

    top: int
    every: bool = False
    table: bool = False


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers of a request.

    Attributes:
        records: One for each picture, in their order, as ``pellucid predict --json`` prints them;
            where a table is wanted, each also with its lines there, ``rows``.
        unusable: How many pictures have none, but a reason.
        columns: Of the table, after the picture; none where none is wanted.
    """

    records: list[dict[str, Any]]
    unusable: int
    columns: list[str] | None = None


def decode(served: Served, sent: Sent, limits: Limits, metrics: Metrics) -> Decoded:
    """A picture as the network takes it; what is wrong with it is part of the result."""
    started = time.perf_counter()
    model, content = served.estimator.model_, sent.content
    most = min(limits.pixels, served.estimator.max_pixels)
    try:
        size = None
        if isinstance(model.task, Detection) or content.startswith(JPEG):  # others read() checks
            found = check_picture(content, limits)
            size = found.width, found.height
        decoded = Decoded(sent.name, model.preprocessing.read(content, max_pixels=most), size)
    except PellucidError as error:
        decoded = Decoded(sent.name, problem=f"{printable(sent.name)}: {_reason(error)}")
    seconds = time.perf_counter() - started
    metrics.decoded(served.name, seconds, usable=decoded.pixels is not None)
    return replace(decoded, seconds=seconds)


def _reason(error: PellucidError) -> str:
    """What is wrong, without what the bytes are called."""
    text = str(error)
    start, colon, rest = text.partition(": ")
    return rest if colon and start.endswith(" bytes") else text


async def answers(
    served: Served, sent: Sequence[Sent], wanted: Wanted, service: Service
) -> Answered:
    """Answer pictures; those that cannot be used with the reason.

    Args:
        served: Who answers.
        sent: At least one.
        wanted: How they are given.
        service: Its threads decode, and read the outputs.

    Raises:
        OverloadedError: If too many wait.
    """
    batcher, content = served.batcher, sent[0].content
    quick = len(sent) == 1 and batcher.ready and is_quick(content)
    at_once = quick and served.light and not service.opening_now and is_tiny(content)

    def whole(compute: Compute) -> Answered:
        return _whole(served, sent[0], wanted, service, compute)

    with batcher.admitted(len(sent)):
        if at_once:
            return batcher.at_once(whole)
        if quick:
            return await batcher.alone(whole)
        decoded = await decode_all(served, sent, service)
        usable = [each.pixels for each in decoded if each.pixels is not None]
        outputs: NDArray[Any] | None = None
        if usable:
            images = usable[0][None] if len(usable) == 1 else np.stack(usable)
            outputs = await served.batcher.computed(images)
        return await asyncio.get_running_loop().run_in_executor(
            service.pool, _read, served, decoded, outputs, wanted
        )


def _whole(
    served: Served, sent: Sent, wanted: Wanted, service: Service, compute: Compute
) -> Answered:
    """All that is done for a lone picture."""
    decoded = decode(served, sent, service.limits, service.metrics)
    outputs = None if decoded.pixels is None else compute(decoded.pixels[None])
    return _read(served, [decoded], outputs, wanted)


async def decode_all(served: Served, sent: Sequence[Sent], service: Service) -> list[Decoded]:
    """Pictures as the network takes them, decoded by several threads; they have been admitted."""
    loop = asyncio.get_running_loop()
    decoding = [
        loop.run_in_executor(service.pool, decode, served, each, service.limits, service.metrics)
        for each in sent
    ]
    try:
        found = [await future for future in decoding]
    except BaseException:  # cancelled: what has not begun is not done
        for future in decoding:
            future.cancel()
        raise
    for each in found:
        served.batcher.decoded(each.seconds / service.decoders)
    return found


def _read(
    served: Served,
    decoded: Sequence[Decoded],
    outputs: NDArray[Any] | None,
    wanted: Wanted,
) -> Answered:
    """The answers in outputs; each picture by itself, so that no neighbour changes a bit."""
    task = served.estimator.model_.task
    rows = iter(() if outputs is None else outputs)
    found = []
    for each in decoded:
        if each.pixels is None:
            found.append(Prediction(each.name, problem=each.problem))
            continue
        row = next(rows)
        found += read_outputs(
            served.estimator, [each.name], each.pixels[None], row[None], [each.size]
        )
    records = [record(each, task, wanted.top, every=wanted.every) for each in found]
    unusable = sum(not each.answered for each in found)
    if not wanted.table:
        return Answered(records, unusable)
    form = form_of(task)
    for values, answer in zip(records, found, strict=True):
        values["rows"] = form.rows(answer) if answer.answered else []
    return Answered(records, unusable, [printable(name) for name in form.columns])


def json_bytes(values: object) -> bytes:
    """JSON without spaces, in UTF-8; numbers that are none, as null."""
    try:
        return json.dumps(
            values, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode("utf-8", errors="backslashreplace")
    except ValueError:
        return json.dumps(_finite(values), allow_nan=False, separators=(",", ":")).encode()


def _finite(values: object) -> object:
    """The same without infinities and NaN, for which JSON has no words."""
    if isinstance(values, dict):
        return {name: _finite(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [_finite(value) for value in values]
    return None if isinstance(values, float) and not np.isfinite(values) else values
