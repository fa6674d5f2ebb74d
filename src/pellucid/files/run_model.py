"""Where in a run's folder its model lies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "model.safetensors"
"""The file, in a run's folder, with the model of the best epoch."""


def model_path(path: Path) -> Path:
    """The model file that is meant by a path: itself, or the one in a run's folder.

    Raises:
        DataError: If it is a folder without a model.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - never raises; reading the file says why not
        return path
    if not (path / MODEL).exists():
        raise DataError(
            f"{printable(path)}: holds no {MODEL}; give a model file, or the folder of a run that "
            "has finished an epoch"
        )
    return path / MODEL
