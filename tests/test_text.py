"""How names are written into messages: printable, on one line, escaped once."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pellucid.text import counted, printable, quoted
from tests.source import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPING = {"printable", "truncated", "quoted", "brief", "brief_repr", "repr", "ascii"}
"""Functions whose results must not be escaped again."""

NAMES = [
    "cat",
    "a\nb",
    "a\\nb",
    "C:\\runs\\a",
    "\x1b[2J",
    "it's",
    "a\u202eb",
    "\udc80",
    "고양이",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_quotes_is_the_printable_name(name: str) -> None:
    shown = quoted(name)
    assert shown.isprintable()
    assert shown[0] == shown[-1]
    assert shown[0] in "'\""
    assert shown[1:-1] == printable(name)


def test_a_long_name_in_quotes_is_cut_within_them() -> None:
    assert quoted("a" * 30, 10) == f"'{'a' * 9}…'"
    assert quoted(Path("a")) == "'a'"
    assert quoted("it's") == '"it\'s"'


@pytest.mark.parametrize(
    ("noun", "several"),
    [("picture", "pictures"), ("class", "classes"), ("box", "boxes"), ("batch", "batches"),
     ("axis", "axes"), ("epoch", "epochs"), ("smaller product", "smaller products")],
)  # fmt: skip
def test_counts(noun: str, several: str) -> None:
    assert [counted(n, noun) for n in (0, 1, 2)] == [f"0 {several}", f"1 {noun}", f"2 {several}"]
    assert counted(1234, noun, ",") == f"1,234 {several}"


def test_no_message_escapes_twice() -> None:
    found = {}
    for name, path in modules().items():
        source = path.read_text(encoding="utf-8")
        escapes = any(each in source for each in ("!r", "!a", "repr(", "ascii("))
        if escapes and not name.startswith("pellucid.serving."):
            found[name] = list(_twice(ast.parse(source)))
    assert len(found) > 50
    assert not {name: lines for name, lines in found.items() if lines}, "use quoted(…)"


@pytest.mark.parametrize(
    ("source", "twice"),
    [
        ("f'{printable(a)!r}'", True),
        ("f'{text.printable(str(a))!r:.80}'", True),
        ("f'{x + brief(a)!a}'", True),
        ("repr(truncated(a, 80))", True),
        ("def f(a):\n    b = printable(a)\n    return f'{b!r}'", True),
        ("f'{printable(a)} {b!r}'", False),
        ("truncated(repr(a), 60)", False),
        ("def f(a):\n    b = a\n    return f'{b!r} {printable(b)}'", False),
    ],
)
def test_escaping_twice_is_found(source: str, twice: bool) -> None:
    assert bool(list(_twice(ast.parse(source)))) == twice


def _twice(tree: ast.Module) -> Iterator[int]:
    """The lines in which a text that is escaped already is written by ``repr``."""
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.Module | ast.FunctionDef):
            continue
        escaped: set[str] = set()
        if isinstance(scope, ast.FunctionDef):
            escaped = {
                target.id
                for each in ast.walk(scope)
                if isinstance(each, ast.Assign) and _escapes(each.value, set())
                for target in each.targets
                if isinstance(target, ast.Name)
            }
        for each in ast.walk(scope):
            if isinstance(each, ast.FormattedValue):
                again = each.conversion in (ord("r"), ord("a"))
                if again and _escapes(each.value, escaped):
                    yield each.lineno
            if isinstance(each, ast.Call) and _name(each) in ("repr", "ascii"):
                yield from (each.lineno for given in each.args if _escapes(given, escaped))


def _escapes(value: ast.expr, escaped: set[str]) -> bool:
    return any(
        _name(each) in ESCAPING
        if isinstance(each, ast.Call)
        else isinstance(each, ast.Name) and each.id in escaped
        for each in ast.walk(value)
    )


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
