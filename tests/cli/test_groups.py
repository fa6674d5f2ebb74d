"""``--group`` from data to judgement: kept, resumed and repeated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

import pellucid as pl
from pellucid.data.reference import Reference
from pellucid.files.referenced import ReferencedPictures
from pellucid.training.saved_run import read_saved_run
from tests.data.made_files import encoded, write
from tests.transfer.made import body_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def drawn(root: Path) -> Path:
    """Light and dark pictures, 12 of each of five people."""
    random = np.random.default_rng(4)
    for k in range(120):
        name = ("dark", "light")[k % 2]
        level = random.integers(0, 120, (8, 8)) + (k % 2) * 120
        write(root / name / f"{k}_p{k % 5}.png", encoded(level.astype(np.uint8)))
    return root


def test_a_run_keeps_its_groups(pellucid: Command, tmp_path: Path) -> None:
    source, run = drawn(tmp_path / "people"), tmp_path / "run"
    settings = ("--epochs", 2, "--group", "*_{group}", "--seed", 5, "--no-report")
    done = pellucid("train", source, *settings, "--out", run)
    assert "groups by *_{group}: 5, of which validation 1 (p" in done.stderr
    kept = read_saved_run(run)
    assert kept.notes["group"] == "*_{group}"
    assert kept.provenance["group"] == "*_{group}"

    splits = pl.data.load(source, group="*_{group}", seed=5)
    assert splits.test is not None
    judged = pellucid("evaluate", run, source, "--json")
    assert json.loads(judged.stdout)["count"] == 24
    assert "set aside for the test, 24 of 120 pictures" in judged.stderr
    assert json.loads(judged.stdout) == pl.load(run).evaluate(splits.test).to_dict()
    for part, expected in (("test", splits.test), ("train", splits.train)):
        named = ReferencedPictures(pl.load(run).model_).part(Reference(str(source), part, None))
        assert named.names == expected.names

    # other pictures, whose names have no such groups, are all judged
    other = tmp_path / "other"
    for path in sorted(source.rglob("*.png"))[::9]:
        write(other / path.parent.name / f"{path.stem[0]}x.png", path.read_bytes())
    count = sum(1 for _ in other.rglob("*.png"))
    assert json.loads(pellucid("evaluate", run, other, "--json").stdout)["count"] == count


def test_a_resumed_run_draws_the_same_groups(pellucid: Command, tmp_path: Path) -> None:
    source = drawn(tmp_path / "people")
    whole = pl.ImageClassifier(epochs=3, group="*_{group}", seed=2, verbose=0)
    whole.fit(str(source), out=tmp_path / "whole")
    pellucid(
        "train", source, "--epochs", 3, "--group", "*_{group}", "--seed", 2, "--no-report",
        "--out", tmp_path / "run",
    )  # fmt: skip
    again = pl.load(tmp_path / "run")
    for name, weight in whole.model_.network.weights.items():
        assert np.array_equal(weight, again.model_.network.weights[name])
    (tmp_path / "run" / "report.html").unlink(missing_ok=True)
    assert "groups by *_{group}: 5" in pellucid("train", "--resume", tmp_path / "run").stderr


def test_folds_of_whole_groups(pellucid: Command, tmp_path: Path) -> None:
    source = drawn(tmp_path / "people")
    common = ("train", source, "--from", body_file(tmp_path), "--group", "*_{group}")
    done = pellucid(*common, "--folds", 3, "--no-report", "--out", "run")
    assert "groups by *_{group}: 5" in done.stderr
    folds = json.loads((tmp_path / "run" / "folds.json").read_text())
    assert folds["folds"] == 3
    assert folds["count"] == 96
    few = pellucid(*common, "--folds", 9, "--out", "more", code=1).stderr
    assert "4 groups cannot be divided into 9 folds" in few


def test_the_judgement_repeats_the_fold(pellucid: Command, tmp_path: Path) -> None:
    film, run = tmp_path / "film.csv", tmp_path / "run"
    lines = ["path,angle"]
    for k in range(53):
        write(tmp_path / f"{k}.png", encoded(np.full((8, 8), 4 * k, np.uint8)))
        lines.append(f"{k}.png,{k / 10 + 0.05}")
    film.write_text("\n".join(lines) + "\n")
    settings = ("--group", "rows:5", "--test-fold", "2/5", "--epochs", 1, "--no-report")
    done = pellucid("train", film, *settings, "-a", "lecture", "--seed", 3, "--out", run)
    assert "fold 2/5" in done.stderr
    judged = pellucid("evaluate", run, film, "--json")
    true = [each["true"][0] for each in json.loads(judged.stdout)["predictions"]]
    assert sorted(round(10 * value - 0.5) for value in true) == [
        row for row in range(53) if row // 5 % 5 == 1
    ]
