"""What a body sees in the pictures of parts of data: computed when it is asked for, once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decisions.matched import picture_key
from pellucid.data.load import read_parts
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation.predict_logits import DIVERGED
from pellucid.text import printable
from pellucid.transfer.body import Body
from pellucid.transfer.feature_cache import open_feature_cache
from pellucid.transfer.features import FeatureReader, picture_digests
from pellucid.transfer.groups import connected, copies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.read_part import DataSource
    from pellucid.data.reading import Reading
    from pellucid.files.learned_parts import PartPictures
    from pellucid.files.model_file import Model
    from pellucid.transfer.features import Watching

NEAR_COPIES = 20_000
"""Among more pictures than these only equal ones are kept in one fold, not near copies."""

_AT_ONCE = 1 << 26  # bytes of pictures that are read together


class PartFeatures:
    """Features of parts of data.

    Args:
        model: Whose pictures they are.
        name: What it is called in messages.
        engine: Who computes.
        data: What the parts are of.
        reading: How the data are read.
        body: The model whose body sees the pictures, which are then read as it takes them; None for
            the model's own.
        watching: Called with how many pictures of a part are done, and of how many; may raise.
    """

    def __init__(
        self,
        model: Model,
        name: str,
        engine: str,
        data: DataSource,
        reading: Reading,
        body: Model | None,
        watching: Watching,
    ) -> None:
        self._model = model
        self._name = name
        self._engine = engine
        self._data = data
        self._reading = reading
        self._other = body
        self._watching = watching
        self._reader: FeatureReader | None = None
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._rows: dict[str, tuple[Dataset, int]] | None = None

    def of(self, part: PartPictures) -> NDArray[np.float32]:
        """The features of a part's pictures, float32 (N, D).

        Raises:
            ArgumentError: The network has no body.
            DataError: They are not finite.
        """
        if part.part not in self._kept:
            self._kept[part.part] = self._computed(part)
        return self._kept[part.part]

    def _computed(self, part: PartPictures) -> NDArray[np.float32]:
        reader, done = self._opened(), 0
        found = []
        for images in self._images(part):

            def watch(some: int, of: int, before: int = done, count: int = len(images)) -> None:
                self._watching(before + count - of + some, len(part))

            found.append(reader.read(images, watch))
            done += len(images)
        features = np.concatenate(found)
        if not np.isfinite(features).all():
            raise DataError(
                f"{printable(self._name)}: gives features that are not finite; {DIVERGED}"
            )
        return features

    def _opened(self) -> FeatureReader:
        if self._reader is None:
            given = self._model if self._other is None else self._other
            try:
                body = Body.of(given, self._name)
            except ArgumentError as error:
                raise ArgumentError(
                    f"{error}; or look at pictures that were not learned alone (--part val)"
                ) from error
            cache = open_feature_cache(self._reading.cache)
            self._reader = FeatureReader(body, get_engine(self._engine), cache)
        return self._reader

    def _images(self, part: PartPictures) -> Iterator[NDArray[np.uint8]]:
        """A part's pictures as the body takes them, some at a time."""
        if self._other is None:
            yield from part.blocks()
            return
        if self._rows is None:
            like = replace(self._other.preprocessing, value_range=None, invert=False)
            plain = replace(self._reading, decisions=None)
            every, _ = read_parts(self._data, plain, like=like, task=self._model.task.kind)
            self._rows = {
                picture_key(data, of, i): (data, i)
                for of, data in every.items()
                for i in range(len(data))
            }
        size = max(1, _AT_ONCE // int(np.prod(self._other.network.graph.input_shape)))
        for first in range(0, len(part), size):
            some = [self._rows[printable(path)] for path in part.paths[first : first + size]]
            yield np.stack([data.images[i] for data, i in some])


def kept_together(part: PartPictures) -> NDArray[np.int64]:
    """The group of each picture of a part, (N,): copies, near copies, and groups of the data."""
    digests = [each for images in part.blocks() for each in picture_digests(images)]
    if len(part) <= NEAR_COPIES:
        groups = copies([part.source.images[part.rows]], digests)
    else:
        first: dict[bytes, int] = {}
        groups = np.array([first.setdefault(each, row) for row, each in enumerate(digests)])
    own = part.groups
    return groups if own is None else connected(groups, own.numbers)
