"""Pictures that occur several times: equal files, equal pixels, and what that means.

Two pictures are the same if their pixels are, decoded, upright and in colour, whatever their
formats. In several classes they contradict each other; in several parts they make a test of what
was learned; otherwise they count double.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.near import near_groups
from pellucid.data.check.report import found
from pellucid.data.names import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.look import Look
    from pellucid.data.check.report import Finding

_EXACT = ("conflicting-labels", "leakage", "duplicates")
_NEAR = ("near-conflict", "near-leakage", "near-duplicates")


def duplicate_findings(looks: Sequence[Look], *, near: bool) -> list[Finding]:
    """Return groups of pictures that are the same, or nearly the same.

    Args:
        looks: All pictures.
        near: Whether to look for those that are nearly the same.
    """
    by_pixels: dict[bytes, list[Look]] = {}
    for look in looks:
        by_pixels.setdefault(look.pixels, []).append(look)
    groups = list(by_pixels.values())
    findings = [finding for group in groups if len(group) > 1 for finding in _about(group, _EXACT)]
    if near:
        for positions in near_groups([group[0].thumbnail for group in groups]):
            group = [look for position in positions for look in groups[position]]
            findings += _about(group, _NEAR)
    return findings


def _about(group: Sequence[Look], kinds: tuple[str, str, str]) -> list[Finding]:
    """Return what follows for a group of pictures that are the same, or nearly the same."""
    conflict, leakage, repeated = kinds
    names = tuple(look.name for look in group)
    classes = sorted({look.class_name for look in group})
    parts = [part for part in ("train", "validation", "test") if part in {k.part for k in group}]
    how = _likeness(group) if kinds is _EXACT else f"{counted(len(group), 'picture')} much alike"
    findings: list[Finding] = []
    if len(classes) > 1:
        findings.append(found(conflict, names, f"{how}, in the classes {listed(classes)}"))
    if len(parts) > 1:
        findings.append(found(leakage, names, f"{how}, in the parts {' and '.join(parts)}"))
    return findings or [found(repeated, names, f"{how}, in the class {listed(classes)}")]


def _likeness(group: Sequence[Look]) -> str:
    files = {look.file for look in group}
    if None in files:
        return f"{len(group)} times the same pixels"
    if len(files) == 1:
        return f"{len(group)} times the same file"
    return f"{len(group)} times the same pixels, in {len(files)} different files"
