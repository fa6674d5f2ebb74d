"""What is found out about each file by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pellucid.data.check.report import found
from pellucid.data.names import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.look import Look
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


def file_findings(looks: Sequence[Look], bad: Sequence[BadFile]) -> list[Finding]:
    """Return what is wrong with single files: unusable, misnamed, tiny, huge, of several frames."""
    findings = [
        found("unlisted" if file.name.endswith("/") else "unusable", (file.name,), file.reason)
        for file in bad
    ]
    tiny = [look for look in looks if min(look.height, look.width) < TINY_SIDE]
    huge = [look for look in looks if look.height * look.width > HUGE_PIXELS]
    several = [look for look in looks if look.several_frames]
    findings += _about("tiny", tiny, f"shorter than {TINY_SIDE} pixels on a side")
    findings += _about("huge", huge, f"more than {HUGE_PIXELS // 10**6} million pixels")
    findings += _about("several-frames", several, "more than one frame or page")
    by_mistake: dict[str, list[Look]] = {}
    for look in looks:
        ending = os.path.splitext(look.name)[1].lower().removeprefix(".")  # noqa: PTH122 - fast
        if look.format is not None and ending and ending not in _ENDINGS.get(look.format, ending):
            content = "JPEG" if look.format == "MPO" else look.format
            by_mistake.setdefault(f"end in .{shown(ending)} and are {content}", []).append(look)
    for words, misnamed in by_mistake.items():
        findings += _about("wrong-ending", misnamed, words)
    return findings


def _about(kind: str, looks: Sequence[Look], words: str) -> list[Finding]:
    return [found(kind, tuple(look.name for look in looks), words)] if looks else []
