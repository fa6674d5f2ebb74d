"""Exercises on the backward pass: through layers, and to a weight and its update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.gradient_terms import weight_terms
from pellucid.text import printable
from pellucid.worksheets.answers import MOST_ROWS, shown_classes
from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.maps import (
    choose_window,
    patch_heads,
    patch_of,
    poolings,
    window_at,
    window_size,
)
from pellucid.worksheets.printed import MOST_DECIMALS, decimals_of, rounded, shown, term
from pellucid.worksheets.source import places_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.graph import Node
    from pellucid.worksheets.exercise import Blank, Cell
    from pellucid.worksheets.source import Source

MOST_BACK = 9
"""Values of a pooling's window through which a gradient is followed back."""

RECTIFIERS = ("relu", "leaky_relu", "prelu")
"""Activations whose slope is one number on each side of 0."""


def unit_of_size(values: NDArray[np.float64]) -> int:
    """The power of ten in whose units small numbers are printed; 0 where they are not small."""
    largest = float(np.abs(values).max(initial=0.0))
    return math.floor(math.log10(largest)) if 0.0 < largest < 0.01 else 0


def output_layer(source: Source) -> list[Node]:
    """The dense layer that gives the logits, if one does."""
    node = source.activations.graph[source.activations.logits]
    return [node] if node.operation.kind == "dense" else []


def _deltas(
    source: Source, known: Mapping[int, Blank]
) -> tuple[list[int], list[str], list[Cell], list[float]]:
    """The outputs that are shown, and the gradient at each: formula, what is printed, and exact."""
    assert source.backward is not None
    exact = np.asarray(source.backward.at_logits, np.float64)
    if known:
        units = list(known)
    elif source.activations.model.task.of_one_class:
        units = shown_classes(source)
    else:
        units = np.sort(np.argsort(-np.abs(exact), kind="stable")[:MOST_ROWS]).tolist()
    decimals = decimals_of(exact[units], source.digits) + 1
    printed = {k: rounded(float(exact[k]), decimals) for k in units}
    formulas = [f"[{known[k].name}]" if k in known else term(printed[k]) for k in units]
    cells: list[Cell] = [f"({known[k].name})" if k in known else shown(printed[k]) for k in units]
    return units, formulas, cells, exact[units].tolist()


def dense_update(source: Source, draft: Draft, node: Node, known: Mapping[int, Blank]) -> None:
    """The gradient of one weight of the last layer, δ · x, and what a step makes of the weight."""
    activations, digits = source.activations, source.digits
    assert source.backward is not None
    units, formulas, cells, exact = _deltas(source, known)
    k = int(np.abs(exact).argmax())
    unit, delta = units[k], formulas[k]
    x = np.asarray(activations.inputs_of(node)[0], np.float64)
    w = activations.weights_of(node)["kernel"].astype(np.float64)[:, unit]
    places = [(int(i),) for i in np.argsort(-np.abs(x * w), kind="stable")[:MOST_ROWS]]
    (entry,) = source.best(f"{node.name} weight", places, lambda at: float(x[at[0]] != 0))
    x_ = rounded(float(x[entry]), decimals_of([float(x[entry])], digits))
    gradient = float(exact[k] * x[entry])
    g_places = decimals_of([gradient], digits) + 1
    found = draft.blank(f"{delta}*{term(x_)}", g_places, gradient)
    draft.ask("gradient", found)
    _update(source, draft, found, gradient, float(w[entry]), 0)
    names = activations.classes
    draft.facts |= {
        "layer": node.name, "unit": unit, "class": printable(names[unit]), "entry": entry,
        "x": shown(x_), "delta": cells[k], "decimals": g_places,
    }  # fmt: skip


def _update(
    source: Source, draft: Draft, found: Blank, gradient: float, weight: float, unit: int
) -> None:
    """Ask for a weight after a step of gradient descent, with digits that show the step."""
    assert source.backward is not None
    rate = source.backward.learner.learning_rate
    step = rate * gradient
    decimals = min(MOST_DECIMALS, max(decimals_of([step], 2), decimals_of([weight], 2)))
    weight_ = rounded(weight, decimals)
    power = f"*{10.0**unit!r}" if unit else ""
    after = draft.blank(f"{term(weight_)}-{rate!r}*[{found.name}]{power}", decimals, weight - step)
    draft.ask("after", after, decimals=decimals)
    draft.facts |= {"rate": f"{rate:g}", "before": shown(weight_), "of": found.name}


def through_dense(source: Source, draft: Draft, node: Node, known: Mapping[int, Blank]) -> None:
    """The gradient at one number that the last layer reads: the sum of w · δ over its units."""
    activations, digits = source.activations, source.digits
    assert source.backward is not None
    units, formulas, cells, exact = _deltas(source, known)
    kernel = activations.weights_of(node)["kernel"].astype(np.float64)
    x = np.asarray(activations.inputs_of(node)[0], np.float64)
    all_deltas = np.asarray(source.backward.at_logits, np.float64)
    products = kernel[:, units] * np.array(exact)
    order = np.argsort(-np.abs(products).sum(axis=1), kind="stable")[:20]
    places = [(int(i),) for i in order]
    (entry,) = source.best(f"{node.name} entry", places, lambda at: float(x[at[0]] != 0))
    w = kernel[entry, units]
    w_places = decimals_of(w, digits)
    p_places = decimals_of(w * np.array(exact), digits) + 1
    rows: list[list[Cell]] = []
    names = []
    for k, unit in enumerate(units):
        w_ = rounded(float(w[k]), w_places)
        blank = draft.blank(f"{term(w_)}*{formulas[k]}", p_places, float(w[k] * exact[k]))
        rows.append([printable(activations.classes[unit]), shown(w_), cells[k], blank])
        names.append(f"[{blank.name}]")
    total = float(kernel[entry] @ all_deltas)
    rest = rounded(total - float((w * np.array(exact)).sum()), p_places)
    others = len(all_deltas) - len(units)
    formula = "+".join([*names, *([term(rest)] if others else [])])
    draft.ask("total", draft.blank(formula, p_places, total))
    draft.grids = [[Grid("paths", rows, ("class", "weight", "delta", "product"))]]
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "entry": entry, "others": others,
        "rest": shown(rest) if others else "", "decimals": p_places,
    }  # fmt: skip


def through_activation(source: Source, draft: Draft, node: Node) -> None:
    """A patch of gradients behind an activation, and what it lets through."""
    activations, digits = source.activations, source.digits
    gradient = source.gradient(node.name)
    patch = patch_of(source, node, f"{node.name} back", gradient)
    flat = [at for row in patch for at in row]
    inputs, weights = activations.inputs_of(node), activations.weights_of(node)
    x = np.asarray(inputs[0], np.float64)
    x_places = decimals_of([float(x[at]) for at in flat], digits)
    unit = unit_of_size(np.array([gradient[at] for at in flat]))
    scale = 10.0**unit
    d_places = decimals_of([float(gradient[at]) / scale for at in flat], digits)
    slopes = {at: node.operation.derivative_at(inputs, weights, at, 0, at) for at in flat}
    deltas = {at: rounded(float(gradient[at]) / scale, d_places) for at in flat}
    blanks, printed = {}, {}
    for at in flat:
        slope = printed[at] = rounded(slopes[at], decimals_of([slopes[at]], 3)).normalize()
        exact = float(gradient[at]) * slopes[at] / scale
        blanks[at] = draft.blank(f"{term(slope)}*{term(deltas[at])}", d_places, exact)
    below = [slopes[at] for at in flat if x[at] <= 0]
    straight = node.operation.kind in RECTIFIERS
    heads, sides = patch_heads(patch)
    x_cells = [[shown(rounded(float(x[at]), x_places)) for at in row] for row in patch]
    slope_cells = [[shown(printed[at]) for at in row] for row in patch]
    d_cells = [[shown(deltas[at], float(gradient[at])) for at in row] for row in patch]
    draft.grids = [
        [
            Grid("before", x_cells, heads, sides),
            *([] if straight else [Grid("slopes", slope_cells, heads, sides)]),
            Grid("delta", d_cells, heads, sides),
            Grid("delta_before", [[blanks[at] for at in row] for row in patch], heads, sides, "→"),
        ]
    ]
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "kind": node.operation.kind,
        "channel": flat[0][-1], "flat": x.ndim == 1, "exponent": unit, "decimals": d_places,
        "straight": straight, "slope": f"{(below[0] if below else 0.0):.3g}",
    }  # fmt: skip


def small_poolings(source: Source) -> list[Node]:
    """The poolings of small windows without weights of their own."""
    return [
        node for node in poolings(source)
        if window_size(source, node) <= MOST_BACK and not source.activations.weights_of(node)
    ]  # fmt: skip


def through_pooling(source: Source, draft: Draft, node: Node) -> None:
    """One window of a pooling, and what each of its values gets of the gradient."""
    activations, digits = source.activations, source.digits
    gradient = source.gradient(node.name)
    at = choose_window(source, node, f"{node.name} back", gradient)
    read = window_at(source, node, at)
    inputs, weights = activations.inputs_of(node), activations.weights_of(node)
    x = np.asarray(inputs[0], np.float64)
    x_places = decimals_of([float(x[place]) for place in read], digits)
    unit = unit_of_size(np.array([gradient[at]]))
    delta = float(gradient[at]) / 10.0**unit
    d_places = decimals_of([delta], digits)
    delta_ = rounded(delta, d_places)
    maximum = node.operation.rule == "maximum"
    blanks = {}
    for place in read:
        share = node.operation.derivative_at(inputs, weights, at, 0, place)
        if maximum:
            formula = f"{int(share)}*{term(delta_)}"
        else:
            formula = f"{term(delta_)}/{round(1 / share)}"
        blanks[place] = draft.blank(formula, d_places + (not maximum), delta * share)
    rows = sorted({place[0] for place in read})
    columns = sorted({place[1] for place in read})
    heads, sides = tuple(map(str, columns)), tuple(map(str, rows))
    values: list[list[Cell]] = [
        [
            shown(rounded(float(x[r, c, at[2]]), x_places)) if (r, c, at[2]) in blanks else "·"
            for c in columns
        ]
        for r in rows
    ]
    parts: list[list[Cell]] = [[blanks.get((r, c, at[2]), "·") for c in columns] for r in rows]
    draft.grids = [
        [Grid("window", values, heads, sides), Grid("delta_before", parts, heads, sides, "→")]
    ]
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "at": at, "maximum": maximum,
        "channel": at[2], "count": len(read), "delta": shown(delta_), "exponent": unit,
        "decimals": d_places + (not maximum),
    }  # fmt: skip


def kernel_update(source: Source, draft: Draft, node: Node) -> None:
    """The gradient of one weight of a kernel, Σ x · δ, and what a step makes of the weight."""
    activations, digits = source.activations, source.digits
    backward = source.backward
    assert backward is not None
    own = activations.graph.parameters_of(node)["kernel"]
    gradients = np.asarray(backward.gradients.weights[own], np.float64)
    places = places_of(gradients.shape)
    places = sorted(places, key=lambda at: -abs(gradients[at]))[:20]
    at = source.best(f"{node.name} kernel", places, lambda place: float(gradients[place] != 0))
    deltas = {node.name: np.asarray(source.gradient(node.name))}
    terms = weight_terms(activations, deltas, node, "kernel", at)
    order = sorted(range(len(terms)), key=lambda i: -abs(terms[i].product))[:MOST_ROWS]
    chosen = [terms[i] for i in sorted(order)]
    unit = unit_of_size(np.array([each.delta for each in chosen]))
    scale = 10.0**unit
    x_places = decimals_of([each.factor for each in chosen], digits)
    d_places = decimals_of([each.delta / scale for each in chosen], digits)
    p_places = decimals_of([each.product / scale for each in chosen], digits) + 1
    rows: list[list[Cell]] = []
    names = []
    for each in chosen:
        a, b = rounded(each.factor, x_places), rounded(each.delta / scale, d_places)
        blank = draft.blank(f"{term(a)}*{term(b)}", p_places, each.product / scale)
        where = ", ".join(map(str, each.at[:2]))
        rows.append([where, shown(a), shown(b), blank])
        names.append(f"[{blank.name}]")
    total = float(sum(each.product for each in terms)) / scale
    rest = rounded(total - sum(each.product for each in chosen) / scale, p_places)
    others = len(terms) - len(chosen)
    formula = "+".join([*names, *([term(rest)] if others else [])])
    found = draft.ask("gradient", draft.blank(formula, p_places - 1, gradients[at] / scale))
    weight = float(activations.model.network.weights[own][at])
    _update(source, draft, found, float(gradients[at]), weight, unit)
    draft.grids = [[Grid("weight_terms", rows, ("place", "value", "delta", "product"))]]
    draft.facts |= {
        "layer": node.name, "input": node.inputs[0], "at": at, "exponent": unit, "others": others,
        "rest": shown(rest) if others else "", "decimals": p_places - 1,
        "product_decimals": p_places,
    }  # fmt: skip
