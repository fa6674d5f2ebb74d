"""Exercises on what ends a network: full connection, softmax, cross-entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.text import printable
from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.printed import decimals_of, rounded, shown, term

if TYPE_CHECKING:
    from pellucid.graph import Node
    from pellucid.worksheets.exercise import Blank, Cell
    from pellucid.worksheets.source import Source

MOST_ROWS = 5
"""Products of a unit, and classes, that are shown; the others are added up on the sheet."""

LEAST_CLASSES = 2

SURE = 1e-3
"""Probabilities below this have too few digits on paper for a logarithm."""


def dense_layers(source: Source) -> list[Node]:
    """Layers whose units read all numbers, the one that gives the logits first."""
    logits = source.activations.logits
    found = [
        node for node in source.of_family("dense")
        if node.operation.kind == "dense" and len(source.activations.shape(node.name)) == 1
    ]  # fmt: skip
    return sorted(found, key=lambda node: node.name != logits)


def unit_of(source: Source, node: Node) -> int:
    """The unit that is looked at: the most active one.

    Of logits the largest that the exercise on softmax does not print, if there is another.
    """
    activations = source.activations
    values = np.nan_to_num(np.asarray(activations.values[node.name], np.float64))
    if node.name == activations.logits and activations.model.task.of_one_class:
        printed = shown_classes(source)
        if len(printed) < len(values):
            values[printed] = -np.inf
    return int(values.argmax())


def dense(source: Source, draft: Draft, node: Node) -> None:
    """One unit: its largest products, the others' sum, and the bias."""
    activations, digits = source.activations, source.digits
    unit = unit_of(source, node)
    terms = node.operation.terms(activations.inputs_of(node), activations.weights_of(node), (unit,))
    order = np.argsort(-np.abs(terms.products), kind="stable")[:MOST_ROWS]
    chosen = [int(i) for i in np.sort(order) if terms.products[i] != 0] or [int(order[0])]
    x, w = terms.values[chosen], terms.factors[chosen]
    x_places, w_places = decimals_of(x, digits), decimals_of(w, digits)
    p_places = decimals_of(x * w, digits) + 1
    rows: list[list[Cell]] = []
    names = []
    for i in chosen:
        a, b = rounded(float(terms.values[i]), x_places), rounded(float(terms.factors[i]), w_places)
        blank = draft.blank(f"{term(a)}*{term(b)}", p_places, float(terms.products[i]))
        rows.append([str(terms.source(i)[1][0]), shown(a), shown(b), blank])
        names.append(f"[{blank.name}]")
    rest = rounded(float(terms.products.sum() - terms.products[chosen].sum()), p_places)
    bias = rounded(terms.bias, decimals_of([terms.bias], digits))
    others = len(terms.values) - len(chosen)
    has_bias = "bias" in activations.weights_of(node)
    added = [term(n) for n, there in ((rest, others), (bias, has_bias)) if there]
    formula = "+".join([*names, *added])
    value = float(activations.values[node.name][unit])
    draft.ask("total", draft.blank(formula, p_places - 1, value))
    is_logit = node.name == activations.logits
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "unit": unit, "count": len(terms.values),
        "class": printable(activations.classes[unit]) if is_logit else "",
        "rest": shown(rest) if others else "", "others": others,
        "bias": shown(bias) if has_bias else "", "decimals": p_places - 1,
        "product_decimals": p_places,
    }  # fmt: skip
    draft.grids = [[Grid("votes", rows, ("entry", "value", "weight", "product"))]]


def shown_classes(source: Source) -> list[int]:
    """The classes that are shown, in their order: the right one, and the likeliest.

    Two at least, and no more whose probability would be printed as 0.
    """
    answer = source.activations.answer
    order = np.argsort(-answer, kind="stable")[:MOST_ROWS].tolist()
    found = [k for i, k in enumerate(order) if i < LEAST_CLASSES or answer[k] >= SURE]
    if source.backward is not None:
        right = int(source.backward.targets.argmax())
        if right not in found:
            found[-1] = right
    return sorted(found)


class Softmax:
    """The blanks of a softmax that later exercises take their numbers from.

    Attributes:
        probability: The blank of each class that is shown.
        total: The blank of the sum.
        below: By how much each logit lies below the largest, as a formula.
    """

    def __init__(self) -> None:
        self.probability: dict[int, Blank] = {}
        self.total: Blank | None = None
        self.below: dict[int, str] = {}


def softmax(source: Source, draft: Draft) -> Softmax:
    """The probabilities of some classes; exponentials of what lies below the largest logit."""
    activations = source.activations
    z = np.asarray(activations.values[activations.logits], np.float64)
    classes = shown_classes(source)
    largest = int(z.argmax())
    z_places = decimals_of(z[classes], source.digits) + 1
    printed = {k: rounded(float(z[k]), z_places) for k in classes}
    powers = np.exp(z - z[largest])
    runner_up = float(np.sort(powers)[-2]) if len(powers) > 1 else 1.0
    places = max(4, min(6, decimals_of([runner_up], 2)))
    others = [k for k in range(len(z)) if k not in classes]
    rest = rounded(float(powers[others].sum()), places)
    made, rows, exponentials, probabilities = Softmax(), [], {}, {}
    for k in classes:
        made.below[k] = f"{term(printed[k])}-{term(printed[largest])}"
        if k == largest:
            exponentials[k] = "1"
            continue
        blank = draft.blank(f"EXP({made.below[k]})", places, float(powers[k]))
        exponentials[k] = f"[{blank.name}]"
        rows.append((k, blank))
    cells = dict(rows)
    total = "+".join([*exponentials.values(), *([term(rest)] if others else [])])
    made.total = draft.blank(total, places, float(powers.sum()))
    for k in classes:
        formula = f"{exponentials[k]}/[{made.total.name}]"
        made.probability[k] = draft.blank(formula, places, float(activations.answer[k]))
        probabilities[k] = made.probability[k]
    table = [
        [
            printable(activations.classes[k]), shown(printed[k]),
            cells.get(k, "1"), probabilities[k],
        ]
        for k in classes
    ]  # fmt: skip
    draft.grids = [[Grid("softmax", table, ("class", "logit", "power", "probability"))]]
    draft.ask("sum_of_powers", made.total)
    draft.facts = {
        "layer": activations.logits, "largest": shown(printed[largest]), "others": len(others),
        "rest": shown(rest), "decimals": places,
    }  # fmt: skip
    return made


def cross_entropy(source: Source, draft: Draft, before: Softmax) -> None:
    """The loss: minus the logarithm of the right class's probability."""
    backward = source.backward
    assert backward is not None
    assert before.total is not None
    right = int(backward.targets.argmax())
    of_right = before.probability[right]
    small = float(of_right.answer) - float(of_right.tolerance) < SURE
    if small:
        formula = f"LN([{before.total.name}])-({before.below[right]})"
    else:
        formula = f"-LN([{of_right.name}])"
    draft.ask("loss", draft.blank(formula, 3, backward.loss))
    draft.facts = {
        "class": printable(backward.label), "given": backward.truth.given, "decimals": 3,
        "probability": of_right.name, "small": small, "total": before.total.name,
    }  # fmt: skip


def at_logits(source: Source, draft: Draft, before: Softmax) -> dict[int, Blank]:
    """The gradient at the logits of the classes that are shown: p − y."""
    backward = source.backward
    assert backward is not None
    right = int(backward.targets.argmax())
    gradient = np.asarray(backward.at_logits, np.float64)
    made: dict[int, Blank] = {}
    rows: list[list[Cell]] = []
    for k, blank in before.probability.items():
        wanted = int(k == right)
        places = -int(blank.answer.as_tuple().exponent)
        made[k] = draft.blank(f"[{blank.name}]-{wanted}", places, float(gradient[k]))
        name = printable(source.activations.classes[k])
        rows.append([name, f"({blank.name})", str(wanted), made[k]])
    draft.grids = [[Grid("at_logits", rows, ("class", "probability", "target", "delta"))]]
    draft.facts = {
        "class": printable(backward.label),
        "decimals": -int(next(iter(made.values())).answer.as_tuple().exponent),
    }
    return made
