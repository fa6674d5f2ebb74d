"""Which picture makes a good worksheet: one that the network is right about, but not sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.counter_random import random_words, stream_of
from pellucid.data.read_part import MissingPartError
from pellucid.data.reference import Reference, argument_of
from pellucid.errors import DataError
from pellucid.files.referenced import ReferencedPictures
from pellucid.text import printable
from pellucid.worksheets.source import PLACES

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset

MOST = 200
"""Pictures that are looked at."""

AIM = 0.75
"""The probability that makes the best exercises: others have some left, and there is a gradient."""

PARTS = ("test", "validation", "all", "train")
"""In which a picture is sought, in this order."""


def telling_picture(classifier: Any, data: str, seed: int, max_bytes: int | None = None) -> str:
    """A picture of data, as commands take it: ``mnist:test[449]``.

    Of a classifier the right class of which it is nearest to :data:`AIM` sure, among pictures by
    chance; of other models one by chance.

    Args:
        classifier: The model.
        data: A path, or the name of a built-in set.
        seed: Of chance.
        max_bytes: As :func:`pellucid.data.load` takes it.

    Raises:
        DataError: If the data are not there, or have no picture.
    """
    part, pictures = _part(classifier, data, max_bytes)
    if not len(pictures):
        raise DataError(f"{printable(data)}: has no picture; name one")
    words = random_words((len(pictures),), seed, 0, stream_of("picture"), PLACES)
    chosen = np.argsort(words, kind="stable")[:MOST].tolist()
    model = classifier.model_
    if model.task.of_one_class and pictures.kind == model.task.data_kind:
        some = pictures.subset(chosen)
        found = np.asarray(classifier.predict_proba(some.images))
        names = list(model.task.names)
        written = [some.targets.written(i) for i in range(len(chosen))]
        of_right = [
            y[names.index(name)] if name in names else 0.0
            for y, name in zip(found, written, strict=True)
        ]
        wrong = found.argmax(axis=1) != [
            names.index(name) if name in names else -1 for name in written
        ]
        chosen = [chosen[int(np.argmin(np.abs(np.array(of_right) - AIM) + wrong))]]
    if pictures.names is None:
        return str(Reference(data, part, chosen[0]))
    return argument_of(data, pictures, chosen[0])


def _part(classifier: Any, data: str, max_bytes: int | None) -> tuple[str, Dataset]:
    """The part that a picture is taken from, and what it is called."""
    found = ReferencedPictures(
        classifier.model_, max_pixels=classifier.max_pixels, max_bytes=max_bytes
    )
    for part in PARTS[:-1]:
        try:
            return part, found.part(Reference(data, part, None))
        except MissingPartError:
            continue
    return PARTS[-1], found.part(Reference(data, PARTS[-1], None))
