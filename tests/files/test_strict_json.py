"""JSON that is read and written without loose ends."""

from __future__ import annotations

import json
import math
from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import ArgumentError
from pellucid.files.strict_json import DEEPEST, canonical, check, parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60)  # other tests may have the machine
@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    check(value, "it")
    text = canonical(value)
    assert parse(text) == value
    assert json.loads(text) == value
    assert canonical(parse(text)) == text


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_count(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(dict(value))


def test_bytes_of_file_names_survive() -> None:
    assert parse(canonical("a\udcff")) == "a\udcff"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_the_deepest_value_is_allowed_and_no_deeper() -> None:
    check(nested(DEEPEST), "it")
    assert parse(canonical(nested(DEEPEST))) == nested(DEEPEST)
    with pytest.raises(ArgumentError, match=f"it is nested deeper than {DEEPEST}"):
        check(nested(DEEPEST + 1), "it")


def test_a_value_inside_itself() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ArgumentError, match="nested deeper"):
        check(value, "it")


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, r"p\['a'\]\[1\] is nan, which JSON does not have; use None"),
        (-math.inf, r"p\['a'\]\[1\] is -inf"),
        (np.float32(1), r"p\['a'\]\[1\] is of type float32; JSON has text, numbers"),
        (np.int64(1), "is of type int64"),
        (np.zeros(2), "is of type ndarray"),
        (np.bool_(1), "is of type bool"),
        ({1, 2}, "is of type set"),
        (b"a", "is of type bytes"),
        (Colour.RED, "is of type Colour"),
        ({1: 2}, r"p\['a'\]\[1\] has the key 1; keys must be text"),
        ({None: 2}, "has the key None"),
        (1 << 5000, "is a number of more than 4096 bits"),
    ],
)
def test_what_json_cannot_hold(value: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        check({"a": [0, value]}, "p")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[1] 2", "Extra data"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e999", "inf"),
        (b'{"a": 1, "b": 2, "a": 1}', "the key 'a' is given twice"),
        (b'{"x": {"a": 1, "a": 2}}', "the key 'a' is given twice"),
        (b'"\xff"', "utf-8"),
        ('"a"'.encode("utf-16"), "utf-8"),
        (b"\xef\xbb\xbf1", "BOM"),
        (b"9" * 5000, "4300 digits|4096 bits"),
        (b"[" * 100 + b"]" * 100, "nested deeper"),
        (b"[" * 1_000_000, "nested deeper"),
        (b'{"a":' * 1_000_000, "nested deeper"),
    ],
    ids=range(15),
)
def test_texts_that_are_refused(text: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)
