"""The protocol's extension for models: which there are, and reloading one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from pellucid.errors import PellucidError
from pellucid.serving.models import UnknownModelError
from pellucid.serving.service import facts, json_response, service_of
from pellucid.text import printable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def index(request: Request) -> Response:
    """Every version of every model, and why a newer file is not one."""
    models = service_of(request).models
    return json_response(
        [
            {
                "name": served.name,
                "version": str(served.version),
                "state": "READY",
                "reason": models.reloads[served.source].error
                if served.source in models.reloads
                else "",
            }
            for served in models.all()
        ]
    )


async def load(request: Request) -> Response:
    """Reload a model; where its file cannot be used, the one that was there goes on."""
    models, name = service_of(request).models, request.path_params["model"]
    try:
        loaded = await models.reload(name)
        models.asked(name)
    except UnknownModelError:
        raise
    except PellucidError as error:
        raise HTTPException(
            400, f"the model that was there goes on: {printable(str(error))}"
        ) from error
    facts(request)["model"] = name
    return json_response({"name": name, "versions": [str(each.version) for each in loaded]})
