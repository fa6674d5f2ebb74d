"""Exercises on pixels and on batch norms, which move and scale each number by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.graph import INPUT
from pellucid.worksheets.exercise import Draft, Grid
from pellucid.worksheets.printed import decimals_of, rounded, shown, term
from pellucid.worksheets.source import ALIVE, places_of

if TYPE_CHECKING:
    from typing import Any

    from pellucid.explain.activations import Position
    from pellucid.graph import Node
    from pellucid.worksheets.source import Source


def normalising(source: Source) -> list[Node]:
    """The layers that normalise pixels."""
    return source.layers(
        lambda node: node.operation.kind == "normalise" and node.inputs[0] == INPUT
    )


def pixels(source: Source, draft: Draft, node: Node) -> None:
    """Three pixels side by side, normalised."""
    activations = source.activations
    levels, made = activations.pixels, activations.values[node.name]
    height, width, channels = levels.shape
    count = min(3, width)
    starts = places_of((height, width - count + 1, channels))

    def score(at: Position) -> float:
        row, column, channel = at
        run = levels[row, column : column + count, channel]
        return len(np.unique(run)) + int((run > 0).all() and (run < 255).all())

    row, column, channel = source.best(node.name, starts, score)
    operation: Any = node.operation
    mean, std = (float(numbers[channel]) for numbers in (operation.mean, operation.std))
    mean_, std_ = (rounded(number, decimals_of([number], 3)) for number in (mean, std))
    run = levels[row, column : column + count, channel].tolist()
    sides = (str(row),)
    heads = tuple(str(column + k) for k in range(count))
    results = made[row, column : column + count, channel].tolist()
    decimals = decimals_of(results, source.digits)
    blanks = [
        draft.blank(f"({x}-{term(mean_)})/{term(std_)}", decimals, result)
        for x, result in zip(run, results, strict=True)
    ]
    draft.facts = {
        "layer": node.name, "mean": shown(mean_), "std": shown(std_),
        "channel": channel, "channels": channels, "decimals": decimals,
        "colour": source.in_colour(INPUT),
    }  # fmt: skip
    draft.grids = [
        [
            Grid("pixels", [[str(x) for x in run]], heads, sides, facts={"channel": channel}),
            Grid("normalised", [blanks], heads, sides, "→"),
        ]
    ]


def norms(source: Source) -> list[Node]:
    """The batch norms."""
    return source.layers(lambda node: node.operation.kind == "batch_norm")


def norm(source: Source, draft: Draft, node: Node) -> None:
    """Three values of a channel, normalised, then scaled and shifted."""
    activations = source.activations
    x = np.asarray(activations.values[node.inputs[0]], np.float64)
    made = activations.values[node.name]
    weights = {own: w.astype(np.float64) for own, w in activations.weights_of(node).items()}
    deviations = np.sqrt(weights["variance"] + (node.operation.norm_epsilon or 0.0))

    largest_value = float(np.abs(x).max(initial=0.0))

    def score(at: Position) -> float:
        channel = at[-1]
        steps = abs(weights["beta"][channel]) > 0.05, abs(weights["gamma"][channel] - 1) > 0.05
        alive = bool(abs(x[at]) > ALIVE * largest_value)
        return 9.0 * alive + float(sum(steps))

    at = source.best(node.name, places_of(x.shape), score, source.shown.get(node.inputs[0]))
    channel, digits = at[-1], max(source.digits, 3)
    numbers = {
        "mean": weights["mean"][channel], "deviation": deviations[channel],
        "gamma": weights["gamma"][channel], "beta": weights["beta"][channel],
    }  # fmt: skip
    printed = {name: rounded(n, decimals_of([float(n)], digits)) for name, n in numbers.items()}
    value = rounded(float(x[at]), decimals_of([float(x[at]), float(numbers["mean"])], digits))
    hat = float((x[at] - numbers["mean"]) / numbers["deviation"])
    places = decimals_of([hat, float(made[at])], digits)
    first = draft.blank(
        f"({term(value)}-{term(printed['mean'])})/{term(printed['deviation'])}", places, hat
    )
    draft.ask("standardised", first)
    gamma, beta = term(printed["gamma"]), term(printed["beta"])
    draft.ask("scaled", draft.blank(f"{gamma}*[{first.name}]+{beta}", places, float(made[at])))
    draft.facts = {
        "layer": node.name, "at": at, "x": shown(value), "decimals": places,
        **{name: shown(number) for name, number in printed.items()},
    }  # fmt: skip
    source.take(node.inputs[0], channel)
