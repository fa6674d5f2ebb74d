"""Pictures decoded once: kept on disk as plain pixels, and read from there in later runs.

- What is kept is found by content: by the SHA-256 of every file, in order, by how they are turned
  into pixels, and by the versions of what decodes them. A file that was touched, renamed or copied
  is still known; one that has changed is not. So that not every run reads every file, size, times
  and inode of each are remembered together with its SHA-256. A file that has changed while all of
  these stayed is not noticed; the time of change (ctime) cannot be set back by ordinary means.
- What is kept is whole, or it is made again: every byte is checked whenever it is opened.
- Bad files, and what is wrong with them, are kept as well.
- Nothing here fails: where nothing can be kept, pictures are decoded into memory, and a note says
  why.
"""

from __future__ import annotations

import os

from pellucid.data.cache.picture_cache import (
    LIMIT,
    PictureCache,
    check_cache,
    open_picture_cache,
)

CacheSetting = bool | str | os.PathLike[str]
"""Whether decoded pictures are kept, or in which folder."""

__all__ = ["LIMIT", "CacheSetting", "PictureCache", "check_cache", "open_picture_cache"]
