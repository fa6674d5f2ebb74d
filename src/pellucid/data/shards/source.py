"""Shards as a source of data: their parts, as data sets whose pixels are read when needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pellucid.data.decoded import Decoded
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.shards.images import WINDOW, ShardImages, ShardReader, tar_library
from pellucid.data.shards.index import ShardIndex
from pellucid.data.side_cameras import draw_own
from pellucid.data.sound.choose import check_kind, chosen_sound, sound_of
from pellucid.data.targets import NONE
from pellucid.data.transcripts import Transcripts, check_units
from pellucid.errors import ArgumentError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.data.decoded import Draw
    from pellucid.data.quarantine import BadFile
    from pellucid.data.reading import Reading
    from pellucid.data.targets import Targets


@dataclass(frozen=True)
class ShardSource:
    """Shards, none of which is read until pixels are asked for.

    Attributes:
        index: What they hold.
        preprocessing: How pictures are decoded.
        max_pixels: Pictures with more pixels are refused.
        targets: How labels are read.
        heard: How recordings became pictures, in lines.
        window: As :class:`~pellucid.data.shards.images.ShardReader` takes it.
    """

    index: ShardIndex
    preprocessing: Preprocessing
    max_pixels: int
    targets: Targets
    heard: tuple[str, ...] = ()
    window: int = WINDOW

    @property
    def name(self) -> str:
        """What the source is called in messages."""
        return printable(self.index.folder)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are there."""
        return tuple(self.index.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """How many tar files there are, and what was to be said when they were written."""
        shards = [shard for of in self.index.parts.values() for shard in of]
        height, width, channels = self.preprocessing.shape
        size = sum(shard.bytes for shard in shards)
        line = (
            f"{counted(len(shards), 'shard')} of {printable(self.index.name)}, "
            f"{size / 1e6:.1f} MB, read as pictures of {width}×{height}, "
            f"{'grey' if channels == 1 else 'colour'}"
        )
        return line, *self.heard, *self.index.notes

    @property
    def quarantined(self) -> tuple[BadFile, ...]:
        """None: files that cannot be used were left out when the shards were written."""
        return ()

    def read(self, part: str) -> Dataset:
        """Return a part; its pixels are read when they are asked for."""
        return self._decoded(part).dataset(part)

    def divide(self, part: str, draw: Draw) -> dict[str, Dataset]:
        """Return data sets of the pictures that are drawn from a part."""
        decoded = self._decoded(part)
        images = cast("Any", decoded.images)
        drawn = draw_own(decoded.files, draw)(decoded.targets.strata, decoded.groups)
        return {
            name: decoded.some(images.view(chosen), chosen, name) for name, chosen in drawn.items()
        }

    def _decoded(self, part: str) -> Decoded:
        index, files = self.index, self.index.files(part)
        reader = ShardReader(index.folder, index.parts[part], self.window)
        images = ShardImages(
            reader, self.preprocessing, [file.name for file in files], self.max_pixels
        )
        return Decoded(cast("Any", images), None, files, self.targets, self.preprocessing, ())


def open_shards(
    path: Path,
    reading: Reading,
    *,
    image_size: tuple[int, int] | None = None,
    like: Preprocessing | None = None,
    task: str | None = None,
) -> ShardSource:
    """Shards as a source of data.

    Args:
        path: Their folder.
        reading: How the data are read; columns and groups were decided when they were written.
        image_size: Height and width wanted; none for what the pictures' headers said.
        like: How pictures are converted and resized; none: by the shards' own settings.
        task: What the data must be for; none: whatever they are for.

    Raises:
        DataError: If the shards' description cannot be read.
        ArgumentError: If a setting is given that was decided when they were written, or does not
            suit what they hold.
        MissingDependencyError: If the library that reads them is not installed.
    """
    tar_library()
    reading.check_no_columns(path)
    reading.check_no_groups(path)
    reading.check_no_decisions(path)
    index = ShardIndex.read(path)
    name, kind = printable(path), index.targets.kind
    if task is not None and task != kind:
        raise ArgumentError(
            f"{name}: shards for {kind}, and {task} is asked for; leave --task out, or write "
            "shards of data for it"
        )
    preprocessing, heard = _preprocessing(index, reading, image_size, like)
    return ShardSource(index, preprocessing, reading.max_pixels, _targets(index, reading), heard)


def _targets(index: ShardIndex, reading: Reading) -> Targets:
    """How labels are read: those of transcripts in the units that are asked for."""
    found = index.targets
    check_units(reading.units, found, printable(index.folder))
    if reading.units is None or not isinstance(found, Transcripts) or reading.units == found.units:
        return found
    texts = [file.class_name for part in index.parts for file in index.files(part)]
    return Transcripts.of(texts, reading.units).subset(NONE)


def _preprocessing(
    index: ShardIndex,
    reading: Reading,
    image_size: tuple[int, int] | None,
    like: Preprocessing | None,
) -> tuple[Preprocessing, tuple[str, ...]]:
    """How pictures are decoded; and how recordings become pictures, in lines."""
    own = index.preprocessing
    recordings = own.sound is not None
    given = sound_of(index.targets, reading.sound)
    check_kind(printable(index.folder), given, image_size, like, recordings=recordings)
    if like is not None:
        return replace(like, value_range=own.value_range), ()
    if image_size is not None:
        return replace(own, height=image_size[0], width=image_size[1]), ()
    if not recordings:
        return own, ()
    headers = [header for part in index.parts for header in index.headers(part)]
    sound, notes = chosen_sound(headers, given)
    return Preprocessing(*sound.shape, sound=sound), notes
