"""The list of runs, and one run: what a lab says of them, whatever happens to their folders."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from pellucid.lab.runs import Runs
from pellucid.training.runs import list_runs
from tests.lab.conftest import NAMES
from tests.lab.running import opened

if TYPE_CHECKING:
    from pathlib import Path


def test_the_list_has_what_pellucid_runs_has(runs: Path) -> None:
    with opened(runs) as lab:
        found = lab.get("api/runs")
    assert [row["path"] for row in found["runs"]] == [run.path.name for run in list_runs(runs)]
    assert {row["path"] for row in found["runs"]} == set(NAMES)
    for row in found["runs"]:
        assert row["state"] == "finished"
        assert (row["epochs"], row["planned"]) == (2, 2)
        assert row["architecture"] == "lenet5"


def test_no_folder_no_runs(tmp_path: Path) -> None:
    with opened(tmp_path / "later") as lab:
        assert lab.get("api/runs") == {"runs": [], "data": None}
    assert not (tmp_path / "later").exists()


def test_a_run_has_its_history(runs: Path) -> None:
    with opened(runs) as lab:
        for row in lab.get("api/runs")["runs"]:
            found = lab.get(f"api/runs/{row['id']}")
            assert found["run"] == row
            assert found["recipe"]["epochs"] == 2
            lines = (runs / row["path"] / "history.csv").read_text().splitlines()
            assert [epoch["epoch"] for epoch in found["history"]] == [1, 2]
            assert len(lines) == 3
            column = lines[0].split(",").index("validation_loss")
            assert found["history"][1]["validation_loss"] == float(lines[2].split(",")[column])


def test_identifiers_are_no_paths(runs: Path) -> None:
    found = Runs(runs)
    for identifier, run in found.listed().items():
        assert identifier.isalnum()
        assert run.path.name not in identifier
        assert Runs(runs).find(identifier).path == run.path


def test_a_run_that_is_removed(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs, tmp_path / "runs")
    with opened(tmp_path / "runs") as lab:
        first, second = lab.get("api/runs")["runs"]
        shutil.rmtree(tmp_path / "runs" / first["path"])
        gone = lab.ask("GET", f"api/runs/{first['id']}")
        assert gone.status_code in (200, 404)  # the list may be a second old
        lab.lab.runs.listed(fresh=True)
        gone = lab.ask("GET", f"api/runs/{first['id']}")
        assert gone.status_code == 404
        assert "\n" not in gone.json()["error"]
        assert lab.get(f"api/runs/{second['id']}")["run"] == second


def test_a_run_that_is_damaged_or_newer(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs, tmp_path / "runs")
    (tmp_path / "runs" / NAMES[0] / "model.safetensors").write_bytes(b"no model")
    newer = tmp_path / "runs" / NAMES[1] / "model.safetensors"
    content = newer.read_bytes()
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    kept = json.loads(head["__metadata__"]["pellucid"])
    kept["format"] = 99
    head["__metadata__"]["pellucid"] = json.dumps(kept)
    text = json.dumps(head).encode()
    newer.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    with opened(tmp_path / "runs") as lab:
        rows = {row["path"]: row for row in lab.get("api/runs")["runs"]}
        assert {row["state"] for row in rows.values()} == {"damaged"}
        for row in rows.values():
            assert row["reason"]
            found = lab.get(f"api/runs/{row['id']}")
            assert found["run"]["reason"] == row["reason"]
            assert [epoch["epoch"] for epoch in found["history"]] == [1, 2]  # of history.csv


def test_what_is_no_number_is_null() -> None:
    from pellucid.lab.bodies import answer

    found = json.loads(bytes(answer({"a": [float("nan"), float("inf"), 1.5], "b": None}).body))
    assert found == {"a": [None, None, 1.5], "b": None}
