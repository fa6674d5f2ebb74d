"""The workbook: pixels and weights as numbers, everything between as formulas.

Change a pixel or a weight in it, and see what becomes of the answer. Formulas carry the values
that the engine computed, so that viewers which compute nothing show them, too; and each feature map
has a block of its own, coloured about 0.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.explain.steps import Step
from pellucid.graph import INPUT
from pellucid.ops.formula import constant
from pellucid.ops.operation import describe
from pellucid.show.spreadsheet.formulas import Formulas
from pellucid.show.spreadsheet.pages import Computed, Page, colour_blocks, map_page, with_values
from pellucid.show.spreadsheet.sheets import Sheet, sheet_name
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.explain.activations import Activations
    from pellucid.graph import Node
    from pellucid.ops.operation import Array

MOST_CELLS = 1_500_000
"""A spreadsheet with more can hardly be opened."""

MOST_COLUMNS = 16_000
"""Excel has 16 384 columns; a few are kept for labels."""

LONGEST_FORMULA = 8_000
"""Characters; Excel takes 8 192."""


def workbook(activations: Activations) -> bytes:
    """One picture's way through a network as an ``.xlsx`` file.

    Raises:
        MissingDependencyError: If openpyxl is not installed.
        ArgumentError: If the network is too large for a spreadsheet.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise MissingDependencyError(
            "a spreadsheet needs openpyxl, which is not installed; install it with: "
            "pip install openpyxl"
        ) from error
    _check_size(activations)
    pages = _pages(activations)  # before a book is begun, which could not be left half written
    book = Workbook(write_only=True)
    for page in pages:
        sheet = book.create_sheet(page.name)
        if page.frozen:
            sheet.freeze_panes = page.frozen
        if page.blocks:
            colour_blocks(sheet, page)
        for row in page.rows:
            sheet.append([cell.formula if isinstance(cell, Computed) else cell for cell in row])
    content = io.BytesIO()
    book.save(content)
    return with_values(content.getvalue(), pages)


def _pages(activations: Activations) -> list[Page]:
    """Every sheet, the overview first, and each layer's maps behind it."""
    taken: set[str] = set()
    overview = sheet_name("overview", taken)
    layers = {INPUT: Sheet(sheet_name(INPUT, taken), activations.graph.input_shape)}
    made = [_labelled(layers[INPUT], activations.pixels.tolist())]
    values = activations.values
    for node in activations.graph.nodes:
        weights = {}
        for name, array in activations.weights_of(node).items():
            laid = _laid(array)
            weights[name] = Sheet(sheet_name(f"{node.name}.{name}", taken), laid.shape)
            made.append(_labelled(weights[name], laid.tolist()))
        sheet = Sheet(sheet_name(node.name, taken), activations.graph.shapes[node.name])
        formulas = Formulas(node, [layers[name] for name in node.inputs], weights, sheet)
        layers[node.name] = sheet
        made.append(_labelled(sheet, _computed(formulas, node, values[node.name])))
        if len(sheet.shape) == 3:
            title = f"{node.name}, {node.operation.kind}"
            made.append(map_page(sheet_name(f"{node.name} maps", taken), title, sheet,
                                 values[node.name]))  # fmt: skip
    return [Page(overview, list(_overview(activations, layers))), *made]


ENGINES, DIFFERENCE = "the engine's", "difference"

_HEADS = {
    SingleLabel.kind: ("class", "logit", "probability", ENGINES, DIFFERENCE),
    MultiLabel.kind: ("label", "logit", "probability", ENGINES, DIFFERENCE),
    Regression.kind: ("number", "standardised", "in its unit", ENGINES, DIFFERENCE),
}
"""The headings of the answer, by task."""


def _laid(array: Array) -> Array:
    """Weights as a sheet lays them out: kernels map by map below each other, vectors down."""
    exact = array.astype(np.float64)
    if array.ndim == 4:  # (kh, kw, c, o) to (o·kh, kw, c)
        return exact.transpose(3, 0, 1, 2).reshape(-1, *array.shape[1:3])
    return exact[:, None, :] if array.ndim == 2 else exact


def _computed(formulas: Formulas, node: Node, values: Array) -> list[Any]:
    made: Any = np.empty(values.shape, object)
    for at in np.ndindex(*values.shape):
        formula = formulas.of(at)
        if len(formula) > LONGEST_FORMULA:
            raise ArgumentError(
                f"layer {quoted(node.name)} joins too many values for one cell's formula; a "
                "spreadsheet is for a smaller network"
            )
        made[at] = Computed(formula, float(values[at]))
    listed: list[Any] = made.tolist()
    return listed


def _labelled(sheet: Sheet, values: list[Any]) -> Page:
    """A sheet's rows with their labels."""
    if len(sheet.shape) == 1:
        vector = [["", "value"], *([k, value] for k, value in enumerate(values))]
        return Page(sheet.name, vector, "B2")
    if len(sheet.shape) == 2:
        heads = [describe(sheet.shape), *(f"number {k}" for k in range(sheet.shape[1]))]
        steps = [[f"step {t}", *row] for t, row in enumerate(values)]
        return Page(sheet.name, [heads, *steps], "B2")
    height, width, channels = sheet.shape
    rows: list[list[Any]] = [[describe(sheet.shape), *_heads(width, channels)]]
    rows += [
        [f"row {y}", *(value for pixel in values[y] for value in pixel)] for y in range(height)
    ]
    return Page(sheet.name, rows, "B2")


def _heads(width: int, channels: int) -> Iterator[str]:
    for x in range(width):
        for c in range(channels):
            yield f"column {x}" if channels == 1 else f"column {x}, {c}"


def _overview(activations: Activations, sheets: dict[str, Sheet]) -> Iterator[list[Any]]:
    """The first sheet: what is where, and the answer beside the engine's."""
    if activations.from_noise:
        yield ["A picture that is made of noise. Noise and weights are numbers, all else formulas:"]
        yield ["change a number on the sheet input, and see what becomes of the picture."]
    else:
        yield ["One picture's way through a network. Pixels and weights are numbers, all else is"]
        yield ["formulas: change a pixel on the sheet input, and see what becomes of the answer."]
    yield []
    read, task = sheets[activations.graph.output], activations.model.task
    logits = sheets[activations.logits]
    heads = _HEADS.get(task.kind)
    yield [*(heads or [f"the answer is on the sheet {_words(read.name)}"])]
    for k, name in enumerate(activations.classes if heads else ()):
        cell = read.cell((k,))
        engine = float(activations.answer[k])
        logit = Computed(f"={logits.cell((k,))}", float(activations.values[activations.logits][k]))
        row: list[Any] = [_words(name), logit, Computed(f"={cell}", engine), engine]
        yield [*row, Computed(f"={cell}-{constant(engine)}", 0.0)]
    if isinstance(task, MultiLabel):
        yield [f"labels are given from {task.threshold!r} on"]
    yield []
    yield ["sheet", "step", "operation", "shape"]
    for node in (None, *activations.graph.nodes):
        step = Step(activations, node)
        yield [
            _words(sheets[step.name].name),
            step.title,
            step.kind,
            describe(step.shape),
        ]
    yield []
    yield ["In maps, rows run down and the channels of a pixel lie side by side. A kernel's maps"]
    yield ["lie below each other; names with a point are weights. A sheet of maps has a block for"]
    yield ["each map, blue below 0 and orange above."]


def _words(name: str) -> str:
    """A name as a cell's text: never a formula, whatever it begins with."""
    described = printable(name)
    return f"’{described}" if described[:1] == "=" else described


def _check_size(activations: Activations) -> None:
    graph = activations.graph
    cells = sum(math.prod(shape) * (2 if len(shape) == 3 else 1) for shape in graph.shapes.values())
    cells += sum(math.prod(p.shape) for p in graph.parameters.values())
    if cells > MOST_CELLS:
        raise ArgumentError(
            f"the network would fill {cells:,} cells, a spreadsheet holds {MOST_CELLS:,} at most; "
            "take a smaller network or smaller pictures"
        )
    for name, shape in graph.shapes.items():
        if (columns := math.prod(shape[1:])) > MOST_COLUMNS:
            raise ArgumentError(
                f"layer {quoted(name)} would fill {columns:,} columns, a "
                f"spreadsheet holds {MOST_COLUMNS:,} at most; take smaller pictures"
            )
