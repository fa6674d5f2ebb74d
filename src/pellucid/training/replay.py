"""The weights after each epoch of a training, kept so that it can be looked at again.

``RUN/replay`` has a file for each epoch, 0 being before the first step. There are never more than
some files and bytes: of a long training every second epoch is kept, or every fourth and so on, and
always the first and the last.
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.errors import DataError, PellucidError
from pellucid.files import load_model, remove_file, write_file
from pellucid.files.run_model import MODEL
from pellucid.graph import check_weights
from pellucid.text import listed, printable, truncated
from pellucid.training.live.place import clear_folder, open_folder
from pellucid.training.live.snapshots import snapshot_bytes
from pellucid.training.snapshot import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pellucid.files import Model
    from pellucid.graph import Weights
    from pellucid.training.snapshot import Snapshot

REPLAY = "replay"
"""The folder, in a run's."""

MOST_FILES = 200

MOST_BYTES = 1 << 30
"""Of all files together; two are kept however large they are."""

_NAME = re.compile(r"epoch-(\d{6,9})\.safetensors")
_OURS = re.compile(rf"{_NAME.pattern}|\.pellucid-[0-9a-f]+\.tmp")


class ReplayWarning(UserWarning):
    """The weights after an epoch cannot be kept; the training goes on without them."""


@dataclass(frozen=True)
class Replay:
    """What a run has kept of its weights.

    Attributes:
        run: The run's folder.
        epochs: Those whose weights are kept, in order; 0: before the first step.
    """

    run: Path
    epochs: tuple[int, ...]

    def snapshot(self, epoch: int) -> Snapshot:
        """The weights after an epoch, by full name.

        Raises:
            DataError: If they are not kept, or cannot be read.
            FileFormatError: If they are damaged.
        """
        if epoch not in self.epochs:
            raise DataError(
                f"{printable(self.run)}: keeps no weights after epoch {epoch}, only after "
                f"{listed([str(each) for each in self.epochs])}"
            )
        path = self.run / REPLAY / _name(epoch)
        try:
            return snapshot_of(path.read_bytes(), printable(path))
        except OSError as error:
            raise DataError(f"{printable(path)}: cannot be read ({error.strerror})") from error

    def model(self, epoch: int) -> Model:
        """The run's model, with the weights after an epoch.

        Raises:
            DataError: If they are not kept, or the run has no model.
            FileFormatError: If one of the two is damaged, or they are of different networks.
        """
        model, weights = load_model(self.run / MODEL), self.snapshot(epoch).weights
        check_weights(model.network.parameters, weights)
        network = model.network
        return replace(model, network=type(network)(network.graph, dict(weights), network.graphs))


def read_replay(run: Path) -> Replay | None:
    """What a run has kept of its weights; none where it has kept nothing (``--replay``).

    Args:
        run: The run's folder.

    Raises:
        DataError: If the folder cannot be read.
    """
    epochs = _epochs(run / REPLAY)
    return Replay(run, tuple(epochs)) if epochs else None


class ReplayWriter:
    """Keeps the weights after each epoch.

    Nothing that fails here ends the training: it is reported once, by a :class:`ReplayWarning`.

    Args:
        run: The run's folder.
        names: Of the weights of the network that answers.
        resumed: Whether the run goes on; else what is there is an earlier run's, which stays until
            :meth:`take_over`.
        writes: Whether weights are kept; else only those of an earlier run are removed.
        most_files: That are kept.
        most_bytes: Of them all.
    """

    def __init__(
        self,
        run: Path,
        names: Collection[str],
        *,
        resumed: bool,
        writes: bool,
        most_files: int = MOST_FILES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._path, self._names, self._writes = run / REPLAY, tuple(names), writes
        self._most_files, self._most_bytes = most_files, most_bytes
        self._earlier = not resumed and self._path.exists()
        self._first: Weights | None = None
        self._reported = False

    def begin(self, weights: Weights) -> None:
        """Take the weights before the first step."""
        if self._writes:
            self._first = weights
            if not self._earlier:
                self._write(0, 0, weights)

    def take_over(self) -> None:
        """An earlier run's weights are no longer needed; a second time it does nothing."""
        if not self._earlier:
            return
        self._earlier = False
        with self._harmless():
            clear_folder(self._path, _OURS)
        if self._first is not None:
            self._write(0, 0, self._first)

    def add(self, epoch: int, step: int, weights: Weights) -> None:
        """Take the weights after an epoch; of later ones nothing is kept.

        Args:
            epoch: From 1.
            step: Steps of the whole training that are done.
            weights: All, by full name.
        """
        self.take_over()
        self._first = None
        if self._writes:
            self._write(epoch, step, weights)

    def _write(self, epoch: int, step: int, weights: Weights) -> None:
        with self._harmless():
            folder = open_folder(self._path, _OURS)
            before = _epochs(folder)
            for later in [each for each in before if each > epoch]:
                remove_file(folder / _name(later))
            before = [each for each in before if each < epoch]
            content = snapshot_bytes({name: weights[name] for name in self._names}, epoch, step)
            kept = self._thinned([*before, epoch], len(content))
            write_file(folder / _name(epoch), content)
            for each in before:
                if each not in kept:
                    remove_file(folder / _name(each))

    def _thinned(self, epochs: list[int], size: int) -> set[int]:
        """Which of some epochs stay: the first, the last, and of the others every so many."""
        most = max(min(self._most_files, self._most_bytes // max(size, 1)), 2)
        every = max(epochs[1] - epochs[0], 1) if len(epochs) > 2 else 1
        while True:
            kept = {epochs[0], epochs[-1], *(each for each in epochs if each % every == 0)}
            if len(kept) <= most:
                return kept
            every *= 2

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except (PellucidError, OSError, MemoryError) as error:
            if not self._reported:
                self._reported = True
                warnings.warn(
                    f"{printable(self._path)}: the weights after an epoch cannot be kept; the "
                    f"training goes on ({truncated(str(error), 200)})",
                    ReplayWarning,
                    stacklevel=4,
                )


def clear_replay(run: Path) -> None:
    """Remove the weights that an earlier run has kept.

    Raises:
        OutputError: If the system does not let us.
    """
    clear_folder(run / REPLAY, _OURS)


def _name(epoch: int) -> str:
    return f"epoch-{epoch:06d}.safetensors"


def _epochs(folder: Path) -> list[int]:
    try:
        names = [each.name for each in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{printable(folder)}: cannot be read ({error.strerror})") from error
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))
