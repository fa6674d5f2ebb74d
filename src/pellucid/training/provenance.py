"""Where a model comes from: what its file says of its making.

Nothing here changes from run to run (no date, no machine), so that one seed gives one file.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.pillow import MAX_PIXELS
from pellucid.training.history import from_record
from pellucid.version import __version__

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.training.history import Epoch
    from pellucid.training.recipe import Recipe


def provenance(
    architecture: str,
    recipe: Recipe,
    data: Dataset,
    validation: Dataset | None,
    engine: str,
    max_pixels: int = MAX_PIXELS,
    start_from: dict[str, Any] | None = None,
    transfer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A model's origin as plain JSON values: architecture, recipe, data, engine, versions.

    ``max_pixels`` is the limit above which picture files were left out: judging the model by the
    same folder needs the same. ``start_from`` is the record of the model that training started
    from; none: it started from scratch. ``transfer`` is how its body is used, if it is frozen.
    """
    expected = recipe.seed, None if validation is None else len(validation)
    drawn: dict[str, Any] = {}
    if data.drawn_with is not None and data.drawn_with != expected:  # loaded with another seed
        drawn["drawn"] = dict(zip(("seed", "validation"), data.drawn_with, strict=True))
    if data.groups is not None and data.groups.by:
        drawn["group"] = data.groups.by
        if data.groups.fold:
            drawn["test_fold"] = data.groups.fold
    if data.own is not None:  # what was drawn, without the pictures of side cameras
        drawn["own"] = _data(data.subset(np.arange(data.own)))
    if data.decided is not None:
        drawn["decisions"] = data.decided.to_dict()
    started = {} if start_from is None else {"start_from": start_from}
    if transfer is not None:
        started["transfer"] = transfer
    return {
        **started,
        **drawn,
        "architecture": architecture,
        "recipe": recipe.to_dict(),
        "data": _data(data),
        **({} if data.source_classes is None else {"source_classes": list(data.source_classes)}),
        "validation": None if validation is None else _data(validation),
        "max_pixels": max_pixels,
        "pixels": data.learned_ranges(),
        "engine": engine,
        "versions": {
            "pellucid": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def history_of(model: Model) -> list[Epoch]:
    """A model's training history as its file keeps it; empty where it has none that can be used."""
    return from_record(model.provenance.get("history"))


def _data(data: Dataset) -> dict[str, Any]:
    return {"name": data.name, "pictures": len(data), "fingerprint": data.fingerprint()}
