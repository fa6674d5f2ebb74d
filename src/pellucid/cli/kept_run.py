"""A training whose run is kept in a folder, as commands begin it whatever is learned."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli.run_report import RunReport
from pellucid.cli.terminal import remarks, warnings_as
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.cli.train_options import TrainOptions
    from pellucid.data import Splits
    from pellucid.training.progress import ProgressBar


def kept_in(out: Path | None, resume: Path | None, name: str) -> Path:
    """The folder of a run, which is printed.

    Args:
        out: The one that is asked for; none: one in ``runs``.
        resume: That of a run to go on with.
        name: What one in ``runs`` is called.
    """
    from pellucid.training.run_folder import free_folder

    folder = resume or out or free_folder(Path("runs"), name)
    remarks().print(f"the run is kept in {printable(folder)}")
    return folder


def fit_kept(
    model: Any,
    splits: Splits,
    folder: Path,
    options: TrainOptions,
    bar: ProgressBar,
    **more: Any,
) -> None:
    """Fit an estimator, with its run in a folder.

    Args:
        model: The estimator.
        splits: What it learns from.
        folder: The run's.
        options: The command's, which the run keeps.
        bar: Shows how far it is.
        more: As the estimator's ``fit`` takes it.
    """
    from pellucid.training.saved_run import DamagedStateWarning

    with bar, warnings_as(bar.console):
        warnings.simplefilter("ignore", DamagedStateWarning)  # reported when the run was found
        model.fit(
            splits.train,
            out=folder,
            minutes=options.save_every,
            live=options.live,
            replay=options.replay,
            notes=vars(options.for_anywhere()),
            watchers=[bar, RunReport(folder, splits.quarantined)],
            verbose=0,  # the bar is among the watchers
            **more,
        )
