"""Who learns digits is given as many epochs as it needs, and the clock stops at the saved model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from benchmarks.learn_digits import MOST_EPOCHS, run_script
from benchmarks.measure import ContenderError

from benchmarks import learn_digits

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "tests.benchmarks.fake_digits"


def test_a_script_from_nothing(tmp_path: Path) -> None:
    seconds, accuracy, memory = run_script(SCRIPT, "native", 2, 1, 0.05, 3, tmp_path)
    assert seconds > 0
    assert accuracy == pytest.approx(0.99)
    assert memory > 2**20
    printed = json.loads((tmp_path / "native.model").read_text())
    assert printed == {"epochs": "2", "folder": str(tmp_path), "rate": "0.05", "threads": "3"}


def test_a_script_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ContenderError, match="native on digits: ended with exit code 1"):
        run_script(SCRIPT, "native", 1, 13, 0.05, 1, tmp_path)


def test_each_gets_the_fewest_epochs_that_reach_the_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[tuple[str, int, int]] = []

    def run(
        module: str, name: str, epochs: int, seed: int, rate: float, threads: int, files: Path
    ) -> tuple[float, float, int]:
        runs.append((name, epochs, seed))
        quick = {"native": 0.99, "pytorch-channels-last": 0.97}[name]
        return 10.0 * epochs + seed, min(1.0, quick + 0.01 * (epochs - 1) + 0.001 * seed), 1000

    monkeypatch.setattr(learn_digits, "run_script", run)
    monkeypatch.setattr(learn_digits, "_write_pictures", lambda files: None)
    contenders = ["native", "pytorch-channels-last"]
    ours, theirs = learn_digits.learn_digits(contenders, threads=2, turns=3, files=tmp_path)
    assert (ours.contender, ours.epochs, ours.seconds) == ("native", 1, [10.0, 11.0, 12.0])
    assert ours.accuracy == pytest.approx(0.991)
    assert (theirs.contender, theirs.epochs, theirs.median) == (contenders[1], 3, 31.0)
    assert runs[:4] == [(contenders[0], 1, 0), (contenders[1], 1, 0), (contenders[0], 1, 1),
                        (contenders[1], 1, 1)]  # fmt: skip
    assert len(runs) == 3 + 3 * 3


def test_who_never_reaches_it_stops_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learn_digits, "run_script", lambda *_: (1.0, 0.5, 1))
    monkeypatch.setattr(learn_digits, "_write_pictures", lambda files: None)
    (missed,) = learn_digits.learn_digits(["native"], threads=1, turns=1, files=tmp_path)
    assert missed.epochs == MOST_EPOCHS
    assert missed.accuracy == 0.5
