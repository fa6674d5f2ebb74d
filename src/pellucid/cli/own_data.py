"""The data that a run learned from, as the command that trained it called them."""

from __future__ import annotations

from pathlib import Path


def learned_from(place: Path | None) -> str | None:
    """What the command that trained a run called its data; none where that is not known."""
    from pellucid.training.saved_run import run_data

    return None if place is None or not place.is_dir() else run_data(place)


def learned_by(place: Path | None) -> Path | None:
    """The file of decisions that a run learned by; none where it had none, or it has gone."""
    from pellucid.training.saved_run import kept_notes

    if place is None or not place.is_dir():
        return None
    file = kept_notes(place).get("decisions")
    return Path(file) if isinstance(file, str) and Path(file).is_file() else None
