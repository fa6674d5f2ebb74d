"""What is found out about each file by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pellucid.data.check.report import found
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.fingerprint import Fingerprint
    from pellucid.data.check.report import Finding
    from pellucid.data.quarantine import BadFile

TINY_SIDE = 8
"""Pictures with a side shorter than this show nothing."""

HUGE_PIXELS = 4096 * 4096
"""Pictures with more pixels than this are slow to read for what remains of them."""

_ENDINGS = {
    "PNG": ("png", "apng"),
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "MPO": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "WEBP": ("webp",),
    "BMP": ("bmp", "dib"),
    "GIF": ("gif",),
    "TIFF": ("tif", "tiff"),
}


def file_findings(fingerprints: Sequence[Fingerprint], bad: Sequence[BadFile]) -> list[Finding]:
    """Return what is wrong with single files: unusable, misnamed, tiny, huge, of several frames."""
    findings = [
        found(
            "unlisted" if file.name.endswith("/") else "unusable",
            (file.name,),
            file.reason,
            quoted=file.reason,
        )
        for file in bad
    ]
    seen = [picture for picture in fingerprints if picture.heard is None]
    tiny = [picture for picture in seen if min(picture.height, picture.width) < TINY_SIDE]
    huge = [picture for picture in seen if picture.height * picture.width > HUGE_PIXELS]
    several = [picture for picture in fingerprints if picture.several_frames]
    findings += _about("tiny", tiny, f"shorter than {TINY_SIDE} pixels on a side", side=TINY_SIDE)
    findings += _about(
        "huge",
        huge,
        f"more than {HUGE_PIXELS // 10**6} million pixels",
        millions=HUGE_PIXELS // 10**6,
    )
    findings += _about("several-frames", several, "more than one frame or page")
    by_mistake: dict[tuple[str, str], list[Fingerprint]] = {}
    for picture in fingerprints:
        ending = os.path.splitext(picture.name)[1].lower().removeprefix(".")  # noqa: PTH122 - fast
        if (
            picture.format is not None
            and ending
            and ending not in _ENDINGS.get(picture.format, ending)
        ):
            content = "JPEG" if picture.format == "MPO" else picture.format
            by_mistake.setdefault((printable(ending), content), []).append(picture)
    for (ending, content), misnamed in by_mistake.items():
        words = f"end in .{ending} and are {content}"
        findings += _about("wrong-ending", misnamed, words, ending=ending, content=content)
    return findings


def _about(
    kind: str, fingerprints: Sequence[Fingerprint], words: str, **values: Any
) -> list[Finding]:
    return (
        [found(kind, tuple(picture.name for picture in fingerprints), words, **values)]
        if fingerprints
        else []
    )
