"""What a sheet is made of: exercises with printed numbers and blanks, in no language yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from pellucid.short_repr import short_repr
from pellucid.worksheets.formulas import blanks_in, value_of
from pellucid.worksheets.printed import rounded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Blank:
    """A place for one number.

    Attributes:
        name: Its number and letter, ``2c``.
        formula: How the answer is made of printed numbers and earlier answers; see
            :mod:`pellucid.worksheets.formulas`.
        answer: What the formula gives, rounded.
        tolerance: How far an answer may be from it: what rounding on the way can make of it.
        exact: The network's own value, of numbers that are not rounded; none where it has none.
    """

    name: str
    formula: str
    answer: Decimal
    tolerance: Decimal
    exact: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "blank": self.name,
            "formula": self.formula,
            "answer": float(self.answer),
            "tolerance": float(self.tolerance),
            "exact": self.exact,
        }


Cell = str | Blank


@dataclass(frozen=True)
class Grid:
    """A table of printed numbers and blanks.

    Attributes:
        role: What it is, ``window``; the title follows from it in every language.
        rows: Of cells.
        heads: Above the columns: numbers, or what words are found for; empty for none.
        sides: Beside the rows, all alike.
        sign: What stands before it: ``×`` or ``=``.
        facts: What its title says.
        marked: Cells that stand out, as (row, column).
    """

    role: str
    rows: Sequence[Sequence[Cell]]
    heads: Sequence[str] = ()
    sides: Sequence[str] = ()
    sign: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    marked: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Ask:
    """A question with a blank behind it.

    Attributes:
        role: What is asked for; the words follow from it in every language.
        blank: Where the answer goes.
        facts: What the words say.
    """

    role: str
    blank: Blank
    facts: Mapping[str, Any] = field(default_factory=dict)


@short_repr
@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise.

    Attributes:
        number: From 1.
        topic: One of :data:`pellucid.worksheets.topics.TOPICS`.
        facts: What its words say: layers, places, given numbers.
        grids: Rows of tables that stand side by side.
        asks: Questions below them.
        blanks: All blanks, in order.
    """

    number: int
    topic: str
    facts: Mapping[str, Any]
    grids: Sequence[Sequence[Grid]]
    asks: Sequence[Ask]
    blanks: Sequence[Blank]


class Draft:
    """An exercise that is being made: it hands out blanks, and computes their answers.

    Args:
        number: The exercise's.
        known: All earlier blanks of the sheet, which this one adds its own to.
    """

    def __init__(self, number: int, known: dict[str, Blank]) -> None:
        self.number, self._known = number, known
        self.blanks: list[Blank] = []
        self.grids: list[list[Grid]] = []
        self.asks: list[Ask] = []
        self.facts: dict[str, Any] = {}

    def blank(
        self, formula: str, decimals: int, exact: float | None = None, *, slack: float = 0.0
    ) -> Blank:
        """The next blank.

        Its tolerance is a unit of its last digit (half of one, where nothing is to be rounded), and
        what earlier blanks, rounded as the key rounds them, can change.

        Args:
            formula: How the answer is made.
            decimals: Places behind the point that it is rounded to.
            exact: The network's own value.
            slack: By how much rounding of what is no blank can change the answer.
        """
        values = {name: float(each.answer) for name, each in self._known.items()}
        found = value_of(formula, values)
        answer, unit = rounded(found, decimals), 10.0**-decimals
        whole = abs(float(answer) - found) < 1e-9 * max(1.0, abs(found))
        spread = slack + (unit / 2 if whole else unit)
        for name in blanks_in(formula):
            half = float(self._known[name].tolerance)
            ends = [value_of(formula, {**values, name: values[name] + s}) for s in (-half, half)]
            spread += max(abs(end - found) for end in ends)
        made = Blank(
            f"{self.number}{_letters(len(self.blanks))}",
            formula,
            answer,
            _up(spread),
            _plain(exact),
        )
        self.blanks.append(made)
        self._known[made.name] = made
        return made

    def count(self, formula: str) -> Blank:
        """The next blank, for a whole number, which is right or wrong."""
        values = {name: float(each.answer) for name, each in self._known.items()}
        answer = rounded(value_of(formula, values), 0)
        made = Blank(
            f"{self.number}{_letters(len(self.blanks))}", formula, answer, Decimal(0), float(answer)
        )
        self.blanks.append(made)
        self._known[made.name] = made
        return made

    def ask(self, role: str, blank: Blank, **facts: Any) -> Blank:
        """Ask for a blank below the tables."""
        self.asks.append(Ask(role, blank, facts))
        return blank

    def done(self, topic: str) -> Exercise:
        """The exercise."""
        return Exercise(self.number, topic, self.facts, self.grids, self.asks, self.blanks)


def _letters(count: int) -> str:
    """``a`` to ``z``, then ``aa``."""
    first, last = divmod(count, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)


def _up(value: float) -> Decimal:
    """A number rounded up to one digit."""
    exact = Decimal(repr(value * (1 - 1e-9)))
    return exact.quantize(Decimal(1).scaleb(exact.adjusted()), ROUND_UP).normalize()


def _plain(value: float | None) -> float | None:
    """A number without the sign that a zero may have."""
    return None if value is None else value + 0.0
