"""Settings as JSON and back: nothing is lost, and nothing hostile gets in."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import ArgumentError, PellucidError
from pellucid.ops import (
    CHOICES,
    LOSSES,
    OPERATIONS,
    QUANTISED,
    AnchorLoss,
    Bfloat16,
    Bfloat16Conv2D,
    Bfloat16Dense,
    CentreLoss,
    CTCLoss,
    Propose,
    Quantise,
    QuantisedConv2D,
    QuantisedDense,
    RegionLoss,
    SampleRegions,
    SequenceCrossEntropy,
)
from pellucid.optimizers import OPTIMIZERS, SGD, Adam, AdamW
from pellucid.settings import from_dict, to_dict
from tests.messages import check_line
from tests.ops.cases import CASES, SWEEP
from tests.ops.loss_cases import LOSS_CASES

if TYPE_CHECKING:
    from collections.abc import Mapping


def nested(depth: int) -> list[Any]:
    deep: list[Any] = []
    for _ in range(depth):
        deep = [deep]
    return deep


INSTANCES: list[Any] = [
    *dict.fromkeys([case.operation for case in [*CASES, *SWEEP]]),
    *dict.fromkeys([case.loss for case in LOSS_CASES]),
    CentreLoss(16, 20, 0.4, 2.0),
    CTCLoss(7, 3),
    AnchorLoss(8, (16, 32), (1.0,), 20, 64),
    RegionLoss(20, 0.6),
    Propose(8, (16.0,), (0.5, 2), 50, 400, 0.6),
    SampleRegions(32, 0.5, 0.4),
    Bfloat16(),
    Bfloat16Conv2D(3, (3, 2), (2, 1), (1, 2), ((1, 0), (2, 1)), depthwise=True),
    Bfloat16Dense(7),
    Quantise(0.25, signed=True),
    QuantisedConv2D(3, (3, 2), (2, 1), (1, 2), ((1, 0), (2, 1)), 0.5, depthwise=True),
    QuantisedDense(7, 0.125),
    SequenceCrossEntropy(0.1),
    SGD(),
    SGD(0.01, 5.0, 0.8, nesterov=True),
    Adam(0.1, None, 0.8, 0.99, 1e-6),
    AdamW(0.5),
]
TABLES: tuple[tuple[str, Mapping[str, type[Any]]], ...] = (
    ("operation", OPERATIONS),
    ("loss", LOSSES),
    ("choice", CHOICES),
    ("quantised", QUANTISED),
    ("optimizer", OPTIMIZERS),
)
KINDS = [(what, table, made) for what, table in TABLES for made in table.values()]


def table_of(instance: object) -> tuple[str, Mapping[str, type[Any]]]:
    return next((what, table) for what, table in TABLES if type(instance) in table.values())


def example(made: type[Any]) -> dict[str, Any]:
    """The settings of some instance of a class."""
    return to_dict(next(instance for instance in INSTANCES if type(instance) is made))


@pytest.mark.parametrize("instance", INSTANCES, ids=str)
def test_round_trip_through_json(instance: Any) -> None:
    what, table = table_of(instance)
    back = from_dict(json.loads(json.dumps(to_dict(instance))), table, what)
    assert back == instance
    assert type(back) is type(instance)
    assert hash(back) == hash(instance)


@pytest.mark.parametrize(("what", "table", "made"), KINDS)
def test_what_is_left_out_takes_its_default(
    what: str, table: Mapping[str, type[Any]], made: type[Any]
) -> None:
    required = {
        f.name: getattr(from_dict(example(made), table, what), f.name)
        for f in dataclasses.fields(made)
        if f.default is dataclasses.MISSING
    }
    assert from_dict({"kind": made.kind, **required}, table, what) == made(**required)
    for name in required:
        fewer = {key: value for key, value in required.items() if key != name}
        with pytest.raises(ArgumentError, match=f"^{what} {made.kind} lacks its setting '"):
            from_dict({"kind": made.kind, **fewer}, table, what)


@pytest.mark.parametrize(("what", "table", "made"), KINDS)
def test_an_unknown_setting(what: str, table: Mapping[str, type[Any]], made: type[Any]) -> None:
    for name in ("colour", "__class__", "kind ", "", "a\nb"):
        with pytest.raises(ArgumentError) as caught:
            from_dict({**example(made), name: 1}, table, what)
        assert f"{what} {made.kind} has no setting {name!r}" == str(caught.value)


@pytest.mark.parametrize(("what", "table"), TABLES)
@pytest.mark.parametrize(
    "kind", ["conv3d", "", "Conv2D", "__init__", None, 3, True, ["relu"], {"kind": "relu"}, "a\nb"]
)
def test_an_unknown_kind(what: str, table: Mapping[str, type[Any]], kind: object) -> None:
    with pytest.raises(ArgumentError) as caught:
        from_dict({"kind": kind}, table, what)
    message = str(caught.value)
    assert message.startswith(f"unknown {what} ")
    assert f"known are {', '.join(sorted(table)[:9])}" in message
    assert "\n" not in message


@pytest.mark.parametrize("values", [None, 3, "relu", [], [{"kind": "relu"}], True, 0.5])
def test_not_an_object(values: object) -> None:
    with pytest.raises(ArgumentError, match=r"^operation: must be a JSON object, got "):
        from_dict(values, OPERATIONS, "operation")


HOSTILE: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    10**9,
    -(10**30),
    10**400,  # beyond any float
    10**5000,  # more digits than Python will print
    0.5,
    -0.0,
    1e308,
    5e-324,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "same",
    "he",
    "count",
    "é\n\x00\u2028",
    "x" * 100_000,
    [],
    [1],
    [1, 2],
    [2, 2, 2],
    [True, True],
    [0, 1],
    [1.5, 2.5],
    [float("nan"), 1],
    [10**5000, 1],
    ["1", "2"],
    [None, None],
    [[0, 0], [0, 0]],
    [[0, 1], [10**9, 0]],
    [[1, 2], [3]],
    [[[1]]],
    list(range(100_000)),
    nested(3),
    nested(400),
    nested(100_000),  # deeper than Python's own recursion
    {},
    {"a": 1},
    {"kind": "relu"},
]
"""As JSON may bring them, and worse."""


def fits(value: Any, annotation: str) -> bool:
    """Whether a value is of a field's declared type; a bool is no number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    pair = isinstance(value, tuple) and [type(v) for v in value] == [int, int]
    return {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": number,
        "bool": isinstance(value, bool),
        "str | float": isinstance(value, str) or number,
        "float | None": value is None or number,
        "tuple[int, int]": pair,
        "tuple[int, int] | None": value is None or pair,
        "str": isinstance(value, str),
        "tuple[int, ...]": isinstance(value, tuple) and all(fits(v, "int") for v in value),
        "tuple[float, ...]": fits_numbers(value),
        "tuple[float, ...] | None": value is None or fits_numbers(value),
        "Padding": value in ("same", "valid") or fits_padding(value),
        "tuple[Sides, Sides]": fits_padding(value),
        "Edge": value in ("count", "drop"),
    }[annotation]


def fits_numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(fits(v, "float") for v in value)


def fits_padding(value: Any) -> bool:
    pairs = isinstance(value, tuple) and len(value) == 2
    return pairs and all(isinstance(v, tuple) and [type(n) for n in v] == [int, int] for v in value)


FIELDS = [(what, table, made, f) for what, table, made in KINDS for f in dataclasses.fields(made)]


@pytest.mark.parametrize(
    ("what", "table", "made", "field"), FIELDS, ids=[f"{f[2].kind}.{f[3].name}" for f in FIELDS]
)
def test_hostile_values(
    what: str,
    table: Mapping[str, type[Any]],
    made: type[Any],
    field: dataclasses.Field[Any],
) -> None:
    """Each value is either one that the field may have, or one clear line; never a crash."""
    settings = example(made)
    taken = 0
    for value in HOSTILE:
        try:
            instance = from_dict({**settings, field.name: value}, table, what)
        except ArgumentError as error:
            check_line(error, longest=400)
            continue
        taken += 1
        assert fits(getattr(instance, field.name), str(field.type))
        assert json.loads(json.dumps(to_dict(instance))) == to_dict(instance)
        check_use(instance)
    assert taken < len(HOSTILE) / 3


def check_use(instance: Any) -> None:
    """What was accepted can be used, or says why not."""
    if type(instance) not in OPERATIONS.values():
        return
    for shapes in (((7, 5, 3),), ((4,),), ((7, 5, 3), (7, 5, 3))):
        try:
            instance.output_shape(*shapes)
        except PellucidError as error:
            check_line(error)
            continue
        instance.parameters(*shapes)
        assert instance.multiply_adds(*shapes) >= 0
        assert instance.reads(*shapes).output == instance.output_shape(*shapes)


@pytest.mark.parametrize(
    ("made", "field"),
    [(f[2], f[3]) for f in FIELDS],
    ids=[f"{f[2].kind}.{f[3].name}" for f in FIELDS],
)
def test_hostile_values_in_the_constructor(made: type[Any], field: dataclasses.Field[Any]) -> None:
    """As a user's own program may give them, lists and all."""
    instance = next(i for i in INSTANCES if type(i) is made)
    for value in [*HOSTILE, b"same", object(), {1, 2}, range(2), 1j]:
        try:
            changed = dataclasses.replace(instance, **{field.name: value})
        except ArgumentError as error:
            check_line(error, longest=400)
            continue
        assert fits(getattr(changed, field.name), str(field.type))
