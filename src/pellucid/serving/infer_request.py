"""A request for inference, as the Open Inference Protocol has it, taken apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.serving.answers import Sent
from pellucid.serving.json_text import parse_base64, parse_json
from pellucid.serving.refused import RefusedError
from pellucid.serving.tensors import BYTES, TYPES, binary_numbers, numbers, shape_of, texts
from pellucid.text import array_shape, brief_repr, counted, listed, printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.serving.limits import Limits
    from pellucid.serving.models import Served

TAKEN = ("UINT8", "FP32", BYTES)
"""Types that a network's input may be given as."""


@dataclass(frozen=True)
class WantedOutput:
    """An output that is asked for.

    Attributes:
        name: Its name.
        binary: Whether as bytes behind the JSON.
        classes: How many of the likeliest classes are wanted in place of the numbers; 0: numbers.
    """

    name: str
    binary: bool
    classes: int = 0


@dataclass(frozen=True, eq=False)
class InferRequest:
    """What is asked.

    Attributes:
        id: To be repeated; None for none.
        pictures: (N, H, W, C) as the network takes them; or files to be decoded.
        outputs: What is wanted; none: all.
        binary: Whether outputs come as bytes where they do not say otherwise.
    """

    id: str | None
    pictures: NDArray[Any] | list[Sent]
    outputs: tuple[WantedOutput, ...]
    binary: bool


def read_request(
    body: bytes, head_length: str | None, served: Served, limits: Limits
) -> InferRequest:
    """Take a request apart.

    Args:
        body: All of it.
        head_length: The header field that says how long its JSON is; None: all is JSON.
        served: The model that is asked.
        limits: What is accepted.

    Raises:
        ArgumentError: If it is none, or its tensors are not the network's.
        RefusedError: If its JSON is malformed or nested too deeply, or it has too many pictures.
    """
    length = _length(head_length, len(body))
    head = parse_json(body[:length], limits)
    if not isinstance(head, dict) or not isinstance(head.get("inputs"), list):
        raise ArgumentError("expected a JSON object with inputs, a list of tensors")
    parameters = _object(head, "parameters")
    tensors = [each for each in head["inputs"] if isinstance(each, dict)]
    name = served.estimator.model_.network.graph.input
    if len(head["inputs"]) != 1 or len(tensors) != 1 or tensors[0].get("name") != name:
        raise ArgumentError(
            f"{served.name} takes one input, {name!r}; got "
            f"{listed([str(each.get('name')) for each in tensors]) or 'none'}"
        )
    identity = head.get("id")
    if identity is not None and not isinstance(identity, str):
        raise ArgumentError(f"id is {brief_repr(identity)}; expected a text")
    binary = _truth(parameters, "binary_data_output", default=False)
    return InferRequest(
        identity,
        _pictures(tensors[0], body[length:], served, limits),
        tuple(_output(each, binary=binary) for each in _list(head, "outputs")),
        binary,
    )


def _length(given: str | None, whole: int) -> int:
    if given is None:
        return whole
    if not (given.isascii() and given.isdecimal() and len(given) < 12 and int(given) <= whole):
        raise ArgumentError(
            f"Inference-Header-Content-Length is {printable(given)!r:.40}; expected at most the "
            f"body's {counted(whole, 'byte')}"
        )
    return int(given)


def _object(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise ArgumentError(f"{name} is {brief_repr(found)}; expected an object")
    return found


def _list(values: dict[str, Any], name: str) -> list[Any]:
    found = values.get(name, [])
    if not isinstance(found, list):
        raise ArgumentError(f"{name} is {brief_repr(found)}; expected a list")
    return found


def _output(values: object, *, binary: bool) -> WantedOutput:
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise ArgumentError(f"an output is {brief_repr(values)}; expected an object with its name")
    parameters = _object(values, "parameters")
    classes = parameters.get("classification", 0)
    if type(classes) is not int or classes < 0:
        raise ArgumentError(f"classification is {brief_repr(classes)}; expected a whole number")
    return WantedOutput(values["name"], _truth(parameters, "binary_data", default=binary), classes)


def _truth(values: dict[str, Any], name: str, *, default: bool) -> bool:
    found = values.get(name, default)
    if not isinstance(found, bool):
        raise ArgumentError(f"{name} is {brief_repr(found)}; expected true or false")
    return found


def _pictures(
    tensor: dict[str, Any], rest: bytes, served: Served, limits: Limits
) -> NDArray[Any] | list[Sent]:
    """The one input: pictures as the network takes them, or files."""
    name, kind = str(tensor["name"]), tensor.get("datatype")
    if kind not in TAKEN:
        raise ArgumentError(f"{name}: its datatype is {brief_repr(kind)}; expected {listed(TAKEN)}")
    shape = shape_of(tensor.get("shape"), name)
    size = _object(tensor, "parameters").get("binary_data_size")
    if (rest and size is None) or (size is not None and size != len(rest)):
        raise ArgumentError(
            f"{name}: its binary_data_size is {brief_repr(size)}, and {len(rest)} bytes are there"
        )
    if (size is None) == ("data" not in tensor):
        raise ArgumentError(f"{name}: expected either data or a binary_data_size")
    data = tensor.get("data")
    if kind == BYTES:
        return _files(data, None if size is None else rest, shape, name, limits)
    expected = served.estimator.model_.preprocessing.shape
    if len(shape) != 4 or shape[1:] != expected or not shape[0]:
        raise ArgumentError(
            f"{name}: its shape is {list(shape)}; expected [N, {', '.join(map(str, expected))}], "
            f"pictures of {array_shape(expected)}, or {BYTES} [N], files of any size"
        )
    _check_count(shape[0], name, limits)
    found = (
        numbers(data, shape, kind, name)
        if size is None
        else binary_numbers(rest, shape, kind, name)
    )
    if found.dtype != TYPES["UINT8"]:
        _check_levels(found, name)
    return found


def _check_levels(found: NDArray[Any], name: str) -> None:
    """Refuse what no picture holds, such as levels that were normalised already."""
    least, most = float(found.min()), float(found.max())  # NaN, if there is one
    if math.isnan(least) or math.inf in (-least, most):
        raise ArgumentError(f"{name}: its data hold NaN or infinity; expected levels from 0 to 255")
    if least < 0 or most > 255:
        raise ArgumentError(
            f"{name}: its data go from {least:g} to {most:g}; expected levels from 0 to 255, which "
            "the network normalises itself"
        )


def _check_count(count: int, name: str, limits: Limits) -> None:
    if count > limits.parts:
        raise RefusedError(
            413,
            f"{name}: {counted(count, 'picture')}; at most {limits.parts} are taken in one "
            "request: send them in several, or start the service with a larger --max-parts",
        )


def _files(
    data: Any, rest: bytes | None, shape: tuple[int, ...], name: str, limits: Limits
) -> list[Sent]:
    if len(shape) > 2 or shape[1:] not in ((), (1,)) or not shape[0]:
        raise ArgumentError(f"{name}: its shape is {list(shape)}; expected [N], one a file")
    _check_count(shape[0], name, limits)
    if rest is not None:
        contents = texts(rest, shape[0], name)
    else:
        given = data if isinstance(data, list) else []
        given = [y for x in given for y in x] if all(isinstance(x, list) for x in given) else given
        if len(given) != shape[0]:
            raise ArgumentError(f"{name}: {shape[0]} values are expected, got {len(given)}")
        contents = [parse_base64(each, limits) for each in given]
    return [Sent(f"{name}[{i}]", content) for i, content in enumerate(contents)]
