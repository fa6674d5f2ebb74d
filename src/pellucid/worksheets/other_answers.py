"""Exercises on what ends networks for several labels, or for numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.text import printable
from pellucid.worksheets.answers import MOST_ROWS, SURE
from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.printed import decimals_of, rounded, shown, term

if TYPE_CHECKING:
    from decimal import Decimal

    from numpy.typing import NDArray

    from pellucid.tasks import Regression
    from pellucid.worksheets.exercise import Blank, Cell
    from pellucid.worksheets.source import Source

_MOST_RIGHT = 3
"""Labels that a picture has, of those that are shown."""

_LOSS_DECIMALS = (3, 6)


class Outputs:
    """The blanks of outputs that later exercises take their numbers from.

    Attributes:
        made: The blank of each output that is shown: a probability, or z − t.
        printed: The output itself, z, as it is printed.
    """

    def __init__(self) -> None:
        self.made: dict[int, Blank] = {}
        self.printed: dict[int, Decimal] = {}


def _outputs(source: Source) -> NDArray[np.float64]:
    return np.asarray(source.activations.values[source.activations.logits], np.float64)


def _labels(source: Source) -> list[int]:
    """The labels that are shown, in their order: some that are right, and the likeliest others."""
    answer = source.activations.answer
    right = source.backward.targets if source.backward is not None else np.zeros(len(answer))
    by_answer = np.argsort(-answer, kind="stable").tolist()
    found = [k for k in by_answer if right[k]][:_MOST_RIGHT]
    found += [k for k in by_answer if not right[k]][: MOST_ROWS - len(found)]
    return sorted(found)


def sigmoid(source: Source, draft: Draft) -> Outputs:
    """The probability of some labels, each by itself: 1 / (1 + e^−z)."""
    activations = source.activations
    z, labels, made = _outputs(source), _labels(source), Outputs()
    z_places = decimals_of(z[labels], source.digits) + 1
    p = np.asarray(activations.answer, np.float64)[labels]
    places = max(4, min(6, decimals_of([float(np.minimum(p, 1 - p).max())], 2)))
    rows: list[list[Cell]] = []
    for k in labels:
        printed = rounded(float(z[k]), z_places)
        made.printed[k] = printed
        exact = float(activations.answer[k])
        made.made[k] = draft.blank(f"1/(1+EXP(-{term(printed)}))", places, exact)
        rows.append([printable(activations.classes[k]), shown(printed), made.made[k]])
    draft.grids = [[Grid("sigmoid", rows, ("label", "logit", "probability"))]]
    draft.facts = {"layer": activations.logits, "count": len(z), "decimals": places}
    return made


def binary_cross_entropy(source: Source, draft: Draft, before: Outputs) -> None:
    """The loss of each label, −ln of the probability of what is right, and their mean."""
    backward = source.backward
    assert backward is not None
    z = _outputs(source)
    signs = np.where(backward.targets > 0, -1.0, 1.0)  # of z where what is right is unlikely
    losses = np.logaddexp(0.0, signs * z)
    labels = list(before.made)
    low, high = _LOSS_DECIMALS
    decimals = max(low, min(high, decimals_of(losses[labels], 2)))
    small = any(
        float(before.made[k].answer if signs[k] < 0 else 1 - before.made[k].answer) < 10 * SURE
        for k in labels
    )
    rows: list[list[Cell]] = []
    names = []
    for k in labels:
        blank, right = before.made[k], int(signs[k] < 0)
        if small:
            sign = "-" if right else ""
            formula = f"LN(1+EXP({sign}{term(before.printed[k])}))"
        else:
            formula = f"-LN([{blank.name}])" if right else f"-LN(1-[{blank.name}])"
        found = draft.blank(formula, decimals, float(losses[k]))
        given = shown(before.printed[k]) if small else f"({blank.name})"
        rows.append([printable(source.activations.classes[k]), given, str(right), found])
        names.append(f"[{found.name}]")
    others = len(z) - len(labels)
    rest = rounded(float(losses.sum() - losses[labels].sum()), decimals)
    total = "+".join([*names, *([term(rest)] if others else [])])
    draft.ask("loss", draft.blank(f"({total})/{len(z)}", decimals, backward.loss))
    head = "logit" if small else "probability"
    draft.grids = [[Grid("label_losses", rows, ("label", head, "target", "label_loss"))]]
    draft.facts = {
        "labels": printable(backward.label), "given": backward.truth.given, "small": small,
        "count": len(z), "others": others, "rest": shown(rest), "decimals": decimals,
    }  # fmt: skip


def squared_error(source: Source, draft: Draft) -> Outputs:
    """Differences between what a network gives and what is right, and the mean of their squares."""
    activations, backward = source.activations, source.backward
    assert backward is not None
    task: Regression = activations.model.task  # type: ignore[assignment]  # of which this is asked
    z, t = _outputs(source), np.asarray(backward.targets, np.float64)
    differences = z - t
    order = np.argsort(-np.abs(differences), kind="stable")[:MOST_ROWS]
    places = decimals_of([*z[order], *t[order]], source.digits) + 1
    made = Outputs()
    rows: list[list[Cell]] = []
    for k in sorted(order.tolist()):
        a, b = rounded(float(z[k]), places), rounded(float(t[k]), places)
        made.printed[k] = a
        made.made[k] = draft.blank(f"{term(a)}-{term(b)}", places, float(differences[k]))
        rows.append([printable(task.columns[k]), shown(a), shown(b), made.made[k]])
    chosen = list(made.made)
    others = len(z) - len(chosen)
    squares = differences**2
    decimals = max(_LOSS_DECIMALS[0], min(_LOSS_DECIMALS[1], decimals_of(squares[chosen], 2) + 1))
    rest = rounded(float(squares.sum() - squares[chosen].sum()), decimals)
    names = [made.made[k].name for k in chosen]
    total = "+".join([*(f"[{n}]*[{n}]" for n in names), *([term(rest)] if others else [])])
    draft.ask("loss", draft.blank(f"({total})/{len(z)}", decimals, backward.loss))
    first = chosen[0]
    scale, mean = (
        rounded(value, decimals_of([value], source.digits) + 1)
        for value in (task.scale[first], task.mean[first])
    )
    value = float(np.ravel(activations.answer)[first])
    units = draft.blank(
        f"{term(made.printed[first])}*{term(scale)}+{term(mean)}",
        decimals_of([value], source.digits), value,
    )  # fmt: skip
    draft.ask("in_units", units, quantity=printable(task.columns[first]))
    draft.grids = [[Grid("differences", rows, ("quantity", "output", "right", "difference"))]]
    draft.facts = {
        "layer": activations.logits, "count": len(z), "others": others, "rest": shown(rest),
        "given": backward.truth.given, "quantity": printable(task.columns[first]),
        "scale": shown(scale), "mean": shown(mean), "decimals": places, "loss_decimals": decimals,
        "units_decimals": decimals_of([value], source.digits),
    }  # fmt: skip
    return made


def at_outputs(source: Source, draft: Draft, before: Outputs, *, labels: bool) -> dict[int, Blank]:
    """The gradient at the outputs that are shown: (p − y) / K of labels, 2 (z − t) / M of numbers.

    Args:
        source: The picture in its network.
        draft: The exercise.
        before: The probabilities, or the differences.
        labels: Whether they are of labels.
    """
    backward = source.backward
    assert backward is not None
    gradient = np.asarray(backward.at_logits, np.float64)
    count = len(gradient)
    own = [float(gradient[k]) for k in before.made]
    finest = max(-int(each.answer.as_tuple().exponent) for each in before.made.values())
    decimals = min(finest + math.ceil(math.log10(count)), 9, max(3, decimals_of(own, 2) + 1))
    made: dict[int, Blank] = {}
    rows: list[list[Cell]] = []
    names = source.activations.classes
    for k, blank in before.made.items():
        right = int(backward.targets[k])
        formula = f"([{blank.name}]-{right})/{count}" if labels else f"2*[{blank.name}]/{count}"
        made[k] = draft.blank(formula, decimals, float(gradient[k]))
        middle = [f"({blank.name})", str(right)] if labels else [f"({blank.name})"]
        rows.append([printable(names[k]), *middle, made[k]])
    heads = ("label", "probability", "target") if labels else ("quantity", "difference")
    draft.grids = [[Grid("at_outputs", rows, (*heads, "delta"))]]
    draft.facts = {"kind": "labels" if labels else "numbers", "count": count, "decimals": decimals}
    return made
