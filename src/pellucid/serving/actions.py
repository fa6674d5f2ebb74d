"""What a service answers to."""

from __future__ import annotations

from pellucid.serving import health, inference_protocol, opening, pages, predicting, repository
from pellucid.serving import schemas as of
from pellucid.serving.openapi import openapi_json
from pellucid.serving.routes import Action, Parameter


def _of_model(path: str) -> tuple[str, str]:
    """A path of a model's newest version, and of any."""
    return f"/v2/models/{{model}}{path}", f"/v2/models/{{model}}/versions/{{version}}{path}"


def _protocol() -> list[Action]:
    """The Open Inference Protocol's routes about models."""
    p = inference_protocol
    described = {200: ("Its inputs, outputs and settings.", {of.JSON: of.OBJECT}), 404: of.NONE}
    ready = {
        200: ("It does.", {of.JSON: of.OBJECT}),
        404: of.NONE,
        503: ("It does not.", {of.JSON: of.OBJECT}),
    }
    inferred = {
        200: ("Outputs.", {of.JSON: of.INFERRED, of.BYTES: of.BINARY}),
        400: of.WRONG,
        404: of.NONE,
        413: of.LARGE,
        429: of.FULL,
    }
    takes = {of.JSON: of.TENSORS, of.BYTES: of.BINARY}
    loaded = {200: ("What answers now.", {of.JSON: of.OBJECT}), 400: of.WRONG, 404: of.NONE}
    listed = {200: ("They.", {of.JSON: {"type": "array", "items": of.OBJECT}})}
    return [
        Action("GET", "/v2", p.server, "Name, version and extensions.",
               {200: ("They.", {of.JSON: of.OBJECT})}),
        *(Action("GET", path, p.metadata, "What a model takes and gives.", described)
          for path in _of_model("")),
        *(Action("GET", path, p.model_ready, "Whether a model answers.", ready)
          for path in _of_model("/ready")),
        *(Action("POST", path, p.infer, "Compute tensors.", inferred, takes=takes)
          for path in _of_model("/infer")),
        Action("POST", "/v2/repository/index", repository.index, "Every version of every model.",
               listed),
        Action("POST", "/v2/repository/models/{model}/load", repository.load,
               "Reload a model from its file; where it cannot be used, the old one goes on.",
               loaded),
    ]  # fmt: skip


def _opening() -> list[Action]:
    """Routes that look into a network."""
    opened = {
        200: ("As the command prints it with --json.", {of.JSON: of.OBJECT}),
        400: of.WRONG,
        404: of.NONE,
        413: of.LARGE,
        415: of.KIND,
        429: of.FULL,
    }
    text = {"text/html": {"type": "string"}}
    html = {200: ("HTML.", text), 503: ("HTML: the page is being made; it asks again.", text)}
    return [
        Action("POST", "/explain", opening.explain,
               "Why the answer to one picture is what it is: evidence, or a heatmap.",
               opened, takes=of.PICTURES,
               parameters=(of.METHOD, *of.OPENED, *of.EXPLAINED, *of.MODEL)),
        Action("POST", "/trace", opening.trace,
               "What every layer makes of one picture, or one value in all its terms.",
               opened, takes=of.PICTURES, parameters=(of.AT, *of.OPENED, *of.MODEL)),
        Action("GET", "/", pages.home, "The model's page, or a list of models.", html),
        Action("GET", "/page/{model}", pages.page, "A model's page, which computes.",
               {**html, 400: of.WRONG, 404: of.NONE}, parameters=of.MODEL[1:]),
    ]  # fmt: skip


ACTIONS: tuple[Action, ...] = (
    Action(
        "POST",
        "/predict",
        predicting.predict,
        "Answer pictures or recordings: one as the body, or several as files of a form.",
        {
            200: ("Answers; of pictures that cannot be used, the reason.", {of.JSON: of.ANSWERS}),
            400: of.WRONG,
            404: of.NONE,
            413: of.LARGE,
            415: of.KIND,
            422: (
                "None of the pictures can be used.",
                {of.JSON: {"allOf": [of.ERROR, of.ANSWERS]}},
            ),
            429: of.FULL,
        },
        takes=of.PICTURES,
        parameters=(
            Parameter(
                "top",
                "How many of the likeliest classes.",
                {"type": "integer", "minimum": 1, "maximum": 999_999_999},
            ),
            Parameter(
                "probabilities",
                "Of one class a picture: give the probabilities of all classes, not of the "
                "likeliest alone.",
                {"type": "boolean", "default": False},
            ),
            Parameter(
                "table",
                "Also give columns, and rows of each answer, as pellucid predict writes CSV.",
                {"type": "boolean", "default": False},
            ),
            *of.MODEL,
        ),
    ),
    Action(
        "GET",
        "/v2/health/live",
        health.live,
        "Whether the process is alive.",
        {200: ("It is.", {of.JSON: of.OBJECT})},
    ),
    Action(
        "GET",
        "/v2/health/ready",
        health.ready,
        "Whether requests are wanted: models are loaded, and the service is not going.",
        {200: ("They are.", {of.JSON: of.OBJECT}), 503: ("They are not.", {of.JSON: of.OBJECT})},
    ),
    *_opening(),
    *_protocol(),
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
        {200: ("OpenAPI 3.1.", {of.JSON: of.OBJECT})},
    ),
)
"""Every route of a service, in the order of its description."""
