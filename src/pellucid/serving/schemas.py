"""What requests and answers of a service look like, for its description."""

from __future__ import annotations

from typing import Any

from pellucid.explain.methods import ALL, METHODS
from pellucid.serving.routes import Parameter

JSON = "application/json"
BYTES = "application/octet-stream"
OBJECT: dict[str, Any] = {"type": "object"}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is wrong, in a line."}},
}
"""How everything that goes wrong is answered."""

WRONG = ("What was sent cannot be used.", {JSON: ERROR})
NONE = ("There is no such model or version.", {JSON: ERROR})
FULL = ("Too much waits; Retry-After says in how many seconds.", {JSON: ERROR})
LARGE = ("More than is taken: bytes, parts or pixels.", {JSON: ERROR})
KIND = ("A body of a kind that is not taken.", {JSON: ERROR})

MODEL = (
    Parameter("model", "Which model; may be left out where there is one."),
    Parameter("version", "Which version; the newest where it is left out."),
)
_FROM_1 = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
_FROM_0 = {**_FROM_1, "minimum": 0}
METHOD = Parameter(
    "method", "How.", {"type": "string", "enum": [*METHODS, ALL], "default": "evidence"}
)
AT = Parameter("at", "With layer: the value that is opened, row,column,channel or unit.")
OPENED = (
    Parameter("layer", "A layer's name."),
    Parameter("box", "Of a detector: which of its boxes, the most probable being 1.", _FROM_1),
    Parameter("number", "Of a detector: a number of the box instead of its class."),
    Parameter("place", "Of a detector: x,y in pixels, instead of a box."),
    Parameter("word", "Of what writes words: which, from 1.", _FROM_1),
    Parameter("second", "Of speech: a time instead of a word."),
)
EXPLAINED = (
    Parameter("target", "The class, label or number in question."),
    Parameter("against", "What it is compared with."),
    Parameter("unit", "Deconvnet: which feature map, from 0.", _FROM_0),
    Parameter("size", "Occlusion: the patch's side in pixels.", _FROM_1),
)
PICTURES: dict[str, Any] = {
    BYTES: {"type": "string", "contentEncoding": "binary"},
    "image/*": {"type": "string", "contentEncoding": "binary"},
    "audio/*": {"type": "string", "contentEncoding": "binary"},
    "multipart/form-data": {
        "type": "object",
        "additionalProperties": {"type": "string", "contentEncoding": "binary"},
    },
}
ANSWERS: dict[str, Any] = {
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

TENSOR: dict[str, Any] = {"$ref": "#/components/schemas/Tensor"}
TENSORS: dict[str, Any] = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string"},
        "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": TENSOR},
        "outputs": {"type": "array", "items": {"type": "object", "required": ["name"],
                    "properties": {"name": {"type": "string"}, "parameters": {"type": "object"}}}},
        "parameters": {"type": "object"},
    },
}  # fmt: skip
INFERRED: dict[str, Any] = {
    "type": "object",
    "required": ["model_name", "model_version", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {"type": "array", "items": TENSOR},
    },
}
BINARY: dict[str, Any] = {"type": "string", "contentEncoding": "binary"}
