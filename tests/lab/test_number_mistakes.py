"""How far off a run's predicted numbers are, in the lab, and decisions about their labels."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid import ImageRegressor
from pellucid.lab.described import model_provenance
from pellucid.tasks import Regression
from tests.lab.number_demo import COUNT, make
from tests.lab.running import Opened, opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, float]]:
    """A folder with pictures, a list and a run, and the right numbers of those that are wrong."""
    root = tmp_path_factory.mktemp("numbers")
    return root, make(root)


def found(lab: Opened) -> tuple[str, dict[str, Any]]:
    """The run's path and its mistakes."""
    (run,) = lab.get("api/runs")["runs"]
    path = f"api/runs/{run['id']}/mistakes"
    return path, lab.found(path)


def pixels(lab: Opened, path: str) -> np.ndarray:
    answer = lab.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_wrong_numbers_come_first_with_pictures_and_evidence(
    place: tuple[Path, dict[str, float]],
) -> None:
    root, wrong = place
    with opened(root / "runs", str(root / "bars" / "bars.csv")) as lab:
        path, mistakes = found(lab)
        rows = mistakes["rows"]
        assert mistakes["decidable"]
        assert mistakes["unit"] == "standard deviations"
        parts = {each["part"]: each for each in mistakes["parts"]}
        assert sum(each["pictures"] for each in parts.values()) == mistakes["of"] == len(rows)
        assert [each["name"] for each in parts["train"]["numbers"]] == ["grey"]
        learned = {row["path"] for row in rows}
        first = {row["path"] for row in rows[: len(wrong.keys() & learned)]}
        assert first == wrong.keys() & learned
        model = ImageRegressor.load(root / "runs" / "bars")
        task = model.model_.task
        assert isinstance(task, Regression)
        for row in rows:
            (number,) = row["numbers"]
            assert row["error"] == pytest.approx(abs(number["residual"]) / task.scale[0], rel=1e-6)
            if row["part"] == "validation":
                assert number["answered"] == pytest.approx(
                    model.predict(root / "bars" / row["path"]), abs=1e-4
                )
        one = f"{path}/{rows[0]['id']}"
        own = np.asarray(Image.open(root / "bars" / rows[0]["path"]))
        assert (pixels(lab, f"{one}/picture")[..., 0] == own).all()
        evidence = pixels(lab, f"{one}/evidence")
        assert evidence.shape == (16, 16, 4)
        assert (evidence == pixels(lab, f"{one}/evidence?method=evidence&number=grey")).all()
        refused = lab.ask("GET", f"{one}/evidence", params={"number": "speed"})
        assert refused.status_code == 400
        assert "grey" in refused.json()["error"]
        near = lab.get(f"{one}/nearest")
        assert all(0 <= float(each["label"]) <= 10 for each in near)


def test_right_numbers_are_decided_and_learned(place: tuple[Path, dict[str, float]]) -> None:
    root, wrong = place
    with opened(root / "runs", str(root / "bars" / "bars.csv")) as lab:
        path, mistakes = found(lab)
        first = path.removesuffix("/mistakes")
        assert lab.get("api/decisions")["numbers"] == 1

        def decide(label: str, name: str) -> int:
            changes = [{"path": name, "after": {"decision": "move", "label": label}}]
            answer = lab.ask("PUT", "api/decisions", json={"changes": changes})
            if answer.status_code == 400:
                assert name in answer.json()["error"]
            return int(answer.status_code)

        name = mistakes["rows"][0]["path"]
        for label in ("much", "1;2", "nan", "inf", "1e999"):
            assert decide(label, name) == 400
        for each, number in wrong.items():
            assert decide(f"{number:.4g}", each) == 200
        started = lab.ask("POST", f"{first}/train-on", json={})
        assert started.status_code == 201, started.text
        (job,) = lab.lab.jobs._jobs.values()
        assert job.process.wait(300) == 0, job.to_dict()["log"]
        lab.lab.runs.listed(fresh=True)
        run = lab.lab.runs.find(started.json()["id"])
        assert model_provenance(run.path)["decisions"]["move"] == len(wrong)
        again = f"api/runs/{started.json()['id']}/mistakes"
        while (after := lab.get(again))["state"] == "finding":
            time.sleep(0.05)
        assert after["state"] == "done", after["error"]
        for row in after["found"]["rows"]:
            if row["path"] in wrong:
                assert row["numbers"][0]["true"] == pytest.approx(wrong[row["path"]], rel=1e-3)
        assert len(after["found"]["rows"]) <= COUNT
