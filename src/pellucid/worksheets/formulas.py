"""Arithmetic as text: how an answer is made of printed numbers and of earlier answers.

``[2a]+[2b]-0.3`` adds what was answered in the blanks 2a and 2b. A key keeps such a formula for
each of its blanks, so that an answer can be judged by the student's own earlier numbers. Numbers,
``+ - * /``, comparisons and a few functions of spreadsheets are known; nothing else is computed.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.text import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_LETTERS = 20_000
"""Of a formula; those of sheets have some hundred."""

_BLANK = re.compile(r"\[(\w+)\]")

_OPERATORS: dict[type, Callable[[float, float], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
}

_FUNCTIONS: dict[str, Callable[..., float]] = {
    "MAX": max,
    "MIN": min,
    "SUM": lambda *values: math.fsum(values),
    "EXP": math.exp,
    "LN": math.log,
    "SQRT": math.sqrt,
    "TANH": math.tanh,
    "IF": lambda condition, then, other: then if condition else other,
}


_FAULTS = (
    ArithmeticError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
"""What text that is no formula can raise; memory is what the parser lacks of deep brackets."""


def blanks_in(formula: str) -> tuple[str, ...]:
    """The blanks whose answers a formula takes, each once."""
    return tuple(dict.fromkeys(_BLANK.findall(formula)))


def value_of(formula: str, known: Mapping[str, float]) -> float:
    """Compute a formula.

    Args:
        formula: For example ``MAX(0,[1a]-0.5)``.
        known: The answers of the blanks that it takes.

    Raises:
        ArgumentError: If it is no such formula, or its value is no finite number.
    """
    text = _BLANK.sub(r"BLANK_\1", formula)
    names = {f"BLANK_{blank}": value for blank, value in known.items()}
    try:
        found = float(_value(ast.parse(text[: MOST_LETTERS + 1], mode="eval").body, names))
    except _FAULTS as error:
        raise ArgumentError(f"{quoted(formula, 60)} cannot be computed") from error
    if len(text) > MOST_LETTERS or not math.isfinite(found):
        raise ArgumentError(f"{quoted(formula, 60)} is too long, or no finite number")
    return found


def _value(node: ast.expr, names: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return float(value)
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, names)
        case ast.BinOp(left=left, op=sign, right=right):
            return float(_OPERATORS[type(sign)](_value(left, names), _value(right, names)))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return float(_OPERATORS[type(sign)](_value(left, names), _value(right, names)))
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]):
            return float(_FUNCTIONS[name](*(_value(each, names) for each in given)))
    raise ValueError("unknown arithmetic")
