"""What who watches a training asks of it, written into its run's ``live``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import checks
from pellucid.errors import DataError, PellucidError
from pellucid.files import check_inside, write_file
from pellucid.text import printable
from pellucid.training.live.formats import (
    HIGHEST_FACTOR,
    LIVE,
    LOWEST_FACTOR,
    Control,
    Wanted,
)
from pellucid.training.live.readers import read_control, read_message, read_progress

if TYPE_CHECKING:
    from pathlib import Path


def write_control(
    run: Path,
    *,
    paused: bool | None = None,
    rate_factor: float | None = None,
    stop: bool = False,
) -> Control:
    """Ask a training to wait or go on, to learn faster or slower, or to end.

    Args:
        run: The run's folder.
        paused: Whether it is to wait; none: as it was asked last.
        rate_factor: What the schedule's learning rate is to be multiplied with, 0.01 to 100; none:
            as it is.
        stop: Whether it is to end, as at Ctrl-C.

    Returns:
        What was written. The training has seen it when ``control`` of its progress is that number.

    Raises:
        ArgumentError: If the factor is out of range.
        DataError: If the run cannot be steered, since it writes nothing that can be watched.
        FileFormatError: If what it writes is damaged, or of a newer version.
        OutputError: If the file cannot be written.
    """
    if rate_factor is not None:
        checks.number("rate_factor", rate_factor, LOWEST_FACTOR, HIGHEST_FACTOR)
    progress = read_progress(run)
    if progress is None:
        raise DataError(
            f"{printable(run)}: cannot be steered: nothing is trained there that can be watched "
            "(--live)"
        )
    try:
        before = read_control(run)
    except PellucidError:  # replaced by ours
        before = None
    number = max(progress.control, 0 if before is None else before.number) + 1
    if before is not None and before.number > progress.control and not progress.ended:
        known = before.paused, before.rate_factor  # asked, and not seen yet
    else:
        known = progress.paused, progress.rate_factor
    asked = Control(
        number=number,
        paused=known[0] if paused is None else paused,
        rate_factor=float(known[1] if rate_factor is None else rate_factor),
        stop=stop,
    )
    check_inside(run / LIVE / Control.file, run)
    write_file(run / LIVE / Control.file, asked.to_bytes(), sync=False)
    return asked


def renew_wanted(run: Path) -> None:
    """Say that somebody watches: for the next seconds the training lays out its weights.

    Args:
        run: The run's folder; where nothing is trained that can be watched, nothing is written.

    Raises:
        OutputError: If the file cannot be written.
    """
    folder = run / LIVE
    if not folder.is_dir():
        return
    try:
        before = read_message(folder / Wanted.file, Wanted)
    except PellucidError:  # replaced by ours
        before = None
    number = 1 if before is None else before.number + 1
    check_inside(folder / Wanted.file, run)
    write_file(folder / Wanted.file, Wanted(number).to_bytes(), sync=False)
