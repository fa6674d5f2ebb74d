"""Pictures of strangers: whether they may be decoded, by their header.

Pillow reads no more than a header when it opens a file. What a header promises bounds what decoding
costs: of a film or a TIFF file with pages only the first picture is decoded, and a progressive JPEG
may not go over its picture as often as it likes (each scan costs as much as a whole picture).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.decode import header
from pellucid.errors import DataError
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    from pellucid.data.decode import Header
    from pellucid.serving.limits import Limits

_START_OF_SCAN = b"\xff\xda"


def check_picture(content: bytes, limits: Limits) -> Header:
    """Check a picture file before it is decoded, and return what its header says.

    Raises:
        RefusedError: If it is no picture of a format that is read (415), or has too many pixels or
            scans (413).
    """
    scans = content.count(_START_OF_SCAN) if content[:2] == b"\xff\xd8" else 0
    if scans > limits.scans:
        raise RefusedError(
            413, f"the JPEG has {scans} scans; at most {limits.scans} are read: store it with fewer"
        )
    try:
        return header(content, limits.pixels)
    except DataError as error:
        status = 413 if "pixels" in str(error) else 415
        raise RefusedError(status, str(error)) from error
