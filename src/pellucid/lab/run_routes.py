"""Routes of the list of runs, of one run, and of the stream of news."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.lab.bodies import answer, read_object
from pellucid.lab.described import all_rows, history_rows, model_provenance, progress_of, run_row
from pellucid.lab.events import RunsStream
from pellucid.lab.lab import Lab, lab_of
from pellucid.lab.origins import find_origin
from pellucid.lab.stream import streamed
from pellucid.serving.refused import RefusedError
from pellucid.training.live import write_control

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

CONTROLS = ("paused", "rate_factor", "stop")
"""What can be asked of a training."""


async def runs(request: Request) -> Response:
    """All runs, and what trainings that are started here would learn from."""
    lab = lab_of(request)
    return answer({"runs": await lab.read(all_rows, lab.runs), "data": lab.data})


async def run(request: Request) -> Response:
    """One run: its row of the list, its settings, its curves."""
    lab = lab_of(request)
    return answer(await lab.read(_whole, lab, request.path_params["id"]))


def _whole(lab: Lab, identifier: str) -> dict[str, Any]:
    found = lab.runs.find(identifier)
    kept = model_provenance(found.path)
    job = lab.jobs.of(found.path)
    return {
        "run": run_row(identifier, found, lab.runs),
        "recipe": kept.get("recipe"),
        "results": kept.get("results"),
        "history": history_rows(found.path),
        "progress": progress_of(found.path),
        "before": find_origin(found, lab.runs),
        "job": None if job is None else job.to_dict(),
    }


async def control(request: Request) -> Response:
    """Pause a training, let it go on, change its learning rate, or stop it."""
    lab = lab_of(request)
    asked = await read_object(request, CONTROLS)
    for name in ("paused", "stop"):
        if name in asked:
            checks.truth(name, asked[name])
    run = await lab.read(lab.runs.find, request.path_params["id"])
    if run.state != "running":
        raise RefusedError(409, "the training does not run any more; nothing was changed")
    return answer(asdict(await lab.read(write_control, run.path, **asked)))


async def events(request: Request) -> Response:
    """What changes, as server-sent events."""
    lab = lab_of(request)
    stream = RunsStream(lab, request.query_params.get("run") or None)
    return streamed(request, stream)
