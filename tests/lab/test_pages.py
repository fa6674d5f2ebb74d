"""The page of a run within a lab, and the weights that it is given."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

import numpy as np

from pellucid.files import load_model
from pellucid.lab.follow import Follow
from tests.lab.conftest import NAMES
from tests.lab.running import Opened, opened
from tests.lab.test_events import heard

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


def page_of(lab: Opened, identifier: str) -> httpx.Response:
    """A run's page, once it is made."""
    while (found := lab.ask("GET", f"runs/{identifier}/page")).status_code == 503:
        assert "refresh" in found.text
        time.sleep(0.2)
    return found


def test_a_page_and_its_weights(runs: Path) -> None:
    with opened(runs) as lab:
        rows = {row["path"]: row["id"] for row in lab.get("api/runs")["runs"]}
        identifier = rows[NAMES[0]]
        assert lab.ask("GET", f"api/runs/{identifier}/weights").status_code == 400  # not opened
        found = page_of(lab, identifier)
        assert found.status_code == 200, found.text[:500]
        assert f"api/runs/{identifier}/events" in found.text
        assert "connect-src 'self'" in found.text
        weights = lab.ask("GET", f"api/runs/{identifier}/weights")
        kept = load_model(runs / NAMES[0] / "model.safetensors").network.weights
        assert weights.headers["pellucid-epoch"] in ("1", "2")
        numbers = np.frombuffer(weights.content, "<f4")
        assert numbers.size == sum(array.size for array in kept.values())
        np.testing.assert_array_equal(
            np.sort(numbers), np.sort(np.concatenate([a.reshape(-1) for a in kept.values()]))
        )


def test_a_run_that_has_no_weights_yet_answers_with_nothing(runs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs / NAMES[0], run)
    model = run / "model.safetensors"
    with opened(tmp_path) as lab:
        identifier = lab.get("api/runs")["runs"][0]["id"]
        content = model.read_bytes()
        model.unlink()
        assert page_of(lab, identifier).status_code == 200  # by what describes its network
        found = lab.ask("GET", f"api/runs/{identifier}/weights")
        assert (found.status_code, found.content) == (204, b"")
        model.write_bytes(content)
        assert lab.ask("GET", f"api/runs/{identifier}/weights").status_code == 200


def test_an_unknown_language(runs: Path) -> None:
    with opened(runs) as lab:
        identifier = lab.get("api/runs")["runs"][0]["id"]
        found = lab.ask("GET", f"runs/{identifier}/page?language=../x")
        assert found.status_code == 400
        assert "language" in found.json()["error"]


def test_a_page_hears_of_new_weights(runs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs / NAMES[0], run)
    with opened(tmp_path) as lab:
        stream = Follow(lab.lab, run)
        first = heard(stream.news())
        assert first["progress"]["ended"] == "finished"
        assert first["weights"]["number"] == 1
        assert heard(stream.news()) == {}
        (run / "live" / "weights.safetensors").write_bytes(b"new ones")
        assert heard(stream.news()) == {"weights": {"number": 2, "step": None, "epoch": None}}


def test_a_training_is_asked_for_its_weights_as_long_as_a_page_listens(
    runs: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(runs / NAMES[0], run)
    wanted, place = run / "live" / "wanted.json", run / "live" / "progress.json"
    with opened(tmp_path) as lab:
        heard(Follow(lab.lab, run).news())
        assert not wanted.exists()  # it has ended
        progress = json.loads(place.read_text())
        place.write_text(json.dumps({**progress, "ended": ""}))
        stream = Follow(lab.lab, run)
        assert "failed" not in heard(stream.news())
        first = json.loads(wanted.read_text())["number"]
        heard(stream.news())
        assert json.loads(wanted.read_text())["number"] == first  # not at every look
        wanted.unlink()
        wanted.mkdir()
        found = heard(Follow(lab.lab, run).news())
        assert "wanted.json" in found["failed"]["error"]
