"""Pictures that occur several times: equal files, equal pixels, and what that means.

Two pictures are the same if their pixels are, decoded, upright and in colour, whatever their
formats. In several classes they contradict each other; in several parts they make a test of what
was learned; otherwise they count double.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.data.check.near_duplicates import LEAST_CORRELATION, near_groups
from pellucid.data.check.report import found
from pellucid.text import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.check.fingerprint import Fingerprint
    from pellucid.data.check.near_duplicates import Withheld
    from pellucid.data.check.report import Finding

_EXACT = ("conflicting-labels", "leakage", "duplicates")
_NEAR = ("near-conflict", "near-leakage", "near-duplicates")


def duplicate_findings(
    fingerprints: Sequence[Fingerprint], *, near: bool, amounts: bool = False
) -> list[Finding]:
    """Return groups of pictures that are the same, or nearly the same.

    Args:
        fingerprints: All pictures.
        near: Whether to look for those that are nearly the same.
        amounts: Whether pictures have numbers, which may differ a little, instead of classes.
    """
    by_pixels: dict[bytes, list[Fingerprint]] = {}
    for picture in fingerprints:
        by_pixels.setdefault(picture.pixels, []).append(picture)
    groups = list(by_pixels.values())
    findings = [
        finding
        for group in groups
        if len(group) > 1
        for finding in _about(group, _EXACT, amounts=amounts)
    ]
    if near:
        alike, withheld = near_groups([group[0].thumbnail for group in groups])
        for each in alike:
            group = [picture for position in each.positions for picture in groups[position]]
            findings += _about(group, _NEAR, each.correlation, amounts=amounts)
        findings += _withheld(groups, withheld)
    return findings


def _withheld(groups: Sequence[Sequence[Fingerprint]], withheld: Withheld) -> list[Finding]:
    """Return what is said of pairs that are alike, as chance explains."""
    if not withheld.pairs:
        return []
    words = (
        f"{counted(withheld.pairs, 'pair')} of {len(withheld.pictures)} pictures correlate by "
        f"{LEAST_CORRELATION} or more, these two most ({withheld.correlation:.3f}), but pictures "
        "like these are so much alike that chance explains it"
    )
    names = tuple(groups[position][0].name for position in withheld.closest)
    return [
        found(
            "near-withheld", names, words, withheld.correlation, withheld.pairs,
            pairs=withheld.pairs, pictures=len(withheld.pictures), least=LEAST_CORRELATION,
            alike=f"{withheld.correlation:.3f}",
        )
    ]  # fmt: skip


def _about(
    group: Sequence[Fingerprint],
    kinds: tuple[str, str, str],
    correlation: float | None = None,
    *,
    amounts: bool = False,
) -> list[Finding]:
    """Return what follows for a group of pictures that are the same, or nearly the same."""
    conflict, leakage, repeated = kinds
    names = tuple(picture.name for picture in group)
    classes = sorted({picture.class_name for picture in group})
    parts = [part for part in ("train", "validation", "test") if part in {k.part for k in group}]
    likeness: dict[str, Any] = {
        "count": len(group),
        **(_same(group) if correlation is None else {"alike": f"{correlation:.3f}"}),
    }
    how = (
        _likeness(group)
        if correlation is None
        else f"{len(group)} pictures much alike, every two correlate by {correlation:.3f} or more"
    )
    findings: list[Finding] = []
    if len(classes) > 1 and not amounts:
        findings.append(
            found(
                conflict,
                names,
                f"{how}, in the classes {listed(classes)}",
                correlation,
                **likeness,
                labels=listed(classes),
            )
        )
    if len(parts) > 1:
        findings.append(
            found(
                leakage,
                names,
                f"{how}, in the parts {' and '.join(parts)}",
                correlation,
                **likeness,
                parts=parts,
            )
        )
    in_class = f"{how}, {'with' if amounts else 'in the class'} {listed(classes)}"
    return findings or [
        found(repeated, names, in_class, correlation, **likeness, labels=listed(classes))
    ]


def _likeness(group: Sequence[Fingerprint]) -> str:
    same = _same(group)
    files = same.get("files")
    inside = f", in {files} different files" if files else ""
    return f"{len(group)} times the same {same['same']}{inside}"


def _same(group: Sequence[Fingerprint]) -> dict[str, Any]:
    """What pictures that are the same have in common, and in how many files that differ."""
    files = {picture.file for picture in group}
    if None in files:
        return {"same": "pixels"}
    return {"same": "file"} if len(files) == 1 else {"same": "pixels", "files": len(files)}
