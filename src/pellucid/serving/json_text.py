"""JSON and base64 of strangers: of bounded depth, with one meaning alone."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pellucid.checks import brief
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    from pellucid.serving.limits import Limits

_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""A text without its end counts as one, too: each of its quotes would begin another otherwise."""


def parse_json(content: bytes, limits: Limits) -> Any:
    """The value of a JSON text (RFC 8259).

    Raises:
        RefusedError: If it is not JSON in UTF-8, has too many values, is nested too deeply, has the
            same name twice in an object, NaN, an infinity, a number of thousands of digits or half
            a surrogate pair.
    """
    if content.count(b",") >= limits.json_values:
        raise _many_values(limits)
    _check_depth(content, limits)
    try:
        text = content.decode("utf-8")
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half a pair cannot be written again
    except RefusedError:
        raise
    except (
        ValueError,
        RecursionError,
    ) as error:  # UnicodeError and JSONDecodeError are ValueErrors
        raise RefusedError(400, f"the body is not JSON: {brief(str(error))}") from error
    return found


def parse_base64(text: object, limits: Limits) -> bytes:
    """The bytes that a text in base64 (RFC 4648, section 4) stands for.

    Raises:
        RefusedError: If it is no base64 text, or one of more bytes than a body may have.
    """
    if not isinstance(text, str):
        raise RefusedError(400, f"expected a text in base64, got {brief(text)}")
    if (len(text) + 3) // 4 * 3 - text[-2:].count("=") > limits.body_bytes:
        raise RefusedError(413, f"the base64 text has more than {limits.body_bytes} bytes")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii.Error, or characters beyond ASCII
        raise RefusedError(400, f"not base64: {error}; got {brief(text)}") from error


def _many_values(limits: Limits) -> RefusedError:
    return RefusedError(
        413,
        f"the JSON has more than {limits.json_values} values; send tensors as bytes behind it "
        "(binary_data_size), or start the service with a larger --max-values",
    )


def _check_depth(content: bytes, limits: Limits) -> None:
    most = limits.json_depth
    if content.count(b"[") + content.count(b"{") <= most:
        return
    depth = 0
    tokens = 3 * limits.json_values  # a value has a name and two brackets at most
    for count, found in enumerate(_STRING_OR_BRACKET.finditer(content)):
        if count >= tokens:
            raise _many_values(limits)
        first = found[0][:1]
        if first in b"[{":
            depth += 1
            if depth > most:
                raise RefusedError(400, f"the JSON is nested more than {most} levels deep")
        elif first in b"]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise RefusedError(400, f"the JSON has {brief(twice)} twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise RefusedError(400, f"{name} is not a number of JSON")
