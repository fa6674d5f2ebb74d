"""A run's folder: what it was told, how it went, the best model, the last state."""

from __future__ import annotations

import json
import os
from itertools import count
from typing import TYPE_CHECKING, ClassVar

from pellucid.data.names import shown
from pellucid.errors import DataError, OutputError
from pellucid.files import make_folder, save_model, save_state, write_text
from pellucid.training.history import to_csv

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.files import Model
    from pellucid.training.loop import Progress, Trained


class RunFolder:
    """A watcher that keeps a run in a folder.

    ``config.json`` is written at once; after every epoch ``model.safetensors`` if it became better,
    ``last.safetensors`` (weights, optimizer, history: all it takes to go on) and, when these are
    safe, ``history.csv``. Each file is replaced whole or not at all.

    Args:
        path: The folder; made if it is not there.
        model: The network with classes, preprocessing and provenance; its weights do not matter.
        overwrite: Whether a run that is there already may be replaced.

    Raises:
        OutputError: If the folder cannot be made or written in, or holds a run already.
    """

    CONFIG: ClassVar[str] = "config.json"
    HISTORY: ClassVar[str] = "history.csv"
    MODEL: ClassVar[str] = "model.safetensors"
    LAST: ClassVar[str] = "last.safetensors"

    def __init__(self, path: Path, model: Model, *, overwrite: bool = False) -> None:
        self.path = path
        self._model = model
        check_free(path, overwrite=overwrite)
        make_folder(path)
        config = {
            **model.provenance,
            "classes": list(model.classes),
            "preprocessing": model.preprocessing.to_dict(),
        }
        # The first file also shows, before hours of training, that the folder can be written in.
        write_text(path / self.CONFIG, json.dumps(config, indent=2, ensure_ascii=False) + "\n")

    def after_step(self, progress: Progress) -> None:
        """Nothing: a run is kept epoch by epoch."""

    def after_epoch(self, trained: Trained, program: Program) -> None:
        """Write what the epoch brought.

        Raises:
            OutputError: If a file cannot be written; the earlier one is intact.
        """
        if trained.best_epoch == len(trained.history):
            save_model(self.path / self.MODEL, trained.best_model(self._model))
        arrays = {
            **{f"weights/{name}": value for name, value in program.weights().items()},
            **{f"optimizer/{name}": value for name, value in program.optimizer_state().items()},
        }
        info = {
            "history": [row.to_dict() for row in trained.history],
            "best_epoch": trained.best_epoch,
            "provenance": self._model.provenance,
        }
        save_state(self.path / self.LAST, arrays, info)
        write_text(self.path / self.HISTORY, to_csv(trained.history))


def model_path(path: Path) -> Path:
    """The model file that is meant by a path: itself, or the one in a run's folder.

    Raises:
        DataError: If it is a folder without a model.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - never raises; whoever reads the file says why not
        return path
    if not (path / RunFolder.MODEL).exists():
        raise DataError(
            f"{shown(path)}: holds no {RunFolder.MODEL}; give a model file, or the folder of a run "
            "that has finished an epoch"
        )
    return path / RunFolder.MODEL


def holds_run(path: Path) -> bool:
    """Whether a folder holds a run, finished or not."""
    return any((path / name).exists() for name in (RunFolder.CONFIG, RunFolder.MODEL))


def check_free(path: Path, *, overwrite: bool) -> None:
    """Check that a folder may take a new run.

    Raises:
        OutputError: If it holds one that may not be overwritten.
    """
    if holds_run(path) and not overwrite:
        raise OutputError(
            f"{shown(path)} holds a run already; choose another folder, or overwrite it "
            "(--overwrite)"
        )


def free_folder(parent: Path, name: str) -> Path:
    """A folder for a new run: ``parent/name``, or ``parent/name-2`` and so on if that is taken."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(parent / free for free in names if not holds_run(parent / free))
