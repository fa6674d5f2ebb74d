"""How a run is trained on once people have decided about pictures: the command's arguments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.errors import DataError
from pellucid.files.provenance import TRANSFER
from pellucid.text import printable
from pellucid.training.saved_run import read_saved_run

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT = (
    "seed", "validation", "image_size", "bad", "max_pixels", "max_bytes", "path_column",
    "label_column", "group", "test_fold", "sound", "task", "units", "engine",
)  # fmt: skip
"""Options that say which pictures a run has, and in which parts: they stay, so that both runs are
judged by the same pictures."""

_LEARNING = ("fine_tune", "weight_decay", "augment", "class_weights", "label_smoothing")
"""Options of how a head on a body is learned, which is learned again as it was."""


def train_on_arguments(
    run: str | os.PathLike[str],
    decisions: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    epochs: int | None = None,
) -> list[str]:
    """What comes behind ``pellucid`` to train on from a run by decisions.

    A run on a trained body learns a new head: the features of the pictures are in the cache, so
    that this takes seconds. Any other run goes on from its model with all layers. Data, seed and
    parts are the run's.

    Args:
        run: The run's folder.
        decisions: The CSV file of decisions.
        out: The folder of the new run.
        epochs: How long all layers, or those that are fine-tuned, learn; None for the default.

    Raises:
        DataError: The folder holds no run, or the run does not say from which data it learned.
    """
    folder = Path(run)
    kept = read_saved_run(folder)
    notes: Mapping[str, Any] = kept.notes
    data = notes.get("data")
    if not isinstance(data, str) or not data:
        raise DataError(
            f"{printable(folder)}: does not say which data it learned from; train on with "
            f"pellucid train DATA --start-from {printable(folder)} --decisions FILE"
        )
    body = notes.get("pretrained") if TRANSFER in kept.provenance else None
    options = {name: notes.get(name) for name in _KEPT}
    if isinstance(body, str):
        start = ["--from", body]
        options |= {name: notes.get(name) for name in _LEARNING}
    else:
        start = ["--start-from", os.fspath(folder)]
    if epochs is not None:
        options["epochs"] = epochs
    given = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if isinstance(value, str | int | float)
    ]
    for name, option in (("classes", "--classes"), ("allow", "--allow")):
        value = notes.get(name)
        if isinstance(value, list):
            given += (
                [f"{option}={','.join(value)}"]
                if name == "classes"
                else [f"{option}={each}" for each in value]
            )
    return [
        "train", data, *start, *given,
        f"--decisions={os.fspath(decisions)}", f"--out={os.fspath(out)}",
    ]  # fmt: skip
