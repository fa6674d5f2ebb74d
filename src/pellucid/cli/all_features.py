"""The features of all pictures of data, in all their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.data.reading import Reading
    from pellucid.files.feature_file import FeatureSet
    from pellucid.transfer.features import Watching


def read_features(
    source: str,
    given: str,
    reading: Reading,
    task: str | None,
    engine: str,
    watching: Watching,
) -> tuple[FeatureSet, tuple[str, ...]]:
    """What a body sees in all pictures of some data, and what the user should know of these.

    Args:
        source: The data, as :func:`pellucid.data.load` takes them.
        given: The network, as :func:`pellucid.interop.models.find_model` takes it.
        reading: How the data are read.
        task: What the labels are for; None to recognise it.
        engine: Who computes.
        watching: Called with how far it is.

    Raises:
        PellucidError: Whatever is wrong with the data or the network; one line.
    """
    from dataclasses import replace

    from pellucid.data.load import read_parts
    from pellucid.engines import get_engine
    from pellucid.estimators.remembered import remembered_model
    from pellucid.tasks import TASKS
    from pellucid.training.head import feature_set
    from pellucid.transfer.body import Body
    from pellucid.transfer.feature_cache import open_feature_cache
    from pellucid.transfer.features import FeatureReader

    model = remembered_model(given, engine)
    body = Body.of(model, given)
    like = replace(body.preprocessing, value_range=None, invert=False)
    parts, notes = read_parts(source, reading, like=like, task=task)
    if not parts:
        raise DataError(f"{printable(source)}: holds no pictures")
    reader = FeatureReader(body, get_engine(engine), open_feature_cache(reading.cache))
    found = {part: (data, reader.read(data.images, watching)) for part, data in parts.items()}
    targets = next(iter(parts.values())).targets
    return feature_set(TASKS[targets.kind].of(targets), body, found), notes
