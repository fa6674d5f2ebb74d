"""Runs that all tests of the lab look at; none may write there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier
from tests.cli.conftest import pellucid, picture_folder

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["pellucid", "picture_folder", "runs"]

NAMES = ("first", "<b>second<i> & co")
"""Of the runs; one is markup, if nobody escapes it."""


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two finished runs of small networks."""
    root = tmp_path_factory.mktemp("lab") / "runs"
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (24, 12, 12, 1), np.uint8)
    labels = np.arange(24) % 2
    pictures[labels == 1, :6] //= 4
    for name in NAMES:
        ImageClassifier("lenet5", epochs=2, batch_size=8, engine="reference", validation=8).fit(
            pictures, labels, out=root / name
        )
    return root
