"""The spreadsheet: its formulas, computed again, give the engine's values."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.explain.activations import Activations
from pellucid.explain.trace import Trace
from pellucid.graph import initial_weights
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.ops.formula import MOST_ARGUMENTS, nested
from pellucid.show.spreadsheet import workbook as module
from pellucid.show.spreadsheet.sheets import Sheet, cell_name, sheet_name
from pellucid.show.spreadsheet.workbook import workbook
from tests.explain.activations import activations_of, hand_made
from tests.explain.recalculate import RECALCULATORS, Evaluator

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]


@pytest.mark.parametrize("how", RECALCULATORS)
def test_the_lectures_network_computed_again(
    how: str, classifier: ImageClassifier, digits: Digits, tmp_path: Path
) -> None:
    trace = classifier.trace(digits[1].images[0])
    trace.save(tmp_path / "trace.xlsx")
    _check(trace, tmp_path / "trace.xlsx", how)


@pytest.mark.parametrize("name", ["every operation", "words", "sequences"])
@pytest.mark.parametrize("how", RECALCULATORS)
def test_every_operation_computed_again(how: str, name: str, tmp_path: Path) -> None:
    trace = Trace(activations_of(name))
    (tmp_path / "trace.xlsx").write_bytes(workbook(trace.activations))
    _check(trace, tmp_path / "trace.xlsx", how)


def _check(trace: Trace, path: Path, how: str) -> None:
    found = RECALCULATORS[how](path, [step.name for step in trace.steps])
    for step in trace.steps:
        values = found[step.name].reshape(step.shape)
        assert np.allclose(values, step.values, rtol=1e-4, atol=1e-4), step.name


def small() -> Activations:
    """Steps 1 to 4 with three maps, on a picture of 6×6."""
    layers = [Conv2D(3, 3, padding="same"), ReLU(), MaxPool(2), Flatten(), Dense(4)]
    weights = initial_weights(Sequential(layers).graph((6, 6, 3)), seed=1)
    pixels = np.random.default_rng(12).integers(0, 256, (6, 6, 3))
    return hand_made(layers, weights, pixels)


def test_only_pixels_and_weights_are_numbers() -> None:
    trace = Trace(small())
    book = load_workbook(io.BytesIO(workbook(trace.activations)))
    assert book.sheetnames[:2] == ["overview", "input"]
    for step in trace.steps[1:]:
        for row in book[step.name].iter_rows(2, None, 2, None, values_only=True):
            assert all(str(cell).startswith("=") for cell in row), step.name
    kernel = trace.activations.model.network.weights["conv1.kernel"]
    rows = list(book["conv1.kernel"].iter_rows(2, None, 2, None, values_only=True))
    laid = np.array(rows, np.float32).reshape(3, 3, 3, 3)
    assert np.array_equal(laid.transpose(1, 2, 3, 0), kernel)


def test_viewers_that_compute_nothing_show_the_engines_values() -> None:
    trace = Trace(small())
    book = load_workbook(io.BytesIO(workbook(trace.activations)), data_only=True)
    for step in trace.steps:
        cells = book[step.name].iter_rows(2, None, 2, None, values_only=True)
        assert np.array_equal(np.array(list(cells)).reshape(step.shape), step.values), step.name


def test_every_map_has_a_block_with_its_number_coloured_about_0() -> None:
    trace = Trace(small())
    content = io.BytesIO(workbook(trace.activations))
    page, shown = load_workbook(content)["conv1 maps"], load_workbook(content, data_only=True)
    values = trace["conv1"].values
    (ranges,) = page.conditional_formatting
    (rule,) = ranges.rules
    low, middle, high = (float(each.val) for each in rule.colorScale.cfvo)
    assert (low, middle) == (-high, 0.0)
    assert f"{high:.4g}" in str(page["A1"].value)
    blocks = sorted(ranges.sqref.ranges, key=lambda block: block.min_col)
    assert len(blocks) == values.shape[2] == 3
    for k, block in enumerate(blocks):
        assert page.cell(block.min_row - 1, block.min_col).value == f"map {k}"
        cells = shown["conv1 maps"].iter_rows(
            block.min_row, block.max_row, block.min_col, block.max_col, values_only=True
        )
        assert np.array_equal(np.array(list(cells)), values[:, :, k])


def test_a_changed_pixel_changes_the_answer(tmp_path: Path) -> None:
    """What a class does: the formulas give what the network gives for the changed picture."""
    activations, path = small(), tmp_path / "trace.xlsx"
    path.write_bytes(workbook(activations))
    book = load_workbook(path)
    pixels = activations.pixels.copy()
    pixels[3, 2, 1] = 255 - pixels[3, 2, 1]
    book["input"][cell_name(3, 2 * 3 + 1)] = int(pixels[3, 2, 1])
    book.save(path)
    expected = Activations(activations.model, activations.program, pixels).values["dense1"]
    assert not np.allclose(activations.values["dense1"], expected)
    assert np.allclose(Evaluator(path).sheet("dense1")[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_the_overview_sets_the_answer_beside_the_engines(tmp_path: Path) -> None:
    activations, path = small(), tmp_path / "trace.xlsx"
    path.write_bytes(workbook(activations))
    page, evaluator = load_workbook(path)["overview"], Evaluator(path)
    for k, name in enumerate(activations.classes):
        row = 5 + k
        assert page.cell(row, 1).value == name
        logit = float(activations.values["dense1"][k])
        assert evaluator.cell("overview", row, 2) == pytest.approx(logit, rel=1e-4, abs=1e-4)
        probability = float(activations.values["probabilities"][k])
        assert page.cell(row, 4).value == pytest.approx(probability)
        assert evaluator.cell("overview", row, 5) == pytest.approx(0.0, abs=1e-4)


def test_a_class_that_looks_like_a_formula_is_a_word() -> None:
    weights = {"dense1.kernel": np.ones((1, 2)), "dense1.bias": np.zeros(2)}
    activations = hand_made([Flatten(), Dense(2, name="=a[1]/b")], {
        "=a[1]/b.kernel": weights["dense1.kernel"], "=a[1]/b.bias": weights["dense1.bias"],
    }, np.full((1, 1, 1), 7.0))  # fmt: skip
    task = activations.model.task.with_classes(('=HYPERLINK("x")', "b"), "text")
    activations = replace(activations, model=replace(activations.model, task=task))
    book = load_workbook(io.BytesIO(workbook(activations)))
    cell = book["overview"]["A5"]
    assert cell.data_type == "s"
    assert cell.value == '’=HYPERLINK("x")'
    assert "=a_1__b" in book.sheetnames
    assert "'=a_1__b'!B2" in book["probabilities"]["B2"].value


def test_names_of_sheets() -> None:
    taken: set[str] = set()
    long = "a" * 40
    assert sheet_name(long, taken) == "a" * 31
    assert sheet_name(long, taken) == "a" * 29 + "~2"
    assert sheet_name("A" * 31, taken) == "A" * 29 + "~3"
    assert sheet_name("it's: [x]", taken) == "it's_ _x_"
    assert sheet_name("'''", taken) == "_"
    assert Sheet("it's", (3,)).cell((2,)) == "'it''s'!B4"


def test_names_of_cells() -> None:
    assert cell_name(0, 0) == "B2"
    for column in range(module.MOST_COLUMNS):
        assert cell_name(8, column) == f"{get_column_letter(column + 2)}10"
    assert Sheet("s", (4, 5, 3)).block((1, 0, 0), (2, 1, 2)) == "'s'!B3:G4"


def test_functions_of_many_cells_are_nested() -> None:
    formula = nested("SUM", [f"c{k}" for k in range(2 * MOST_ARGUMENTS + 1)])
    assert formula.startswith("SUM(SUM(c0,")
    assert formula.count("SUM(") == 4
    assert formula.count("c") == 2 * MOST_ARGUMENTS + 1


def test_without_openpyxl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingDependencyError, match=r"pip install openpyxl"):
        workbook(activations_of("lenet5"))


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MOST_CELLS", 1000, r"would fill \d+,\d+ cells, a spreadsheet holds 1,000 at most"),
        ("MOST_COLUMNS", 100, "layer 'C1' would fill 168 columns, a spreadsheet holds 100"),
        ("LONGEST_FORMULA", 20, "joins too many values for one cell's formula"),
    ],
)
def test_networks_that_no_spreadsheet_holds(
    limit: str, value: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(ArgumentError, match=message):
        workbook(activations_of("lenet5"))
