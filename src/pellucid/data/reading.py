"""How data are read: settings that travel together from a command or a call to the readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.data.cache import check_cache
from pellucid.data.decisions.decision import get_decisions
from pellucid.data.groups import check_group
from pellucid.data.packed import check_max_bytes
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import check_max_pixels
from pellucid.data.quarantine import check_bad
from pellucid.data.sound.settings import get_sound
from pellucid.data.table_columns import check_columns
from pellucid.data.test_fold import checked_fold
from pellucid.data.transcripts import checked_units
from pellucid.errors import ArgumentError
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from pellucid.data.cache import CacheSetting
    from pellucid.data.quarantine import Bad
    from pellucid.data.side_cameras import SideCameras


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How data are read; each setting as :func:`pellucid.data.load` takes it.

    Attributes:
        bad: What is done about picture files that cannot be used.
        max_pixels: Picture files with more pixels are bad.
        max_bytes: Bytes that a compressed file of arrays may unpack to.
        cache: Where decoded pictures are kept.
        path_column: The column of a CSV file that holds the paths.
        label_column: The column of a CSV file that holds the labels.
        group: What keeps pictures together.
        test_fold: Which of how many folds of groups is the test.
        side_cameras: Pictures beside those of a CSV file, to learn from; None: they are not read.
        sound: How recordings become pictures: a text such as ``rate=16000,seconds=2``, settings by
            name, or a :class:`pellucid.data.sound.Sound`; kept by name.
        units: What transcripts are made of, ``words`` or ``characters``; None to choose by them.
        decisions: What people decided about pictures: :class:`pellucid.data.decisions.Decisions`,
            or the path of their file, which is read; None where nothing is decided.

    Raises:
        ArgumentError: A setting is outside its range.
        DataError: The file of decisions cannot be read.
    """

    bad: Bad = "quarantine"
    max_pixels: int = MAX_PIXELS
    max_bytes: int | None = None
    cache: CacheSetting = True
    path_column: str | None = None
    label_column: str | None = None
    group: str | None = None
    test_fold: str | None = None
    side_cameras: SideCameras | None = None
    sound: Any = None
    units: str | None = None
    decisions: Any = None

    def __post_init__(self) -> None:
        check_bad(self.bad)
        check_max_pixels(self.max_pixels)
        check_max_bytes(self.max_bytes)
        check_cache(self.cache)
        check_columns(self.path_column, self.label_column)
        check_group(self.group)
        if checked_fold(self.test_fold) is not None and self.group is None:
            raise ArgumentError(
                f"test_fold is {self.test_fold!r:.50}, and pictures have no groups; add a group, "
                "such as 'rows:100', blocks of a hundred in the order of the data"
            )
        object.__setattr__(self, "sound", get_sound(self.sound))
        object.__setattr__(self, "units", checked_units(self.units))
        object.__setattr__(self, "decisions", get_decisions(self.decisions))
        if self.decisions is not None and self.side_cameras is not None:
            raise ArgumentError(
                "decisions are about one picture each, and side_cameras adds others beside it; "
                "leave one of them out"
            )

    def check_no_groups(self, source: str | os.PathLike[str]) -> None:
        """Raise ArgumentError if pictures of a source that has no files are to be grouped."""
        if self.group is not None:
            raise ArgumentError(
                f"group is {self.group!r:.100}, but {printable(source)} has no picture files; "
                "leave it out, or give groups in Python: Dataset(images, labels=…, groups=…)"
            )

    def check_no_decisions(self, source: str | os.PathLike[str]) -> None:
        """Raise ArgumentError if pictures of a source that is written already are decided on."""
        if self.decisions is not None:
            raise ArgumentError(
                f"decisions are given, but {printable(source)} holds shards, which take "
                "no decisions; leave them out, or write the shards again from corrected pictures"
            )

    def check_no_columns(self, source: str | os.PathLike[str]) -> None:
        """Raise ArgumentError if columns are named of a source that is no CSV file."""
        if self.side_cameras is not None:
            raise ArgumentError(
                f"side_cameras is given, but {printable(source)} is no CSV file with columns of "
                "pictures; leave it out"
            )
        for name in ("path_column", "label_column"):
            value = getattr(self, name)
            if value is not None:
                raise ArgumentError(
                    f"{name} is {value!r:.100}, but {printable(source)} is no CSV file; "
                    "leave it out"
                )
