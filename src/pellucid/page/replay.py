"""A training as a page shows it again: how it went, and the network after its epochs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pellucid.errors import DataError
from pellucid.page.weights import page_weights, weights_bytes
from pellucid.tasks.measures import MEASURES, form_of
from pellucid.text import counted, printable
from pellucid.training.history import VALIDATION, to_record
from pellucid.training.replay import read_replay
from pellucid.training.run_folder import run_history
from pellucid.training.snapshot import best_epoch, with_weights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.files import Model
    from pellucid.page.blobs import Blobs
    from pellucid.page.weights import Names
    from pellucid.training.history import Epoch
    from pellucid.training.snapshot import Snapshot

MOST_BYTES = 32_000_000
"""Bytes of the weights of all epochs that a page takes without being asked for more."""


class KeptEpochs(Protocol):
    """The weights that a run has kept; :class:`pellucid.training.replay.Replay` is one."""

    @property
    def epochs(self) -> tuple[int, ...]:
        """Those whose weights are kept, in order; 0: before the first step."""
        ...

    def snapshot(self, epoch: int) -> Snapshot:
        """The weights after an epoch."""
        ...


def replay_of(run: Path, model: Model) -> PageReplay:
    """What a page shows of a run's training.

    Args:
        run: The run's folder.
        model: Its model.

    Raises:
        DataError: If it is no run's folder, or cannot be read.
    """
    history = run_history(run)
    if not history:
        raise DataError(
            f"{printable(run)}: holds no training that could be shown again; give the folder of a "
            "run that has finished an epoch"
        )
    return PageReplay(model, history, read_replay(run))


@dataclass(frozen=True, eq=False)
class PageReplay:
    """What a page shows of a training.

    Attributes:
        model: The run's model.
        history: Its epochs.
        kept: The weights that the run has kept; none: it has kept none.
    """

    model: Model
    history: Sequence[Epoch]
    kept: KeptEpochs | None = None

    def chosen(self, *, allow_large: bool = False) -> tuple[int, ...]:
        """The epochs whose weights a page takes: all that are kept, or what there is room for.

        Evenly, the first and the last among them; none where there is no room for two.

        Args:
            allow_large: Whether there is room for all.
        """
        epochs = () if self.kept is None else self.kept.epochs
        size = 4 * sum(array.size for array in page_weights(self.model).values())
        most = MOST_BYTES // max(size, 1)
        if allow_large or len(epochs) <= most:
            return epochs
        if most < 2:
            return ()
        places = np.linspace(0, len(epochs) - 1, most).round().astype(int)
        return tuple(epochs[place] for place in places)

    def note(self, *, allow_large: bool = False) -> str:
        """What users should know of it, as a line; empty where there is nothing.

        Args:
            allow_large: As :meth:`chosen` takes it.
        """
        if self.kept is None:
            return (
                "the run has kept no weights of its epochs, and the page shows its curves alone; "
                "to keep them: pellucid train … --replay (fit(…, replay=True))"
            )
        chosen = self.chosen(allow_large=allow_large)
        if chosen == self.kept.epochs:
            return ""
        kept = counted(len(self.kept.epochs), "epoch")
        return (
            f"the page has the weights of {len(chosen)} of {kept} that the run has kept; "
            "--allow-large (allow_large=True) takes all"
        )

    def to_dict(self, names: Names, blobs: Blobs, *, allow_large: bool = False) -> dict[str, Any]:
        """As JSON values.

        Weights are kept exactly, as what changes from one epoch to the next: the exclusive or of
        their bits, whose first bytes are mostly zeros.

        Args:
            names: Of the page's weights, with shapes, in its order.
            blobs: Where weights are kept.
            allow_large: As :meth:`chosen` takes it.

        Raises:
            PellucidError: If an epoch's weights cannot be read, or are of another network.
        """
        names = [*names]
        before: Any = 0
        epochs = []
        for epoch in self.chosen(allow_large=allow_large):
            assert self.kept is not None
            model = with_weights(self.model, self.kept.snapshot(epoch))
            bits = np.frombuffer(weights_bytes(names, page_weights(model)), "<u4")
            changed = (bits ^ before).astype(np.uint32).reshape(-1, 1).view(np.uint8)
            epochs.append({"epoch": epoch, "changes": blobs.add(f"epoch-{epoch}", changed.T)})
            before = bits
        rows = [{name: _finite(x) for name, x in row.items()} for row in to_record(self.history)]
        return {
            "rows": rows,
            "best": best_epoch(self.model),
            "measure": self._measure(),
            "judged": self._judged(),
            "epochs": epochs,
        }

    def _measure(self) -> dict[str, str] | None:
        """What epochs are ranked by besides the loss: its name, and as what it is shown."""
        measured = set().union(*(row.measures for row in self.history)) if self.history else set()
        if any(row.validation_accuracy is not None for row in self.history):
            measured.add("accuracy")
        name = next((each for each in MEASURES if each in measured), None)
        if name is None:
            return None
        form = "share" if form_of(name).endswith("%}") else "number"
        return {"name": name, "row": f"{VALIDATION}{name}", "form": form}

    def _judged(self) -> dict[str, Any] | None:
        """The pictures that judged the epochs; none where none did."""
        found = self.model.provenance.get("validation")
        count = found.get("pictures") if isinstance(found, dict) else None
        if not isinstance(found, dict) or type(count) is not int or count < 1:
            return None
        return {"name": printable(str(found.get("name", ""))), "count": count}


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
