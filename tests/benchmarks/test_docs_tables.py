"""Tables in README and the documentation are made of what was measured, and say what that says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.docs_tables import PAGES, PLACE, TABLES, as_it_is, rendered
from benchmarks.figures import Figures
from benchmarks.workloads import WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

MB = 2**20
FACTS = {
    "processor": "made up", "vectors": "avx2", "PyTorch": "9.1", "ONNX Runtime": "8.2",
    "OpenVINO": "7.3", "JAX": "6.4", "Keras": "5.5",
}  # fmt: skip
FIGURES = [
    Figures("native", [300.0, 200.0, 250.0], 100 * MB),
    Figures("pytorch", [100.0, 100.0, 100.0], 400 * MB),
    Figures("pytorch-channels-last", [120.0, 160.0, 125.0], 250 * MB),
    Figures("jax", [50.0, 60.0, 55.0], 200 * MB),
]


def results(folder: Path, **others: list[Figures]) -> Path:
    """Made-up results of all tasks on one workload, and of others on their own."""
    measured = {"lenet5": FIGURES, **others}
    for task in ("train", "forward", "latency"):
        values: dict[str, Any] = {
            "machine": {"facts": FACTS, "load": 0.25, "peaks": {"1": 400.0, "4": 1000.0}},
            "threads": 4, "turns": 3, "seconds": 0.5,
            "results": {n: [one.to_dict() for one in each] for n, each in measured.items()},
        }  # fmt: skip
        (folder / f"{task}.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def cells(name: str, folder: Path) -> dict[str, list[str]]:
    """A table's rows, by their first cell."""
    lines = [line for line in TABLES[name](folder).splitlines() if line.startswith("| ")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_not_behind_their_results(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert PLACE.findall(text)
    assert rendered(text) == text, "run: python -m benchmarks.docs_tables"


def test_every_table_stands_somewhere() -> None:
    found = [m[1] for page in PAGES for m in PLACE.findall(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(TABLES)


def test_a_page_keeps_what_stands_around(tmp_path: Path) -> None:
    text = "a\n<!-- benchmark: latency -->\nold\n<!-- end of benchmark -->\nb\n"
    new = rendered(text, results(tmp_path))
    assert new.startswith("a\n<!-- benchmark: latency -->\n|")
    assert new.endswith("<!-- end of benchmark -->\nb\n")
    assert "old" not in new
    assert rendered(new, tmp_path) == new


def test_a_table_that_there_is_none_of(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nothing"):
        rendered("<!-- benchmark: nothing -->\n<!-- end of benchmark -->", tmp_path)


def test_the_summary_is_beside_the_best_of_all(tmp_path: Path) -> None:
    # turn by turn 300/120, 200/160 and 250/125: the median is 2
    (row,) = [row for name, row in cells("summary", results(tmp_path)).items() if "LeNet" in name]
    assert row == ["250", "125", "pytorch-channels-last", "2.0"]


def test_training(tmp_path: Path) -> None:
    rows = cells("training", results(tmp_path))
    assert [rows[one.contender] for one in FIGURES] == [["250"], ["100"], ["125"], ["55"]]
    assert rows["native ÷ best peer"] == ["2.00"]
    share = 250 * WORKLOADS["lenet5"].training_flops / 1000e9
    assert rows["native, of the peak"] == [f"{share:.0%}"]
    assert rows["native's memory ÷ least peer's"] == ["0.50"]


def test_latency_counts_microseconds(tmp_path: Path) -> None:
    rows = cells("latency", results(tmp_path))
    assert [row[0].replace("\u202f", "") for row in rows.values()][2:] == [
        "4000", "10000", "8000", "18182", "0.50",
    ]  # fmt: skip


def test_who_was_not_measured_on_a_workload_has_no_figure(tmp_path: Path) -> None:
    rows = cells("forward", results(tmp_path, vggsmall=FIGURES[:1]))
    assert rows["native"] == ["250", "250"]
    assert rows["jax"] == ["55", "–"]
    assert rows["native ÷ best peer"] == ["2.00", "–"]


def test_whole_numbers_beside_floats_and_the_best_of_others(tmp_path: Path) -> None:
    values = json.loads((results(tmp_path) / "forward.json").read_text())
    measured = [
        (Figures("native", [200.0], 1), {"accuracy": 0.98}),
        (Figures("onnxruntime-floats", [900.0], 1), {}),  # its floats are no peer of whole numbers
        (Figures("native-int8", [300.0], 1), {"accuracy": 0.975}),
        (Figures("onnxruntime-int8-u8s8", [120.0], 1), {"accuracy": 0.9}),
        (Figures("onnxruntime-int8-s8s8", [150.0], 1), {"accuracy": 0.9}),
    ]
    values["results"] = {"lenet5": [{**one.to_dict(), **more} for one, more in measured]}
    (tmp_path / "int8.json").write_text(json.dumps(values), encoding="utf-8")
    (row,) = [row for name, row in cells("int8", tmp_path).items() if "LeNet" in name]
    assert row == ["300", "200", "150", "1.50", "2.00", "97.50%", "0.50"]


def test_conditions_name_machine_and_packages(tmp_path: Path) -> None:
    text = TABLES["forward"](results(tmp_path))
    for fact in ("made up", "4 threads", "1000 GFLOP/s", "PyTorch 9.1", "JAX 6.4", "3 turns"):
        assert fact in text
    assert "OpenVINO" not in text  # did not take part
    assert "Keras" not in text


def test_contenders_are_explained_once(tmp_path: Path) -> None:
    lines = TABLES["contenders"](results(tmp_path)).splitlines()
    assert [line.split("`")[1] for line in lines[:-1]] == [one.contender for one in FIGURES]


def test_a_file_of_several_tables(tmp_path: Path) -> None:
    rows = ["| a | b |", "| --- | --- |", "| 1 | x |", "| 2 | y |"]
    text = "\n".join(["# Title", "", "- fact", "", *rows, "", "words", "", *rows[:3], ""])
    (tmp_path / "some.md").write_text(text, encoding="utf-8")
    assert as_it_is("some")(tmp_path).splitlines() == rows
    assert as_it_is("some", 1)(tmp_path).splitlines() == rows[:3]
    second = as_it_is("some", only=lambda cells: cells == ["2", "y"])
    assert second(tmp_path).splitlines() == [*rows[:2], rows[3]]
