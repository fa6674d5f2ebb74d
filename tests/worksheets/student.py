"""A student who has nothing but the sheet: calculates from what is printed, and rounds on the way.

Written from the exercises' words, not from the formulas of the key.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pellucid.worksheets.exercise import Cell, Exercise, Grid
    from pellucid.worksheets.sheet import Worksheet


def answers(sheet: Worksheet) -> dict[str, float]:
    """The student's answer to each blank that they can work out."""
    found: dict[str, float] = {}
    for exercise in sheet.exercises:
        work = globals()[f"_{exercise.topic.replace('-', '_')}"]
        found.update(work(exercise, found))
    return found


def number(text: str) -> float:
    """A printed number."""
    return float(text.replace("−", "-"))


def to(value: float, decimals: int) -> float:
    """A number rounded by hand."""
    places = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(value)).quantize(places, ROUND_HALF_UP))


def _name(cell: Cell) -> str:
    assert not isinstance(cell, str)
    return cell.name


def _grids(exercise: Exercise) -> dict[str, Grid]:
    return {grid.role: grid for row in exercise.grids for grid in row}


def _asked(exercise: Exercise, role: str) -> str:
    (ask,) = (ask for ask in exercise.asks if ask.role == role)
    return ask.blank.name


def _cells(grid: Grid) -> Iterator[tuple[int, int, Cell]]:
    for i, row in enumerate(grid.rows):
        for j, cell in enumerate(row):
            yield i, j, cell


def _value(cell: Cell, known: dict[str, float]) -> float:
    """A printed number, an own answer, or one that is referred to."""
    if not isinstance(cell, str):
        return known[cell.name]
    return known[cell.strip("()")] if cell.startswith("(") else number(cell)


def _pixels(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    grids, f = _grids(e), e.facts
    return {
        _name(cell): to((number(str(grids["pixels"].rows[i][j])) - number(f["mean"])) / number(f["std"]), f["decimals"])  # noqa: E501
        for i, j, cell in _cells(grids["normalised"])
    }  # fmt: skip


def _convolution(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f, made, sums = e.facts, {}, []
    for row in e.grids:
        window, kernel, products = row
        total = 0.0
        for i, j, cell in _cells(products):
            x, w = number(str(window.rows[i][j])), number(str(kernel.rows[i][j]))
            product = to(x * w, f["product_decimals"])
            total += product
            if isinstance(cell, str):
                assert abs(number(cell) - x * w) <= 10.0 ** -f["product_decimals"]
            else:
                made[cell.name] = product
        sums.append(to(total, f["decimals"]))
    roles = [ask.blank.name for ask in e.asks if ask.role.startswith("sum")]
    made.update(zip(roles, sums, strict=True))
    added = [number(f[name]) for name in ("rest", "bias") if f[name]]
    if added or len(sums) > 1:
        made[_asked(e, "total")] = to(sum(sums) + sum(added), f["decimals"])
    return made


def _norm(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f = e.facts
    hat = to((number(f["x"]) - number(f["mean"])) / number(f["deviation"]), f["decimals"])
    y = to(hat * number(f["gamma"]) + number(f["beta"]), f["decimals"])
    return {_asked(e, "standardised"): hat, _asked(e, "scaled"): y}


def _activation(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    grids, f = _grids(e), e.facts
    functions: dict[str, Callable[[float], float]] = {
        "relu": lambda x: max(0.0, x),
        "tanh": math.tanh,
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
        "silu": lambda x: x / (1 + math.exp(-x)),
        "relu6": lambda x: min(6.0, max(0.0, x)),
    }
    if f["kind"] not in functions:
        return {}
    return {
        _name(cell): to(functions[f["kind"]](number(str(grids["before"].rows[i][j]))), f["decimals"])  # noqa: E501
        for i, j, cell in _cells(grids["after"])
    }  # fmt: skip


def _pooling(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f, (grid,) = e.facts, (grid for row in e.grids for grid in row)
    cells = [(i, j, number(str(c))) for i, j, c in _cells(grid) if c != "·"]
    values = [x for _, _, x in cells]
    if f["learned"]:
        a, b = (number(f["learned"][name]) for name in ("coefficient", "bias"))
        return {_asked(e, "subsampled"): to(a * sum(values) + b, f["decimals"])}
    if not f["maximum"]:
        return {_asked(e, "mean"): to(sum(values) / f["count"], f["decimals"])}
    made = {_asked(e, "maximum"): max(values)}
    if len(e.asks) > 1:
        i, j, _ = max(cells, key=lambda cell: cell[2])
        made |= {_asked(e, "row"): int(grid.sides[i]), _asked(e, "column"): int(grid.heads[j])}
    return made


def _flattening(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f = e.facts
    height, width, channels = f["shape"]
    order = [(r, c, m) for r in range(height) for c in range(width) for m in range(channels)]
    row, column, channel = order[f["entry"]]
    return {
        _asked(e, "length"): len(order),
        _asked(e, "entry"): order.index(tuple(f["at"])),
        _asked(e, "row_of"): row,
        _asked(e, "column_of"): column,
        _asked(e, "channel_of"): channel,
    }


def _table(
    rows: Sequence[Sequence[Cell]], f: dict[str, float], known: dict[str, float]
) -> dict[str, float]:
    """The products of the two columns before the last, rounded."""
    decimals = int(f.get("product_decimals", f["decimals"]))
    return {
        _name(row[-1]): to(_value(row[-3], known) * _value(row[-2], known), decimals)
        for row in rows
    }


def _summed(e: Exercise, role: str, known: dict[str, float]) -> dict[str, float]:
    f = dict(e.facts)
    ((grid,),) = e.grids
    made = _table(grid.rows, f, known)
    rest = number(f["rest"]) if f["rest"] else 0.0
    bias = number(f["bias"]) if f.get("bias") else 0.0
    made[_asked(e, role)] = to(sum(made.values()) + rest + bias, int(f["decimals"]))
    return made


def _dense(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    return _summed(e, "total", known)


def _through_dense(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    return _summed(e, "total", known)


def _softmax(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f, ((grid,),) = e.facts, e.grids
    decimals = f["decimals"]
    powers = [
        to(math.exp(number(str(row[1])) - number(f["largest"])), decimals) for row in grid.rows
    ]
    made = {
        c.name: p
        for row, p in zip(grid.rows, powers, strict=True)
        if not isinstance(c := row[2], str)
    }
    total = to(sum(powers) + number(f["rest"]), decimals)
    made[_asked(e, "sum_of_powers")] = total
    made |= {
        _name(row[3]): to(p / total, decimals) for row, p in zip(grid.rows, powers, strict=True)
    }
    return made


def _cross_entropy(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    if e.facts["small"]:
        return {}
    return {_asked(e, "loss"): to(-math.log(known[e.facts["probability"]]), 3)}


def _sigmoid(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    ((grid,),) = e.grids
    return {
        _name(p): to(1 / (1 + math.exp(-number(str(z)))), e.facts["decimals"])
        for _, z, p in grid.rows
    }


def _binary_cross_entropy(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f, ((grid,),) = e.facts, e.grids
    made = {}
    for _, given, y, loss in grid.rows:
        value, right = _value(given, known), y == "1"
        if f["small"]:
            found = math.log(1 + math.exp(-value if right else value))
        else:
            found = -math.log(value if right else 1 - value)
        made[_name(loss)] = to(found, f["decimals"])
    mean = (sum(made.values()) + number(f["rest"])) / f["count"]
    return {**made, _asked(e, "loss"): to(mean, f["decimals"])}


def _squared_error(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    f, ((grid,),) = e.facts, e.grids
    made = {
        _name(row[3]): to(number(str(row[1])) - number(str(row[2])), f["decimals"])
        for row in grid.rows
    }
    loss = (sum(each**2 for each in made.values()) + number(f["rest"])) / f["count"]
    units = number(str(grid.rows[0][1])) * number(f["scale"]) + number(f["mean"])
    return {
        **made,
        _asked(e, "loss"): to(loss, f["loss_decimals"]),
        _asked(e, "in_units"): to(units, f["units_decimals"]),
    }


def _gradient(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    ((grid,),) = e.grids
    if e.facts.get("kind") == "labels":
        return {
            _name(delta): to(
                (_value(p, known) - number(str(y))) / e.facts["count"], e.facts["decimals"]
            )
            for _, p, y, delta in grid.rows
        }
    if e.facts.get("kind") == "numbers":
        return {
            _name(delta): to(2 * _value(d, known) / e.facts["count"], e.facts["decimals"])
            for _, d, delta in grid.rows
        }
    return {
        _name(delta): to(_value(p, known) - number(str(y)), e.facts["decimals"])
        for _, p, y, delta in grid.rows
    }


def _update(e: Exercise, gradient: float) -> dict[str, float]:
    f = e.facts
    (decimals,) = (ask.facts["decimals"] for ask in e.asks if ask.role == "after")
    step = number(f["rate"]) * gradient * 10.0 ** f.get("exponent", 0)
    return {_asked(e, "after"): to(number(f["before"]) - step, decimals)}


def _dense_update(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    gradient = to(_value(e.facts["delta"], known) * number(e.facts["x"]), e.facts["decimals"])
    return {_asked(e, "gradient"): gradient, **_update(e, gradient)}


def _kernel_update(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    made = _summed(e, "gradient", known)
    return made | _update(e, made[_asked(e, "gradient")])


def _through_activation(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    grids, f = _grids(e), e.facts
    made = {}
    for i, j, cell in _cells(grids["delta_before"]):
        x, delta = (number(str(grids[role].rows[i][j])) for role in ("before", "delta"))
        slope = (
            (1.0 if x > 0 else number(f["slope"]))
            if f["straight"]
            else number(str(grids["slopes"].rows[i][j]))
        )
        made[_name(cell)] = to(slope * delta, f["decimals"])
    return made


def _through_pooling(e: Exercise, known: dict[str, float]) -> dict[str, float]:
    grids, f = _grids(e), e.facts
    values = {(i, j): number(str(c)) for i, j, c in _cells(grids["window"]) if c != "·"}
    winner = max(values, key=lambda at: values[at])
    delta = number(f["delta"])
    share = {at: delta * (at == winner) if f["maximum"] else delta / f["count"] for at in values}
    parts = grids["delta_before"].rows
    return {_name(parts[i][j]): to(share[i, j], f["decimals"]) for i, j in values}
