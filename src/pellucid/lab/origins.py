"""From which run another was trained on, as the lab that started it keeps it in its folder."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pellucid.files import write_text

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.lab.runs import Runs
    from pellucid.training.runs import ListedRun

FILE = "trained-on.json"
"""In a run's folder: a head on a trained body does not know the run whose mistakes led to it."""

_FORMAT = 1
_LARGEST = 65_536


def write_origin(folder: Path, before: Path) -> None:
    """Keep in a run's folder from which run it is trained on.

    Args:
        folder: The new run's.
        before: The run's that it is trained on from.

    Raises:
        OutputError: If it cannot be written.
    """
    place = os.path.relpath(before, folder)
    write_text(folder / FILE, json.dumps({"format": _FORMAT, "run": place}) + "\n")


def find_origin(run: ListedRun, runs: Runs) -> str | None:
    """The identifier of the run that another was trained on from; none where that is not known.

    Without a file of the lab, it is the only listed run that is called as the model from which the
    training started, and learned from data of the same name.

    Args:
        run: The later run.
        runs: All runs of the lab.
    """
    listed = {os.path.normpath(each.path): name for name, each in runs.listed().items()}
    kept = _kept(run.path)
    if kept is not None:
        return listed.get(os.path.normpath(run.path / kept))
    called = [
        name
        for name, each in runs.listed().items()
        if each.path.name == run.started_from and each.path != run.path and each.data == run.data
    ]
    return called[0] if len(called) == 1 else None


def _kept(folder: Path) -> str | None:
    try:
        with (folder / FILE).open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        return None
    place = found.get("run")
    return place if isinstance(place, str) and "\0" not in place else None
