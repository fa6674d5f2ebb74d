"""How numbers and places are written for people."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.value_terms import ValueTerms

NEAR_CERTAIN = 1e-4
"""Probabilities nearer to 1 are written by what they lack."""


def figure(value: float) -> str:
    """A number in at most six digits, with a real minus sign."""
    if math.isnan(value):
        return "NaN"
    if value == 0:
        return "0"  # which may bear a minus sign
    return f"{value:.6g}".replace("-", "−", 1) if value < 0 else f"{value:.6g}"


def probability(y: float, rest: float) -> str:
    """A probability; one that six digits would round to 1 as ``1 − 3.69288e-07``.

    Args:
        y: The probability, 0 to 1.
        rest: 1 − y, which keeps its digits where y has rounded to 1.
    """
    return f"1 − {figure(rest)}" if 0.0 < rest < NEAR_CERTAIN else figure(y)


def percent(y: float) -> str:
    """A probability, float64, in percent with two digits, or as many as tell it from 100 %."""
    rest = 1.0 - y
    digits = 2 if not 0.0 < rest < NEAR_CERTAIN else min(14, math.ceil(-math.log10(rest)))
    return f"{y:.{digits}%}"


def compared(a: float, b: float) -> tuple[str, str, str]:
    """Two numbers and a − b, written so that the third is the difference of the first two.

    They get as many digits as it takes to see the difference: six at least, seventeen at most.
    """
    if a == b or not (math.isfinite(a) and math.isfinite(b)):
        return figure(a), figure(b), "0" if a == b else figure(a - b)
    share = abs(a - b) / max(abs(a), abs(b))
    digits = min(17, max(6, math.ceil(-math.log10(share)) + 3))
    first, second = (Decimal(f"{x:.{digits}g}") for x in (a, b))
    written = [f"{x:.{digits}g}".replace("-", "−", int(x < 0)) for x in (a, b)]
    return written[0], written[1], figure(float(first - second))


def place(at: Sequence[int]) -> str:
    """A position: ``3, 7, 5``."""
    return ", ".join(map(str, at))


def rule_in_words(opened: ValueTerms) -> str:
    """What makes a value of its terms."""
    bias = f" plus the bias {figure(opened.terms.bias)}" if opened.terms.bias else ""
    return {
        "sum": f"the sum of the products{bias}",
        "maximum": "the largest of the window",
        "share": "its exponential's share of the sum of all",
        "product": "the product of all",
        "function": "a function of one value",
    }[opened.terms.rule]


def detail_lines(opened: ValueTerms) -> list[str]:
    """An opened value's details as sentences."""
    facts, lines = opened.details, []
    if "window" in facts:
        window = facts["window"]
        lines.append(
            f"window: rows {window['first'][0]} to {window['last'][0]}, columns "
            f"{window['first'][1]} to {window['last'][1]}"
        )
    if "winner" in facts:
        lines.append(f"winner: {place(facts['winner'])}")
    if "exponentials" in facts:
        lines.append(
            f"each score less the largest ({figure(facts['largest'])}), then e to that power; "
            f"the sum of all is {figure(facts['sum'])}"
        )
    if "gamma" in facts:
        names = {"gamma": "γ", "beta": "β", "mean": "μ", "variance": "σ²", "epsilon": "ε"}
        told = ", ".join(f"{sign} = {figure(facts[name])}" for name, sign in names.items())
        lines.append(
            f"γ·(x − μ)/√(σ² + ε) + β with {told}: the affine map "
            f"{figure(facts['factor'])}·x + {figure(facts['shift'])}"
        )
    if "neighbours" in facts:
        lines.append(
            f"neighbours across channels: {', '.join(map(figure, facts['neighbours']))}; "
            f"k + α·(their squares' sum) = {figure(facts['base'])}"
        )
    if "std" in facts:
        lines.append(
            f"(pixel − mean)/std with mean {figure(facts['mean'])} and std {figure(facts['std'])}"
        )
    return lines


def use_lines(opened: ValueTerms) -> list[str]:
    """What the layers behind an opened value make of it, as sentences."""
    lines = []
    for use in opened.uses:
        line = f"{use.layer} ({use.kind}) at {place(use.at)}: {figure(use.before)}"
        if use.wins is None:
            lines.append(f"{line} → {figure(use.after)}")
        elif use.wins:
            lines.append(f"{line} wins its window")
        else:
            first = ", which comes first" if use.after == use.before else ""
            lines.append(f"{line} loses to {figure(use.after)}{first}")
    return lines
