"""Sources of data with what people decided about their pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.data.cache import open_picture_cache
from pellucid.data.decisions.marks import decided, marked
from pellucid.data.decisions.matched import match_arrays, match_files
from pellucid.data.learnable import check_learnable
from pellucid.data.sources import ArraySource, PictureSource
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.data.decisions.decision import Decisions
    from pellucid.data.decisions.matched import Matched
    from pellucid.data.decoded import Draw
    from pellucid.data.folder import PictureFolder
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.quarantine import BadFile
    from pellucid.data.reading import Reading
    from pellucid.data.sources import Source


@dataclass(frozen=True)
class DecidedSource:
    """A source whose parts are drawn as if nothing had been decided, and then decided.

    Attributes:
        source: The source, whose parts have marks already where they are arrays.
        matched: The decisions that hold for it.
        in_place: Whether what is read may be changed where it lies.
        allow_one_class: Whether there may be one class only.
    """

    source: Source
    matched: Matched
    in_place: bool
    allow_one_class: bool

    @property
    def name(self) -> str:
        """What the source is called in messages."""
        return self.source.name

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there."""
        return self.source.parts

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on what was chosen, left out and decided, one line each."""
        return *self.source.notes, *self.matched.notes

    @property
    def quarantined(self) -> tuple[BadFile, ...]:
        """The files that cannot be used, without those that are left out anyway."""
        return tuple(
            file
            for file in self.source.quarantined
            if printable(file.name) not in self.matched.left_out
        )

    def read(self, part: str) -> Dataset:
        """Return a part."""
        return self._decided(self.source.read(part), part, part)

    def divide(self, part: str, draw: Draw) -> dict[str, Dataset]:
        """Return data sets of the pictures that are drawn from a part."""
        drawn = self.source.divide(part, draw)
        return {name: self._decided(data, part, name) for name, data in drawn.items()}

    def _decided(self, data: Dataset, part: str, name: str) -> Dataset:
        if data.marks is None:
            data = marked(data, self.matched, part)
        learned = name in ("train", "all")
        in_place = self.in_place and data.images.flags.writeable
        found = decided(data, fingerprint=learned, in_place=in_place)
        if learned:
            check_learnable(self.name, found.targets, allow_one_class=self.allow_one_class)
        return found


def picture_source(
    name: str,
    found: PictureFolder,
    image_size: tuple[int, int] | None,
    reading: Reading,
    *,
    allow_one_class: bool,
    like: Preprocessing | None,
) -> Source:
    """Picture files as a source, as decisions leave them; arguments as of :class:`PictureSource`.

    Raises:
        DataError: The decisions are about other data, or one is wrong.
    """
    kept = open_picture_cache(reading.cache, found.root)
    if reading.decisions is None:
        return PictureSource(name, found, image_size, reading, allow_one_class, *kept, like)
    matched = match_files(reading.decisions, found, name)
    source = PictureSource(
        name, found, image_size, reading, allow_one_class, *kept, like, matched.left_out
    )
    return DecidedSource(source, matched, True, allow_one_class)


def decided_arrays(
    source: ArraySource, decisions: Decisions, allow_one_class: bool
) -> DecidedSource:
    """Arrays as decisions leave them.

    Raises:
        DataError: The decisions are about other data, or one is wrong.
    """
    matched = match_arrays(decisions, source.datasets, source.name)
    datasets = {part: marked(data, matched, part) for part, data in source.datasets.items()}
    return DecidedSource(replace(source, datasets=datasets), matched, False, allow_one_class)


def of_arrays(source: Source) -> bool:
    """Whether the pictures of a source are arrays, which are read as they are."""
    inner = source.source if isinstance(source, DecidedSource) else source
    return isinstance(inner, ArraySource)
