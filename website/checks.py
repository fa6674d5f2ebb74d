"""What a finished site must have: every public name, and nothing that is fetched from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from website.reference import public_names

if TYPE_CHECKING:
    from pathlib import Path

_FETCHED = re.compile(
    r"""<(?:script|img|source|iframe|video|audio|embed|object)\b[^>]*?\b(?:src|data|srcset)=["']?"""
    r"""((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?![^>]*\brel=["']?canonical)[^>]*?\bhref=["']?((?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
_FETCHED_BY_STYLE = re.compile(r"""url\(["']?((?:https?:)?//[^"')]+)|@import\s""")


def faults(site: Path) -> list[str]:
    """A line for each fault of a built site; none if it is whole."""
    return [*_missing_names(site), *_fetched(site)]


def _missing_names(site: Path) -> list[str]:
    """Public names that no page documents, by anchors."""
    anchors = set()
    for page in (site / "reference").glob("*.html"):
        anchors |= set(re.findall(r'\bid="?(pellucid\.[\w.]+)', page.read_text(encoding="utf-8")))
    return [f"no page documents {name}" for name in public_names() if name not in anchors]


def _fetched(site: Path) -> list[str]:
    found = []
    for path in sorted(site.rglob("*")):
        pattern = {".html": _FETCHED, ".css": _FETCHED_BY_STYLE}.get(path.suffix)
        if pattern is not None:
            matches = pattern.finditer(path.read_text(encoding="utf-8"))
            found += [f"{path.relative_to(site)} fetches {match[0][:120]}" for match in matches]
    return found
