"""A run's folder: its settings, how it went, the best model, the last state."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import time
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pellucid.data.ours import picture_in
from pellucid.errors import (
    ArgumentError,
    FileFormatError,
    OutputError,
    PellucidError,
)
from pellucid.files import (
    make_folder,
    remove_file,
    save_model,
    save_state,
    try_folder,
    write_file,
    write_text,
)
from pellucid.files.atomic import check_writable, remove_left_over
from pellucid.files.feature_file import FILE as FEATURES
from pellucid.files.lock import FolderLock
from pellucid.files.model_file import described_outputs
from pellucid.files.run_model import MODEL
from pellucid.files.strict_json import canonical
from pellucid.graph import INPUT, Graph, check_weights
from pellucid.graph.serialise import graph_to_dict
from pellucid.ops.types import Type
from pellucid.text import printable, truncated
from pellucid.training import saved_run
from pellucid.training.differences import differences, in_words
from pellucid.training.history import from_csv, to_csv
from pellucid.training.live.watcher import Live
from pellucid.training.network_file import network_bytes
from pellucid.training.replay import ReplayWriter
from pellucid.training.result import answering_network
from pellucid.training.stopping import Stopped, StopRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from pellucid.engines import Program
    from pellucid.files import Model
    from pellucid.training.checkpoint import Checkpoint
    from pellucid.training.history import Epoch
    from pellucid.training.result import Progress, TrainingResult, Underway

LARGEST_HISTORY = 1 << 24
"""Bytes of a history that is read."""

MINUTES = 5.0
"""Between two states that are kept, at most."""


class RunFolder:
    """A watcher that keeps a run in a folder, so that nothing is lost however the process ends.

    After every epoch are written ``model.safetensors`` if it became better, ``last.safetensors``
    (all it takes to go on), and when these are safe, ``history.csv``; ``last.safetensors`` also
    between, every few minutes. The state before it lives on as ``previous.safetensors``. Each file
    is replaced whole or not at all. ``config.json`` always describes the model beside it: in a new
    folder it is written at once; where a run is overwritten, the earlier one's files stay until the
    first epoch is done.

    Nobody else can write in the folder until :meth:`close`. As a context manager it also ends the
    training at Ctrl-C and SIGTERM, after the step it is at and with its state kept.

    Args:
        path: The folder; made if it is not there.
        model: The network with classes, preprocessing and provenance; its weights do not matter.
        overwrite: Whether a run that is there already may be replaced.
        resume: Go on with the run that is there: ``start`` is its state.
        minutes: Between two states at most; 0 keeps one after every step.
        notes: Plain JSON values to be kept with the state, for a command that resumes it.
        live: Whether it can be watched and steered while it runs, see
            :mod:`pellucid.training.live`.
        replay: Whether the weights after each epoch are kept, see :mod:`pellucid.training.replay`.

    Attributes:
        start: Where to go on; none for a new run.
        remark: One line for the user, if the newest state could not be read; else none.

    Raises:
        OutputError: If the folder cannot be made or written in, holds a run already, or another
            training is writing in it.
        ArgumentError: If the run to resume was trained otherwise, or on other pictures; with the
            differences.
        DataError: If there is no run to resume.
        FileFormatError: If its state is damaged, and the one before it, too.
    """

    CONFIG: ClassVar[str] = "config.json"
    HISTORY: ClassVar[str] = "history.csv"
    MODEL: ClassVar[str] = MODEL
    LAST: ClassVar[str] = saved_run.LAST
    PREVIOUS: ClassVar[str] = saved_run.PREVIOUS

    def __init__(
        self,
        path: Path,
        model: Model,
        *,
        overwrite: bool = False,
        resume: bool = False,
        minutes: float = MINUTES,
        notes: Mapping[str, Any] | None = None,
        live: bool = False,
        replay: bool = False,
    ) -> None:
        self.path = path
        self.start: Checkpoint | None = None
        self.remark: str | None = None
        self._model = model
        self._notes = dict(notes or {})
        self._seconds, self._step = 60.0 * minutes, 0
        self._request = StopRequest()
        self._kept_at: tuple[object, ...] | None = None
        described = {
            **model.provenance,
            **described_outputs(model.task),
            "preprocessing": model.preprocessing.to_dict(),
        }
        text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        self._config = text.encode("utf-8", errors="backslashreplace")
        self._network = _network_digest(model.network.graph)
        if not resume:
            check_free(path, overwrite=overwrite)
            make_folder(path)
        else:
            saved_run.check_saved_run(path)
        self._lock = FolderLock(path)
        try:
            self._open(overwrite=overwrite, resume=resume)
            answers = replace(model, network=answering_network(model, model.network.weights))
            names = answers.network.parameters
            self._live = Live(path, names, resumed=resume, writes=live)
            if live:
                self._live.describe(network_bytes(answers, self._notes))
            self._replay = ReplayWriter(path, names, resumed=resume, writes=replay)
        except BaseException:
            self.close()
            raise
        self._next = time.perf_counter() + self._seconds

    def _open(self, *, overwrite: bool, resume: bool) -> None:
        remove_left_over(self.path)
        if resume:
            self._resume()
            return
        check_free(self.path, overwrite=overwrite)  # another may have been faster than the lock
        # Now it shows, before hours of training, whether the folder can be written in.
        if holds_run(self.path):
            check_writable(self.path / self.CONFIG)
        else:
            write_file(self.path / self.CONFIG, self._config)

    def _resume(self) -> None:
        found = saved_run.read_saved_run(self.path, self._check_fits)
        wording = differences(found.provenance, self._model.provenance)
        if not wording and found.network != self._network:
            wording = ["the network has other layers"]
        if wording and found.finished:
            recipe = self._model.provenance.get("recipe", {})
            asked = found.advice(self.path, recipe.get("epochs"))
            raise ArgumentError(f"{asked} (asked for: {in_words(wording)})")
        if wording:
            raise ArgumentError(
                f"{printable(self.path)}: cannot go on, it was trained otherwise: "
                f"{in_words(wording)}; resume it as it was begun, or train from scratch in another "
                "folder"
            )
        self.start, self.remark = found.checkpoint, found.remark
        self._notes = self._notes or found.notes
        self._kept_at = _place(found.checkpoint)
        if found.checkpoint.trained.history:
            self._write_epoch(found.checkpoint)

    def _check_fits(self, found: saved_run.SavedRun) -> None:
        """Check that a state of a network of these layers has the weights of these layers."""
        if found.network != self._network:
            return
        try:
            check_weights(self._model.network.parameters, found.checkpoint.now.weights)
        except PellucidError as error:
            raise FileFormatError(
                f"{printable(self.path)}: holds no training that can be taken up again "
                f"({truncated(str(error))}); train from scratch, in another folder"
            ) from error

    def close(self) -> None:
        """Let others write in the folder; a second time it does nothing."""
        self._lock.release()

    def let_signals_act(self) -> None:
        """Let Ctrl-C and SIGTERM act as before, at once; the folder stays ours."""
        self._request.end()
        self._live.end("finished")

    def __enter__(self) -> Self:
        self._request.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._request.end()
        if kind is not None:
            self._live.end("stopped" if issubclass(kind, KeyboardInterrupt) else "failed")
        self.close()

    # ------------------------------------------------------------------- notifications of training

    def begin(self, underway: Underway) -> None:
        """Show from where training goes on."""
        self._live.begin(underway)
        self._step = underway.progress.step
        if underway.progress.epoch == 1 and not underway.progress.images:
            self._replay.begin(underway.weights())

    def after_step(self, progress: Progress) -> None:
        """Show how far it is; the state is kept by :meth:`keep`."""
        self._live.after_step(progress)
        self._step = progress.step

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Show that an epoch is done; :meth:`keep` follows."""
        self._live.after_epoch()

    @property
    def code(self) -> int:
        """What the process is to end with: a signal came, or who watches asks for it; else 0."""
        return self._request.code or self._live.code

    def stopping(self) -> bool:
        """Whether the training is asked to end."""
        self._live.look()
        return self.code != 0

    def due(self) -> bool:
        """Whether it is time to keep the state: every few minutes, before a pause, or to stop."""
        self._live.look()
        return self.code != 0 or self._live.pausing or time.perf_counter() >= self._next

    def doing(self, what: str) -> None:
        """Show that something else is done than steps."""
        self._live.doing(what)

    def factor(self) -> float | None:
        """What the schedule's learning rate is multiplied with from now on; none: as before."""
        return self._live.factor()

    def paused(self) -> bool:
        """Whether who watches lets the training wait."""
        return not self.code and self._live.paused()

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write what is new.

        Raises:
            OutputError: If a file cannot be written; the earlier one is intact.
        """
        if _place(checkpoint) != self._kept_at:
            if checkpoint.between_epochs and checkpoint.trained.history:
                self._write_epoch(checkpoint, new=True)
                self._replay.add(
                    len(checkpoint.trained.history), self._step, checkpoint.now.answering()
                )
            else:
                self._write_state(checkpoint)
        self._next = time.perf_counter() + self._seconds

    def stop(self, checkpoint: Checkpoint) -> None:
        """End the training.

        Raises:
            Stopped: Always, with a line that says how to go on.
        """
        tally = checkpoint.now.tally
        place = (
            f"after epoch {tally.epoch - 1}"
            if checkpoint.between_epochs
            else (f"in epoch {tally.epoch}")
        )
        if tally.epoch == 1 and checkpoint.between_epochs:
            place = "before the first step"
        folder = os.fspath(self.path)
        if "data" in self._notes:  # a command began it, and knows how to go on
            command = shlex.join(["pellucid", "train", "--resume", folder])
        else:
            command = f"{self._model.task.estimator}(…).fit(…, out={folder!r}, resume=True)"
        raise Stopped(f"stopped {place}; nothing is lost, go on with: {command}", self.code)

    # --------------------------------------------------------------------------------- the files

    def _write_epoch(self, checkpoint: Checkpoint, *, new: bool = False) -> None:
        """The files of a complete epoch; those of an earlier run go when the new model is safe.

        Args:
            checkpoint: The state after it.
            new: Whether the epoch has just ended, and none of it is written.
        """
        trained, model = checkpoint.trained, self.path / self.MODEL
        stranger = self._is_stranger()
        if (new and trained.best_epoch == len(trained.history)) or stranger or not model.exists():

            def take_over() -> None:
                if new:
                    self._write_state(checkpoint)
                for name in (self.CONFIG, self.HISTORY, FEATURES, "folds.json"):
                    remove_file(self.path / name)

            best = trained.best_model(self._model)
            save_model(model, best, before=take_over if stranger else None)
        if new:
            self._write_state(checkpoint)
        write_text(self.path / self.HISTORY, to_csv(trained.history))
        if stranger:
            write_file(self.path / self.CONFIG, self._config)

    def _is_stranger(self) -> bool:
        """Whether ``config.json``, and so the model, is another run's, or is not there."""
        try:
            return (self.path / self.CONFIG).read_bytes() != self._config
        except OSError:
            return True

    def _write_state(self, checkpoint: Checkpoint) -> None:
        if self._kept_at == _place(checkpoint):
            return
        values = {
            **checkpoint.values(),
            "provenance": self._model.provenance,
            "network": self._network,
            "notes": self._notes,
        }
        if "start_from" in self._model.provenance:  # the model that it says may be gone by then
            values["graph"] = graph_to_dict(self._model.network.graph)
        previous = self.path / self.PREVIOUS
        first = self._kept_at is None  # what is there is an earlier run's, which ends here
        save_state(
            self.path / self.LAST, checkpoint.arrays(), values, keep=None if first else previous
        )
        if first:
            remove_file(previous)
            self._replay.take_over()
        self._kept_at = _place(checkpoint)


def _place(checkpoint: Checkpoint) -> tuple[object, ...]:
    """What differs where two states of a training do."""
    tally = checkpoint.now.tally
    return tally.epoch, tally.batch, *checkpoint.trained.rate_changes


def try_run_folder(path: Path, *, overwrite: bool) -> None:
    """Check that a run can be kept in a folder, before it costs anything; nothing changes.

    Raises:
        OutputError: If it cannot be made or written in, or holds a run that may not be replaced.
    """
    check_free(path, overwrite=overwrite)
    try_folder(path, RunFolder.CONFIG)


def run_history(path: Path) -> list[Epoch]:
    """The epochs in a run's folder; none if the path is another, or its history cannot be read."""
    file = path / RunFolder.HISTORY
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_HISTORY:
            return []
        return from_csv(file.read_text("utf-8"))
    except (OSError, ValueError, PellucidError):
        return []


def holds_run(path: Path) -> bool:
    """Whether a folder holds a run, finished or not."""
    names = (RunFolder.CONFIG, RunFolder.MODEL, RunFolder.LAST, RunFolder.PREVIOUS)
    return any((path / name).exists() for name in names)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Check that a folder may take a new run.

    Raises:
        OutputError: If it holds one that may not be overwritten, or pictures.
    """
    if (picture := picture_in(path)) is not None:
        raise OutputError(
            f"{printable(path)} holds pictures ({printable(picture.name)}), which would be no data "
            "beside a run; choose another folder"
        )
    if holds_run(path) and not overwrite:
        raise OutputError(
            f"{printable(path)} holds a run already; choose another folder, or overwrite it "
            "(--overwrite)"
        )


def free_folder(parent: Path, name: str) -> Path:
    """A folder for a new run: ``parent/name``, or ``parent/name-2`` and so on if that is taken."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(parent / free for free in names if not holds_run(parent / free))


def _network_digest(graph: Graph) -> str:
    """By what a run's state knows its network: of one picture, as all versions have written it."""
    described = graph_to_dict(graph)
    picture = {INPUT: Type(graph.shapes[INPUT])} if INPUT in graph.inputs else {}
    last = graph.nodes[-1].name
    if graph.inputs == picture and graph.outputs == {last: last}:
        described = {"input_shape": list(graph.input_shape), "nodes": described["nodes"]}
    return hashlib.sha256(canonical(described)).hexdigest()
