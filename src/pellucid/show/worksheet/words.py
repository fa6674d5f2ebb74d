"""What a language says on a worksheet: the same entries in every one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
Said = str | Callable[[Facts], str]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Words:
    """The words of a language; functions are given the facts of an exercise.

    Attributes:
        language: As pages name it.
        title: Of the sheet, of its picture's name.
        key: Of its key.
        fields: What a student fills in.
        sheet: Of the digest.
        before: What holds for all exercises.
        network: The layers, in a line.
        picture: Below the picture.
        names: The title of each topic.
        texts: What each topic says.
        grids: The titles of tables, by role.
        heads: The heads of columns.
        asks: The questions, by role.
        left_out: The title above topics without exercises, and what is said for each reason.
        columns: The heads of the key's table: blank, answer, tolerance, the network's own value.
        exact: What the key's table is called.
    """

    language: str
    title: Callable[[str], str]
    key: Callable[[str], str]
    fields: Sequence[str]
    sheet: Callable[[str], str]
    before: str
    network: Callable[[str], str]
    picture: Callable[[str, str], str]
    names: Mapping[str, str]
    texts: Mapping[str, Callable[[Facts], str]]
    grids: Mapping[str, Said]
    heads: Mapping[str, str]
    asks: Mapping[str, Said]
    left_out: tuple[str, Mapping[str, str]]
    columns: tuple[str, str, str, str]
    exact: str


def said(entry: Said, facts: Facts) -> str:
    """What an entry says of an exercise."""
    return entry if isinstance(entry, str) else entry(facts)


def power(exponent: int) -> str:
    """A power of ten: 10⁻³."""
    return f"10{str(exponent).translate(_RAISED)}"


def rule(facts: Facts) -> str:
    """An activation's formula as a textbook writes it: max(0, x)."""
    text: str = facts["formula"].lower().replace(",", ", ").replace("*", " · ")
    return text.replace("-", "−").replace("/", " / ").replace("+", " + ")
