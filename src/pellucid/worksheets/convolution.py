"""Exercises on one value of a convolution: window times kernel, added up, plus the bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.windows import windows_of
from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.printed import decimals_of, rounded, shown, term
from pellucid.worksheets.source import ALIVE, places_of

if TYPE_CHECKING:
    from decimal import Decimal

    from numpy.typing import NDArray

    from pellucid.explain.activations import Position
    from pellucid.graph import Node
    from pellucid.ops.terms import Terms
    from pellucid.worksheets.exercise import Blank, Cell
    from pellucid.worksheets.source import Source

    Numbers = NDArray[np.float64]

MOST_SIDE, MOST_CHANNELS, MOST_PRODUCTS = 5, 3, 9
"""Rows and columns of a kernel, its channels, and the products that are asked for, at most; what
goes beyond is added up on the sheet."""


def convolutions(source: Source) -> list[Node]:
    """Convolutions whose windows have more than one place."""
    return source.layers(
        lambda node: (
            node.operation.kind == "conv2d"
            and source.activations.weights_of(node)["kernel"].shape[:2] != (1, 1)
        )
    )


@dataclass(frozen=True, eq=False)
class _Window:
    """What an output reads, laid out as its kernel.

    Attributes:
        x: (kh, kw, c): values, 0 in the padding.
        w: (kh, kw, c): weights.
        rows: The row of the input that each row of the kernel lies on, also outside.
        columns: The same of columns.
        channels: Which channel of the input each is.
        bias: What is added.
    """

    x: Numbers
    w: Numbers
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    channels: tuple[int, ...]
    bias: float

    @classmethod
    def of(cls, source: Source, node: Node, at: Position) -> _Window:
        activations = source.activations
        inputs, weights = activations.inputs_of(node), activations.weights_of(node)
        terms: Terms = node.operation.terms(inputs, weights, at)
        kernel = weights["kernel"].astype(np.float64)[..., at[2]]
        x = np.zeros(kernel.shape)
        channels = [0] * kernel.shape[2]
        assert terms.weights is not None  # a convolution's factors are weights
        places, sources = terms.weights[:, :3], terms.sources[:, 1:]
        x[tuple(places.T)] = terms.values
        for place, read in zip(places.tolist(), sources.tolist(), strict=True):
            channels[place[2]] = read[2]
        axes = node.operation.reads(*activations.graph.inputs_of(node)).inputs[0][:2]
        rows, columns = (
            tuple(int(axis.bases(np.array([at]))[0]) + axis.dilation * tap for tap in range(length))
            for axis, length in zip(axes, kernel.shape[:2], strict=True)
        )
        return cls(x, kernel, rows, columns, tuple(channels), terms.bias)

    def block(self) -> tuple[slice, slice]:
        """The rows and columns that are shown: where the products are largest."""
        sizes = np.abs(self.x * self.w).sum(axis=2)
        height, width = (min(MOST_SIDE, side) for side in sizes.shape)
        tops = range(sizes.shape[0] - height + 1)
        lefts = range(sizes.shape[1] - width + 1)
        top, left = max(
            ((t, k) for t in tops for k in lefts),
            key=lambda at: sizes[at[0] : at[0] + height, at[1] : at[1] + width].sum(),
        )
        return slice(top, top + height), slice(left, left + width)


def convolution(source: Source, draft: Draft, node: Node) -> None:
    """One value of a convolution, from its window to the sum with the bias."""
    activations, digits = source.activations, source.digits
    values = activations.values[node.name]
    windows = windows_of(activations, node.name)
    inside = next(
        each for each in (windows.telling, windows.whole, np.ones(values.shape[:2], bool))
        if each.any()
    )  # fmt: skip
    places = [at for at in places_of(values.shape) if inside[at[:2]]] or places_of(values.shape)

    largest_value = float(np.abs(values).max(initial=0.0))

    def score(at: Position) -> float:
        window = _Window.of(source, node, at)
        products = (window.x * window.w).reshape(-1)
        telling = products[np.abs(products) > 0.02 * np.abs(products).max(initial=0.0)]
        signs = bool((telling > 0).any() and (telling < 0).any())
        biased = abs(window.bias) > 0.05 * abs(values[at])
        alive = bool(np.abs(products).max(initial=0.0) > ALIVE * largest_value)
        return float(min(len(telling), MOST_PRODUCTS) + 4 * signs + 3 * biased + 9 * alive)

    at = source.best(node.name, places, score, source.shown.get(node.name))
    window = _Window.of(source, node, at)
    rows, columns = window.block()
    sizes = np.abs(window.x * window.w)[rows, columns].sum(axis=(0, 1))
    order = np.argsort(-sizes, kind="stable")[:MOST_CHANNELS]
    chosen = sorted(order.tolist())
    x, w = window.x[rows, columns][..., chosen], window.w[rows, columns][..., chosen]
    x_places, w_places = decimals_of(x, digits), decimals_of(w, digits)
    p_places = decimals_of(x * w, digits) + 1
    rest = float((window.x * window.w).sum() - (x * w).sum())
    has_bias = "bias" in activations.weights_of(node)  # norms make up for those that are missing
    bias_ = rounded(window.bias, decimals_of([window.bias], digits))
    rest_ = rounded(rest, p_places)
    heads = tuple(str(n) for n in window.columns[columns])
    sides = tuple(str(n) for n in window.rows[rows])
    sums: list[Blank] = []
    parts = []
    largest = chosen.index(int(order[0]))
    for k, own in enumerate(chosen):
        facts = {
            "channel": window.channels[own], "channels": activations.shape(node.inputs[0])[2],
            "colour": source.in_colour(node.inputs[0]),
        }  # fmt: skip
        cells = _cells(x[..., k], x_places), _cells(w[..., k], w_places)
        products, formula, given = _products(
            draft, x[..., k], w[..., k], *cells, p_places, asked=k == largest
        )
        draft.grids.append(
            [
                Grid("window", _shown(cells[0]), heads, sides, facts=facts),
                Grid("kernel", _shown(cells[1]), sign="×", facts=facts),
                Grid("products", products, sign="="),
            ]
        )
        parts.append((formula, given, float((x * w)[..., k].sum()), facts))
    for formula, given, exact, facts in parts:  # behind all products, as they are asked for
        slack = given * 10.0**-p_places / 2
        made = draft.blank(formula, p_places - 1, exact, slack=slack)
        sums.append(draft.ask("sum_of" if len(chosen) > 1 else "sum", made, **facts))
    added = [f"[{each.name}]" for each in sums]
    added += [term(n) for n, there in ((rest_, rest_ != 0), (bias_, has_bias)) if there]
    if len(added) > 1:
        draft.ask("total", draft.blank("+".join(added), p_places - 1, float(values[at])))
    draft.facts = {
        "layer": node.name, "at": at, "bias": shown(bias_) if has_bias else "",
        "decimals": p_places - 1,
        "product_decimals": p_places, "rest": shown(rest_) if rest_ else "",
        "others": window.x.size - x.size,
    }  # fmt: skip
    source.take(node.name, at[2])


def _cells(values: Numbers, decimals: int) -> list[list[Decimal]]:
    return [[rounded(n, decimals) for n in row] for row in values.tolist()]


def _shown(cells: list[list[Decimal]]) -> list[list[str]]:
    return [[shown(n) for n in row] for row in cells]


def _products(
    draft: Draft,
    x: Numbers,
    w: Numbers,
    x_: list[list[Decimal]],
    w_: list[list[Decimal]],
    decimals: int,
    *,
    asked: bool,
) -> tuple[list[list[Cell]], str, int]:
    """The table of products, the formula of their sum, and how many of them are printed.

    Of a table with more than :data:`MOST_PRODUCTS` the row with the largest ones is asked for.
    """
    height, width = x.shape
    strongest = int(np.abs(x * w).sum(axis=1).argmax())
    everywhere = height * width <= MOST_PRODUCTS
    table: list[list[Cell]] = []
    terms: list[str] = []
    given = 0
    for i in range(height):
        row: list[Cell] = []
        for j in range(width):
            a, b = x_[i][j], w_[i][j]
            if asked and (everywhere or i == strongest) and a and b:
                made = draft.blank(f"{term(a)}*{term(b)}", decimals, float(x[i, j] * w[i, j]))
                row.append(made)
                terms.append(f"[{made.name}]")
                continue
            product = rounded(float(a * b), decimals)
            row.append(shown(product) if product else "0")
            if product:
                terms.append(term(product))
                given += 1
        table.append(row)
    return table, "+".join(terms) or "0", given
