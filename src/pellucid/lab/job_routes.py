"""Routes that start trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures import ARCHITECTURES
from pellucid.interop.pretrained.catalogue import PRETRAINED
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.jobs import FIELDS
from pellucid.lab.lab import lab_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def choices(request: Request) -> Response:
    """What a training can be started with."""
    return answer(
        {
            "data": lab_of(request).data,
            "architectures": sorted(ARCHITECTURES),
            "bodies": list(PRETRAINED),
        }
    )


async def train(request: Request) -> Response:
    """Start a training."""
    lab = lab_of(request)
    asked = await read_object(request, FIELDS)
    job = await lab.read(lab.jobs.start, asked)
    return answer({"id": lab.runs.identifier(job.folder), **job.to_dict()}, 201)


async def train_on(request: Request) -> Response:
    """Train on from a run by the decisions that are kept."""
    lab = lab_of(request)
    found = await lab.read(lab.runs.find, request.path_params["id"])
    job = await lab.read(lab.jobs.train_on, found.path, lab.book.file)
    return answer({"id": lab.runs.identifier(job.folder), **job.to_dict()}, 201)
