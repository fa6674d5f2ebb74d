"""The data that a run learned from, as the command that trained it called them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def learned_from(place: Path | None) -> str | None:
    """What the command that trained a run called its data; none where that is not known."""
    from pellucid.training.saved_run import run_data

    return None if place is None or not place.is_dir() else run_data(place)
