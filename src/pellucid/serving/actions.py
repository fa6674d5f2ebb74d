"""What a service answers to."""

from __future__ import annotations

from typing import Any

from pellucid.serving import health, predicting
from pellucid.serving.openapi import openapi_json
from pellucid.serving.routes import Action, Parameter

_JSON = "application/json"
_OBJECT: dict[str, Any] = {"type": "object"}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is wrong, in a line."}},
}
"""How everything that goes wrong is answered."""

_WRONG = ("What was sent cannot be used.", {_JSON: ERROR})
_NONE = ("There is no such model or version.", {_JSON: ERROR})
_FULL = ("Too much waits; Retry-After says in how many seconds.", {_JSON: ERROR})
_KIND = ("A body of a kind that is not taken.", {_JSON: ERROR})

_MODEL = (
    Parameter("model", "Which model; may be left out where there is one."),
    Parameter("version", "Which version; the newest where it is left out."),
)
_PICTURES: dict[str, Any] = {
    "application/octet-stream": {"type": "string", "contentEncoding": "binary"},
    "image/*": {"type": "string", "contentEncoding": "binary"},
    "audio/*": {"type": "string", "contentEncoding": "binary"},
    "multipart/form-data": {
        "type": "object",
        "additionalProperties": {"type": "string", "contentEncoding": "binary"},
    },
}
_ANSWERS: dict[str, Any] = {
    "type": "object",
    "required": ["model", "version", "answers"],
    "properties": {
        "model": {"type": "string"},
        "version": {"type": "integer"},
        "answers": {
            "type": "array",
            "description": "One a picture, in their order, as pellucid predict --json prints them.",
            "items": {
                "type": "object",
                "required": ["picture"],
                "properties": {"picture": {"type": "string"}, "error": {"type": "string"}},
            },
        },
    },
}

ACTIONS: tuple[Action, ...] = (
    Action(
        "POST",
        "/predict",
        predicting.predict,
        "Answer pictures or recordings: one as the body, or several as files of a form.",
        {
            200: ("Answers; of pictures that cannot be used, the reason.", {_JSON: _ANSWERS}),
            400: _WRONG,
            404: _NONE,
            415: _KIND,
            422: ("None of the pictures can be used.", {_JSON: {"allOf": [ERROR, _ANSWERS]}}),
            429: _FULL,
        },
        takes=_PICTURES,
        parameters=(
            Parameter(
                "top",
                "How many of the likeliest classes.",
                {"type": "integer", "minimum": 1, "maximum": 999_999_999},
            ),
            *_MODEL,
        ),
    ),
    Action(
        "GET",
        "/v2/health/live",
        health.live,
        "Whether the process is alive.",
        {200: ("It is.", {_JSON: _OBJECT})},
    ),
    Action(
        "GET",
        "/v2/health/ready",
        health.ready,
        "Whether requests are wanted: models are loaded, and the service is not going.",
        {200: ("They are.", {_JSON: _OBJECT}), 503: ("They are not.", {_JSON: _OBJECT})},
    ),
    Action(
        "GET",
        "/metrics",
        health.metrics,
        "Numbers for Prometheus.",
        {200: ("In its text format.", {"text/plain": {"type": "string"}})},
    ),
    Action(
        "GET",
        "/openapi.json",
        openapi_json,
        "This description.",
        {200: ("OpenAPI 3.1.", {_JSON: _OBJECT})},
    ),
)
"""Every route of a service, in the order of its description."""
