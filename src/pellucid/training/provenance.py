"""Where a model comes from: what its file says of its making.

Nothing here changes from run to run (no date, no machine), so that one seed gives one file.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.version import __version__

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.training.recipe import Recipe


def provenance(
    architecture: str,
    recipe: Recipe,
    data: Dataset,
    validation: Dataset | None,
    engine: str,
) -> dict[str, Any]:
    """A model's origin as plain JSON values: architecture, recipe, data, engine, versions."""
    return {
        "architecture": architecture,
        "recipe": recipe.to_dict(),
        "data": _data(data),
        "validation": None if validation is None else _data(validation),
        "engine": engine,
        "versions": {
            "pellucid": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def _data(data: Dataset) -> dict[str, Any]:
    return {"name": data.name, "pictures": len(data), "fingerprint": data.fingerprint()}
