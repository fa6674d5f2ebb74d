"""Exercises on what follows a convolution: an activation, a pooling, the flattening."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.printed import decimals_of, rounded, shown, term
from pellucid.worksheets.source import places_of

if TYPE_CHECKING:
    from decimal import Decimal

    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations, Position
    from pellucid.graph import Node
    from pellucid.worksheets.exercise import Cell
    from pellucid.worksheets.source import Source

PATCH = 2, 3
"""Rows and columns of values that an activation is applied to."""

MOST_VALUES, MOST_SUMS = 16, 16
"""Values of a window that are printed one by one, and sums of rows of a larger one."""


class Given:
    """Stands for the cells of values in an operation's formula: each gives what is printed."""

    def __init__(self, shape: tuple[int, ...], printed: dict[Position, Decimal]) -> None:
        self.shape, self._printed = shape, printed

    def cell(self, at: Position) -> str:
        """One value."""
        return term(self._printed[tuple(at)])

    def number(self, at: Position) -> Decimal:
        """One value as it is printed."""
        return self._printed[tuple(at)]

    def block(self, first: Position, last: Position) -> str:
        """No operation that is asked about reads a block."""
        raise NotImplementedError


def activations_of(source: Source) -> list[Node]:
    """The activations: those of feature maps, then those of units."""
    found = source.of_family("activation")
    flat = [node for node in found if len(source.activations.shape(node.name)) == 1]
    return [node for node in found if node not in flat] + flat


def patch_of(
    source: Source, node: Node, name: str, weight: NDArray[np.float64] | None = None
) -> list[list[Position]]:
    """A patch of an activation's input that has values on both sides of 0.

    Args:
        source: Where from.
        node: The activation.
        name: What is chosen.
        weight: Values that should not be 0 there, on both sides of 0.
    """
    layer = node.inputs[0]
    x = np.asarray(source.activations.values[layer], np.float64)
    flat = x.ndim == 1
    shape = (1, *x.shape, 1) if flat else x.shape
    x = x.reshape(shape)
    counts = np.ones(shape) if weight is None else (weight.reshape(shape) != 0)
    height, width = min(PATCH[0], shape[0]), min(PATCH[1], shape[1])
    cut = (x < 0) & (counts != 0)
    last = shape[0] - height, shape[1] - width
    found = np.argwhere(cut)
    if len(found):  # a patch begins at, or beside, a value that is cut
        found[:, :2] = np.clip(found[:, :2], 0, last)
        starts = [tuple(at) for at in np.unique(found, axis=0).tolist()]
    else:
        starts = places_of((last[0] + 1, last[1] + 1, shape[2]))

    def score(at: Position) -> float:
        rows, columns = slice(at[0], at[0] + height), slice(at[1], at[1] + width)
        block, counted = x[rows, columns, at[2]], counts[rows, columns, at[2]] != 0
        below, above = int((counted & (block < 0)).sum()), int((counted & (block > 0)).sum())
        return 3.0 * min(below, above, 2) + len(np.unique(block.round(2))) / block.size

    row, column, channel = source.best(name, starts, score, source.shown.get(layer))
    if not flat:
        source.take(layer, channel)
    return [
        [(column + j,) if flat else (row + i, column + j, channel) for j in range(width)]
        for i in range(height)
    ]


def activation(source: Source, draft: Draft, node: Node) -> None:
    """A patch of values, and what an activation makes of them."""
    activations, operation = source.activations, node.operation
    x, y = (activations.values[name] for name in (node.inputs[0], node.name))
    patch = patch_of(source, node, node.name)
    flat = [at for row in patch for at in row]
    decimals = decimals_of([float(x[at]) for at in flat], source.digits)
    printed = {at: rounded(float(x[at]), decimals) for at in flat}
    cells = Given(x.shape, printed)
    weights = _printed_weights(activations, node, flat[0][-1:], source.digits)
    blanks = {
        at: draft.blank(operation.formula(at, [cells], weights), decimals, float(y[at]))
        for at in flat
    }
    general = operation.formula(flat[0], [_Letter(x.shape)], weights)
    heads, sides = patch_heads(patch)
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "kind": operation.kind,
        "channel": flat[0][-1], "flat": len(x.shape) == 1, "formula": general,
        "decimals": decimals,
    }  # fmt: skip
    draft.grids = [
        [
            Grid("before", [[shown(printed[at]) for at in row] for row in patch], heads, sides),
            Grid("after", [[blanks[at] for at in row] for row in patch], heads, sides, "→"),
        ]
    ]


def patch_heads(patch: list[list[Position]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands above and beside a patch: columns and rows of the map, or units."""
    first = patch[0]
    if len(first[0]) == 1:
        return tuple(str(at[0]) for at in first), ()
    return tuple(str(at[1]) for at in first), tuple(str(row[0][0]) for row in patch)


class _Letter(Given):
    """Stands for any value in the formula that a sheet prints."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape, {})

    def cell(self, at: Position) -> str:
        return "x"


def _printed_weights(
    activations: Activations, node: Node, at: Position, digits: int
) -> dict[str, Given]:
    """The weights of a channel that an activation has, e.g. PReLU's slope."""
    found = {}
    for own, array in activations.weights_of(node).items():
        value = float(array[at])
        found[own] = Given(array.shape, {at: rounded(value, decimals_of([value], digits))})
    return found


def poolings(source: Source) -> list[Node]:
    """The poolings of a picture's feature maps, those with small windows first."""
    found = [
        node for node in source.of_family("pooling")
        if node.operation.rule in ("maximum", "sum") and len(node.inputs) == 1
        and (window_size(source, node) <= MOST_VALUES or not source.activations.weights_of(node))
    ]  # fmt: skip
    return sorted(found, key=lambda node: window_size(source, node) > MOST_VALUES)


def window_size(source: Source, node: Node) -> int:
    """How many values a pooling's windows read, at most."""
    axes = node.operation.reads(*source.activations.graph.inputs_of(node)).inputs[0]
    return int(np.prod([axis.taps for axis in axes[:2]]))


def window_at(source: Source, node: Node, at: Position) -> list[Position]:
    """What an output of a pooling reads."""
    reads = node.operation.reads(*source.activations.graph.inputs_of(node))
    return [tuple(row) for row in reads.sources(at).table[:, 1:].tolist()]


def choose_window(
    source: Source, node: Node, name: str, weight: NDArray[np.float64] | None = None
) -> Position:
    """An output of a pooling whose window is no trivial one.

    Its values differ, and where there is a maximum it is clear, and not the first.
    """
    layer = node.inputs[0]
    x = np.asarray(source.activations.values[layer], np.float64)
    unit = 10.0 ** -decimals_of(x, source.digits)

    def score(at: Position) -> float:
        values = np.array([x[place] for place in window_at(source, node, at)])
        different = len(np.unique((values / unit).round()))
        found = min(different, 6) + int((values != 0).sum()) / len(values)
        if len(values) > 1 and node.operation.rule == "maximum":
            order = np.sort(values)
            found += 3 * int(values.argmax() > 0) + 3 * int(order[-1] - order[-2] > 2 * unit)
        return found + (5 * int(weight[at] != 0) if weight is not None else 0)

    shape = source.activations.shape(node.name)
    at = source.best(name, places_of(shape), score, source.shown.get(layer))
    source.take(layer, at[-1])
    return at


def pooling(source: Source, draft: Draft, node: Node) -> None:
    """One window of a pooling: its maximum and where that is, or its mean."""
    activations = source.activations
    at = choose_window(source, node, node.name)
    x = activations.values[node.inputs[0]]
    read = window_at(source, node, at)
    decimals = decimals_of([float(x[place]) for place in read], source.digits)
    printed = {place: rounded(float(x[place]), decimals) for place in read}
    maximum = node.operation.rule == "maximum"
    learned = _printed_weights(activations, node, at[-1:], source.digits)
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "at": at, "maximum": maximum,
        "learned": {own: shown(given.number(at[-1:])) for own, given in learned.items()},
        "channel": at[-1], "count": len(read), "decimals": decimals,
    }  # fmt: skip
    rows = sorted({place[0] for place in read})
    columns = sorted({place[1] for place in read})
    exact = float(activations.values[node.name][at])
    if len(read) > MOST_VALUES:
        inputs, weights = activations.inputs_of(node), activations.weights_of(node)
        share = node.operation.derivative_at(inputs, weights, at, 0, read[0])
        divisor = None if maximum else round(1 / share)
        formula = _of_sums(draft, printed, rows, divisor, decimals)
    else:
        formula = node.operation.formula(at, [Given(x.shape, printed)], learned)
        draft.grids = [[_grid("window", printed, rows, columns)]]
    if not maximum:
        draft.ask("subsampled" if learned else "mean", draft.blank(formula, decimals + 1, exact))
        draft.facts["decimals"] = decimals + 1
        return
    draft.ask("maximum", draft.blank(formula, decimals, exact))
    winner = max(read, key=lambda place: (printed[place], -read.index(place)))
    tied = sum(printed[place] == printed[winner] for place in read) > 1
    if len(read) <= MOST_VALUES and not tied:
        draft.ask("row", draft.count(str(winner[0])))
        draft.ask("column", draft.count(str(winner[1])))


def _grid(role: str, printed: dict[Position, Decimal], rows: list[int], columns: list[int]) -> Grid:
    """A window's values as they lie; a point where it reads none."""
    channel = next(iter(printed))[2]
    cells: list[list[Cell]] = [
        [
            shown(printed[row, column, channel]) if (row, column, channel) in printed else "·"
            for column in columns
        ]
        for row in rows
    ]
    return Grid(role, cells, tuple(map(str, columns)), tuple(map(str, rows)))


def _of_sums(
    draft: Draft,
    printed: dict[Position, Decimal],
    rows: list[int],
    divisor: int | None,
    decimals: int,
) -> str:
    """Print what each row of a large window gives, and return the formula of the whole.

    Args:
        draft: The exercise.
        printed: The window's values.
        rows: The rows that it has.
        divisor: What the sum is divided by; none for a maximum.
        decimals: Of the sums.
    """
    maximum = divisor is None
    by_row = [[value for place, value in printed.items() if place[0] == row] for row in rows]
    if maximum:
        found = [max(row) for row in by_row]
    else:
        found = [rounded(float(sum(row)), decimals) for row in by_row]
    if len(found) > MOST_SUMS:
        found, rows = [max(found) if maximum else sum(found[1:], found[0])], []
    draft.facts["by_row"] = bool(rows)
    role = "row_maxima" if maximum else "row_sums"
    draft.grids = [[Grid(role, [[shown(n) for n in found]], tuple(map(str, rows)))]]
    joined = ",".join(term(n) for n in found)
    return f"MAX({joined})" if maximum else f"SUM({joined})/{divisor}"


def flattenings(source: Source) -> list[Node]:
    """The layers that lay maps of several places out as one vector."""
    graph = source.activations.graph

    def lays_out(node: Node) -> bool:
        shape = graph.inputs_of(node)[0]
        if node.operation.family != "layout" or len(shape) != 3 or math.prod(shape[:2]) == 1:
            return False
        return graph.shapes[node.name] == (math.prod(shape),)

    return source.layers(lays_out)


def flattening(source: Source, draft: Draft, node: Node) -> None:
    """Which place in the vector a value of the maps has, and the other way round."""
    _, width, channels = shape = source.activations.graph.inputs_of(node)[0]
    places = places_of(shape)

    def score(at: Position) -> float:
        return float(sum(n > 0 for n in at))

    at = source.best(f"{node.name} to", places, score)
    other = source.best(f"{node.name} from", places, lambda place: score(place) + (place != at))
    draft.facts = {
        "layer": node.name, "input": node.inputs[0], "shape": shape, "length": int(np.prod(shape)),
        "at": at, "entry": (other[0] * width + other[1]) * channels + other[2],
    }  # fmt: skip
    draft.ask("length", draft.count("*".join(map(str, shape))))
    draft.ask("entry", draft.count(f"({at[0]}*{width}+{at[1]})*{channels}+{at[2]}"))
    for role, n in zip(("row_of", "column_of", "channel_of"), other, strict=True):
        draft.ask(role, draft.count(str(n)))
