"""Shards as a source of data: their parts, as data sets whose pixels are read when needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from pellucid.data.decoded import Decoded
from pellucid.data.shards.images import WINDOW, ShardImages, ShardReader
from pellucid.data.shards.index import ShardIndex
from pellucid.data.side_cameras import draw_own
from pellucid.errors import ArgumentError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.data.decoded import Draw
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.quarantine import BadFile
    from pellucid.data.reading import Reading


@dataclass(frozen=True)
class ShardSource:
    """Shards, none of which is read until pixels are asked for.

    Attributes:
        index: What they hold.
        preprocessing: How pictures are decoded.
        max_pixels: Pictures with more pixels are refused.
        window: As :class:`~pellucid.data.shards.images.ShardReader` takes it.
    """

    index: ShardIndex
    preprocessing: Preprocessing
    max_pixels: int
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
        colour = "grey" if channels == 1 else "colour"
        line = (
            f"{len(shards)} shards of {printable(self.index.name)}, {size / 1e6:.0f} MB, read as "
            f"pictures of {width}×{height}, {colour}"
        )
        return line, *self.index.notes

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
        return Decoded(cast("Any", images), None, files, index.targets, self.preprocessing, ())


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
        ArgumentError: If a setting is given that was decided when they were written.
    """
    reading.check_no_columns(path)
    reading.check_no_groups(path)
    index = ShardIndex.read(path)
    if task is not None and task != index.kind:
        raise ArgumentError(
            f"{printable(path)}: shards for {index.kind}, and {task} is asked for; leave --task "
            "out, or write shards of data for it"
        )
    own = index.preprocessing
    if like is not None:
        own = replace(like, value_range=own.value_range)
    elif image_size is not None:
        own = replace(own, height=image_size[0], width=image_size[1])
    return ShardSource(index, own, reading.max_pixels)
