"""The service's description of itself: OpenAPI 3.1, made of the table of routes."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pellucid.serving.service import json_response
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from pellucid.serving.routes import Action


TENSOR: dict[str, Any] = {
    "type": "object",
    "required": ["name", "shape", "datatype"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "datatype": {"type": "string", "enum": ["UINT8", "FP32", "FP64", "BYTES"]},
        "parameters": {"type": "object"},
        "data": {"type": "array"},
    },
}
"""A tensor of the Open Inference Protocol."""


async def openapi_json(request: Request) -> Response:
    """The description."""
    return json_response(request.app.state.description)


def description(actions: Iterable[Action]) -> dict[str, Any]:
    """The description of a service, as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for action in actions:
        paths.setdefault(action.path, {})[action.method.lower()] = _operation(action)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pellucid",
            "version": __version__,
            "summary": "A trained network as a service; see docs/serving.md.",
        },
        "paths": paths,
        "components": {"schemas": {"Tensor": TENSOR}},
    }


def _operation(action: Action) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", action.path)
    ]
    in_query = [
        {"name": each.name, "in": "query", "description": each.text, "schema": each.schema}
        for each in action.parameters
    ]
    operation: dict[str, Any] = {
        "operationId": f"{action.method.lower()}{re.sub(r'[^a-z0-9]+', '_', action.path)}",
        "summary": action.text,
        "parameters": [*in_path, *in_query],
        "responses": {
            str(status): {"description": text, "content": _content(kinds)}
            for status, (text, kinds) in action.answers.items()
        },
    }
    for status, response in operation["responses"].items():
        if status == str(int(HTTPStatus.TOO_MANY_REQUESTS)):
            response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    if action.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(action.takes)}
    return operation


def _content(kinds: dict[str, Any]) -> dict[str, Any]:
    return {kind: {"schema": schema} for kind, schema in kinds.items()}
