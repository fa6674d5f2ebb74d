"""Runs as the lab's pages show them: plain JSON values."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pellucid.errors import PellucidError
from pellucid.files import model_file
from pellucid.files.container import peek
from pellucid.text import printable
from pellucid.training.history import from_record
from pellucid.training.live import read_progress
from pellucid.training.run_folder import RunFolder, run_history

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.lab.runs import Runs
    from pellucid.training.history import Epoch
    from pellucid.training.runs import ListedRun

MOST_EPOCHS = 2_000
"""Epochs of a history that are sent, the last ones."""


def run_row(identifier: str, run: ListedRun, runs: Runs) -> dict[str, Any]:
    """A run of the list."""
    values = run.to_dict()
    place = run.path.relative_to(runs.root)
    values["path"] = printable(place.as_posix() if place.parts else run.path.resolve().name)
    for name in ("data", "architecture", "started_from", "reason"):
        values[name] = None if values[name] is None else printable(values[name])
    return {"id": identifier, **values}


def all_rows(runs: Runs) -> list[dict[str, Any]]:
    """All runs, the newest first."""
    return [run_row(identifier, run, runs) for identifier, run in runs.listed().items()]


def progress_of(path: Path) -> dict[str, Any] | None:
    """How far a run's training is; none where that is not known."""
    try:
        found = read_progress(path)
    except PellucidError:  # of another version, or damaged: the run is listed without it
        return None
    return None if found is None else asdict(found)


def history_rows(path: Path) -> list[dict[str, Any]]:
    """The epochs of a run, the last ones; of a model without a history file, the model's."""
    rows: list[Epoch] = run_history(path)
    if not rows:
        rows = from_record(model_provenance(path).get("history"))
    return [row.to_dict() for row in rows[-MOST_EPOCHS:]]


def model_provenance(path: Path) -> dict[str, Any]:
    """What a run's model says of its training; nothing where there is none that can be read."""
    try:
        kept = peek(path / RunFolder.MODEL, model_file.KIND, model_file.FORMAT).get("provenance")
    except PellucidError:
        return {}
    return kept if isinstance(kept, dict) else {}
