"""PilotNet learns to steer on drawn drives: side cameras, flips, and another drive as the judge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.drives import CORRECTION, Drive, write_list

import pellucid as pl
from pellucid.data.augment import Augmentation

if TYPE_CHECKING:
    from pathlib import Path


def test_other_drives_are_steered(tmp_path: Path) -> None:
    """In one light and on small pictures; ``python -m benchmarks.driving`` does it in many."""
    rows = []
    for seed in range(4):
        drive = replace(Drive.random(seed, 40), look=2)
        rows += drive.write(tmp_path, f"drive{seed}", 61, 100)
    splits = pl.data.load(
        write_list(tmp_path / "drives.csv", rows),
        side_cameras=CORRECTION, group="drive", test_fold="1/4", label_column="angle",
    )  # fmt: skip
    assert splits.test is not None
    assert splits.validation is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (240, 40, 40)
    model = pl.ImageRegressor(
        "pilotnet", epochs=8, seed=0, verbose=0,
        augmentation=Augmentation(horizontal_flip=True, flip_negates=("angle",)),
    )  # fmt: skip
    report = model.fit(splits).evaluate(splits.test)
    assert report.r2 > 0.85
    assert report.in_bands([0.1]).bands[-1].right_sign > 0.9
