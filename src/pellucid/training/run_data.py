"""What a run learned from, and how that is read, as its folder keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.data.reading import Reading
from pellucid.errors import DataError, FileFormatError
from pellucid.text import printable
from pellucid.training.saved_run import kept_notes

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_TAKEN = ("bad", "max_bytes", "path_column", "label_column", "sound", "units", "cache")
"""Options of a run that say how its data are read; groups are in its model."""


@dataclass(frozen=True)
class RunData:
    """The data of a run.

    Attributes:
        data: Where they are, as :func:`pellucid.data.load` takes it.
        reading: How they are read, with what was decided about them.
    """

    data: str
    reading: Reading


def run_data(
    run: str | os.PathLike[str],
    *,
    data: str | None = None,
    notes: Mapping[str, Any] | None = None,
    **given: Any,
) -> RunData:
    """The data of a run, read as its training read them.

    Args:
        run: The run's folder, or a model.
        data: The data, where others are wanted, or the run does not say; None for the run's.
        notes: What :func:`pellucid.training.saved_run.kept_notes` says of it; None: it is read.
        given: Settings of :class:`pellucid.data.reading.Reading` that take the place of the run's;
            None for the run's.

    Raises:
        DataError: No data are given, and the run does not say from which it learned.
        ArgumentError: A setting is outside its range.
    """
    own = {name: value for name, value in given.items() if value is not None}
    notes = kept_notes(Path(run)) if notes is None else notes
    if data is not None and not _are_same(data, notes.get("data")):
        return RunData(data, Reading(**own))
    taken = {name: notes[name] for name in _TAKEN if name in notes}
    decisions = notes.get("decisions")
    if isinstance(decisions, str) and Path(decisions).is_file():
        taken["decisions"] = decisions
    if data is None:
        data = notes.get("data")
    if not isinstance(data, str) or not data:
        raise DataError(
            f"{printable(run)}: does not say which data it learned from; name them behind it"
        )
    try:
        reading = Reading(**{**taken, **own})
    except (TypeError, ValueError, LookupError) as error:  # a state from elsewhere
        raise FileFormatError(
            f"{printable(run)}: its state keeps settings of its data that are none; name the data "
            "behind it, as they are to be read"
        ) from error
    return RunData(data, reading)


def _are_same(data: str, kept: object) -> bool:
    """Whether a path names what a run learned from."""
    if not isinstance(kept, str):
        return False
    return data == kept or Path(data).resolve() == Path(kept).resolve()
