"""What a run's folder keeps of its training, read back."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.errors import DataError, FileFormatError, PellucidError
from pellucid.files import load_state, state_file
from pellucid.files.container import peek
from pellucid.short_repr import short_repr
from pellucid.tasks import TASKS, Generation, SingleLabel
from pellucid.text import counted, printable
from pellucid.training.checkpoint import Checkpoint, from_file
from pellucid.training.network_file import network_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LAST = "last.safetensors"
PREVIOUS = "previous.safetensors"


class DamagedStateWarning(UserWarning):
    """The newest state of a run could not be read, and the one before it is used."""


@short_repr
@dataclass(frozen=True, eq=False)
class SavedRun:
    """What was kept of a training.

    Attributes:
        checkpoint: Where to go on.
        provenance: The model's, without results.
        network: A digest of the network's layers.
        notes: What the command that began the run keeps with it.
        remark: One line for the user, if the newest state could not be read.
        graph: The network's description, where the run did not start from scratch.
    """

    checkpoint: Checkpoint
    provenance: dict[str, Any]
    network: str
    notes: dict[str, Any]
    remark: str | None
    graph: Any = None

    @property
    def finished(self) -> bool:
        """Whether the training had come to its end."""
        recipe = self.provenance.get("recipe")
        epochs, patience = (
            recipe.get(name) if isinstance(recipe, dict) else None
            for name in ("epochs", "patience")
        )
        trained = self.checkpoint.trained
        done = len(trained.history)
        waited = done - trained.best_epoch
        return done == epochs or (type(patience) is int and 0 < patience <= waited)

    def advice(self, path: Path, epochs: int | None) -> str:
        """How to train a finished run's model further: one line.

        Args:
            path: The run's folder.
            epochs: How many epochs are asked for, those that are done included; none: no number.
        """
        done = len(self.checkpoint.trained.history)
        ended = f"{printable(path)}: this run has ended, after {counted(done, 'epoch')}"
        task = TASKS.get(str(self.provenance.get("task")), SingleLabel)
        if task is Generation:
            return f"{ended}; to train longer, begin a new run of more epochs in another folder"
        more = [] if epochs is None else [str(epochs - done if epochs > done else epochs)]
        data = self.notes.get("data")
        if isinstance(data, str):
            option = [*reading_options(self.notes), *(["--epochs", *more] if more else [])]
            way = shlex.join(["pellucid", "train", data, "--start-from", os.fspath(path), *option])
        else:
            setting = f", epochs={more[0]}" if more else ""
            way = f"{task.estimator}(start_from={os.fspath(path)!r}{setting})"
        return f"{ended}; to train its model further, begin a new run from it: {printable(way)}"


def reading_options(given: Mapping[str, Any]) -> list[str]:
    """The options that a command needs to read the data of another as that did.

    Args:
        given: That command's options, by name.
    """
    return [
        f"--{name.replace('_', '-')}={given[name]}"
        for name in ("path_column", "label_column", "max_bytes")
        if given.get(name) is not None
    ]


def check_saved_run(path: Path) -> None:
    """Check that a run's folder holds a state, whole or not.

    Raises:
        DataError: If it is no folder, or holds none.
    """
    if not path.is_dir():
        what = "is a file" if path.exists() else "there is no such folder"
        raise DataError(f"{printable(path)}: {what}; give the folder of a run to resume")
    if not (path / LAST).exists() and not (path / PREVIOUS).exists():
        raise DataError(
            f"{printable(path)}: holds no training that can be taken up again (no {LAST}); give "
            "the folder of a run, or train from scratch without --resume"
        )


def read_saved_run(path: Path, check: Callable[[SavedRun], None] | None = None) -> SavedRun:
    """The newest state in a run's folder that is whole.

    Args:
        path: The folder.
        check: Raises a FileFormatError for a state that does not fit the network.

    Raises:
        DataError: If it is no folder, or holds none.
        FileFormatError: If all that it holds are damaged.
    """
    check_saved_run(path)
    last, previous = path / LAST, path / PREVIOUS
    try:
        return _checked(_read(last, None), check)
    except (FileFormatError, DataError) as error:
        if not previous.exists():
            raise
        remark = f"{error}; the state before it is used, {printable(previous)}"
        return _checked(_read(previous, remark), check)


def run_data(path: Path) -> str | None:
    """What the command that trained a run called its data; none where that is not known.

    Args:
        path: The run's folder.
    """
    data = kept_notes(path).get("data")
    return data if isinstance(data, str) else None


def kept_notes(path: Path) -> dict[str, Any]:
    """What the command that trained a run kept with its state, whose weights are not read.

    Args:
        path: The run's folder.

    Returns:
        Plain JSON values by name; none where there are none.
    """
    for name in (LAST, PREVIOUS):
        try:
            kept = peek(path / name, state_file.KIND, state_file.FORMAT).get("values")
        except PellucidError:  # before its first state; or that was removed, or is damaged
            continue
        notes = kept.get("notes") if isinstance(kept, dict) else None
        if isinstance(notes, dict):
            return notes
    return network_notes(path)


def _checked(kept: SavedRun, check: Callable[[SavedRun], None] | None) -> SavedRun:
    if check is not None:
        check(kept)
    return kept


def _read(path: Path, remark: str | None) -> SavedRun:
    arrays, values = load_state(path)
    checkpoint = from_file(arrays, values, printable(path))
    provenance, network = _current(values.get("provenance")), values.get("network")
    notes = values.get("notes")
    if not isinstance(provenance, dict) or not isinstance(network, str) or type(notes) is not dict:
        raise FileFormatError(
            f"{printable(path)}: does not say how it was trained; train from scratch"
        )
    return SavedRun(checkpoint, provenance, network, notes, remark, values.get("graph"))


def _current(provenance: Any) -> Any:
    """A provenance as this version writes it: layers from scratch were called ``anew`` before."""
    start = provenance.get("start_from") if isinstance(provenance, dict) else None
    if not isinstance(start, dict) or "anew" not in start:
        return provenance
    renamed = {"from_scratch" if name == "anew" else name: each for name, each in start.items()}
    return {**provenance, "start_from": renamed}
