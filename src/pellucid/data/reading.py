"""The settings of how data are read, which travel together from a command to the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pellucid.data.cache import CacheSetting
    from pellucid.data.quarantine import Bad


class Reading(TypedDict, total=False):
    """Keyword arguments of :func:`pellucid.data.load_for`, which its callers pass on."""

    bad: Bad
    max_bytes: int | None
    cache: CacheSetting
    path_column: str | None
    label_column: str | None
