"""A list of the runs below a folder: data, architecture, result, state and date of each.

Only headers and small text files are read, no weights, so that hundreds of runs take a moment. What
cannot be read is listed with the reason.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pellucid.data.detect_format import BUILTIN
from pellucid.errors import DataError, PellucidError
from pellucid.files import model_file, state_file
from pellucid.files.container import peek
from pellucid.files.lock import is_locked
from pellucid.metrics.chance import wilson
from pellucid.tasks.measures import MEASURES
from pellucid.text import folder_name, printable
from pellucid.training.history import VALIDATION
from pellucid.training.network_file import network_notes
from pellucid.training.run_folder import RunFolder, run_history

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

State = Literal["running", "finished", "stopped", "damaged"]

_LARGEST_CONFIG = 1 << 24


@dataclass(frozen=True)
class ListedRun:
    """One run in a list.

    Attributes:
        path: Its folder.
        state: ``running`` (a process is writing in it), ``finished`` (all its epochs are done, or
            patience ended it), ``stopped`` (``--resume`` goes on), or ``damaged``.
        date: When anything of it was last written.
        data: What it learned from: a folder's or file's name, or ``mnist``; none if unknown.
        architecture: Its name; none if unknown.
        epochs: How many are done.
        planned: How many were wanted; none if unknown.
        best_epoch: The epoch that the model is of; none before the first is done.
        accuracy: Of that model on the validation pictures, 0 to 1; none without any.
        interval: Its 95 % interval; none without an accuracy.
        started_from: The model that training started from; none: from scratch.
        reason: Why it is damaged; else none.
        measures: What else that model was measured by on the validation pictures, by name.
    """

    path: Path
    state: State
    date: datetime
    data: str | None = None
    architecture: str | None = None
    epochs: int = 0
    planned: int | None = None
    best_epoch: int | None = None
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    started_from: str | None = None
    reason: str | None = None
    measures: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            **vars(self),
            "path": os.fspath(self.path),
            "date": self.date.isoformat(timespec="seconds"),
            "interval": None if self.interval is None else list(self.interval),
        }


def list_runs(folder: Path) -> list[ListedRun]:
    """The runs in a folder and below it, the newest first; of equal dates, by path.

    Hidden folders and links to folders are not searched.

    Raises:
        DataError: If it is no folder.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "there is no such folder"
        raise DataError(f"{printable(folder)}: {what}; give a folder with runs in it, or below it")
    found = [_listed(path, names) for path, names in _walk(folder)]
    return sorted(
        (run for run in found if run is not None), key=lambda run: (-run.date.timestamp(), run.path)
    )


def _walk(folder: Path) -> Iterator[tuple[Path, set[str]]]:
    """Every folder that may hold a run, with the names of its files."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        names, below = set(), []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not entry.name.startswith("."):
                            below.append(place / entry.name)
                    elif _is_file(entry):
                        names.add(entry.name)
        except OSError:  # not ours to read: nothing of it can be listed
            continue
        waiting += sorted(below, reverse=True)
        if names & {RunFolder.CONFIG, RunFolder.MODEL, RunFolder.LAST, RunFolder.PREVIOUS}:
            yield place, names


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to one: no pipe, which would let its reader wait."""
    try:
        return entry.is_file()
    except OSError:  # a link to itself
        return False


def _listed(path: Path, names: set[str]) -> ListedRun | None:
    """A folder's run; none where its files are another program's."""
    config, faults = _config(path, names)
    model, state = _peeked(path, names, RunFolder.MODEL, faults), None
    for name in (RunFolder.LAST, RunFolder.PREVIOUS):
        if state is None:
            state = _peeked(path, names, name, faults)
    ours = config is not None or model is not None or state is not None
    if not ours and not names & {RunFolder.LAST, RunFolder.PREVIOUS, RunFolder.HISTORY}:
        return None  # config.json or model.safetensors of another program
    date = _date(path, names)
    values = _dict(state, "values")
    origin = _dict(model, "provenance") or _dict(values, "provenance") or config or {}
    results = _dict(origin, "results")
    rows = values.get("history")
    done = len(rows) if isinstance(rows, list) else len(run_history(path))
    recipe = _dict(origin, "recipe")
    best = _whole(results, "epoch")
    planned, patience = _whole(recipe, "epochs"), _whole(recipe, "patience")
    accuracy, judged = (
        results.get("validation_accuracy"),
        _whole(_dict(origin, "validation"), "pictures"),
    )
    if not isinstance(accuracy, float | int) or not 0.0 <= accuracy <= 1.0:
        accuracy = None
    waited = patience is not None and best is not None and done - best >= patience
    kind: State = "finished" if done == planned or waited or not state else "stopped"
    if is_locked(path):
        kind = "running"
    elif faults:
        kind = "damaged"
    elif model is None and not done:
        kind = "stopped"  # before its first epoch was done
    return ListedRun(
        path,
        kind,
        date,
        _data(values or {"notes": network_notes(path)}, origin),
        _text(origin, "architecture"),
        done,
        planned,
        best,
        accuracy,
        None if accuracy is None or not judged else wilson(round(accuracy * judged), judged),
        _text(_dict(origin, "start_from"), "name"),
        "; ".join(faults) if kind == "damaged" else None,
        _measures(results),
    )


def _measures(results: dict[str, Any]) -> dict[str, float]:
    """The measures of the best epoch that are no accuracy; nothing where they are no numbers.

    In the order of :data:`MEASURES`, where a task's first measure comes first: files sort theirs.
    """
    return {
        name: results[VALIDATION + name]
        for name in MEASURES
        if name != "accuracy" and type(results.get(VALIDATION + name)) is float
    }


def _config(path: Path, names: set[str]) -> tuple[dict[str, Any] | None, list[str]]:
    if RunFolder.CONFIG not in names:
        return None, []
    place = path / RunFolder.CONFIG
    try:
        if place.stat().st_size > _LARGEST_CONFIG:
            raise ValueError("too large")  # noqa: TRY301 - one way out for all faults
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return None, [f"{RunFolder.CONFIG} cannot be read ({printable(str(error))[:80]})"]
    if not isinstance(found, dict) or not {"recipe", "data"} <= found.keys():
        return None, []
    return found, []


def _peeked(path: Path, names: set[str], name: str, faults: list[str]) -> dict[str, Any] | None:
    """What a file's header says; a fault is added to the list."""
    if name not in names:
        return None
    try:
        if name == RunFolder.MODEL:
            return peek(path / name, model_file.KIND, model_file.FORMAT)
        return peek(path / name, state_file.KIND, state_file.FORMAT)
    except PellucidError as error:
        start = f"{printable(path / name)}: "
        faults.append(f"{name} {str(error).removeprefix(start)}")
        return None


def _data(values: dict[str, Any], origin: dict[str, Any]) -> str | None:
    """What the data are called: as the command named them, or as the data set is called."""
    named = _text(_dict(values, "notes"), "data")
    if named is None:
        return _text(_dict(origin, "data"), "name")
    return named if named in BUILTIN else folder_name(named)


def _date(path: Path, names: set[str]) -> datetime:
    written = 0.0
    for name in names & {
        RunFolder.CONFIG, RunFolder.MODEL, RunFolder.LAST, RunFolder.PREVIOUS, RunFolder.HISTORY
    }:  # fmt: skip
        try:
            written = max(written, (path / name).stat().st_mtime)
        except OSError:  # gone meanwhile, or a link to nothing
            continue
    return datetime.fromtimestamp(written, UTC).astimezone()


def _dict(values: dict[str, Any] | None, name: str) -> dict[str, Any]:
    found = (values or {}).get(name)
    return found if isinstance(found, dict) else {}


def _text(values: dict[str, Any], name: str) -> str | None:
    found = values.get(name)
    return found if isinstance(found, str) else None


def _whole(values: dict[str, Any], name: str) -> int | None:
    found = values.get(name)
    return found if type(found) is int and found > 0 else None
