"""Links of the repository's texts, which lead to files, as links between the site's pages."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Texts beside the folder of documentation, and the pages they become."""

PLACES = {"examples/notebooks": "notebooks/1-first-network.md"}
"""Folders that have pages of their own, and the first of these."""

_LINK = re.compile(r"(\]\()([^)#: <>]+)(#[^) ]*)?(\))")
_LANGUAGES = {
    "py": "python",
    "json": "json",
    "ts": "typescript",
    "mjs": "javascript",
    "yml": "yaml",
    "cff": "yaml",
}


def named_pages(nav: object) -> set[str]:
    """Every page that a navigation names, at any depth."""
    if isinstance(nav, str):
        return {nav}
    inner = list(nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else [])
    return set().union(*map(named_pages, inner)) if inner else set()


def repository_pages() -> dict[str, str]:
    """The texts beside the documentation, and each other file that a text links to."""
    pages = {page: (ROOT / text).read_text(encoding="utf-8") for text, page in TEXTS.items()}
    for path in sorted(_linked_files()):
        pages[_page_of(path)] = _shown(path)
    return pages


def rewritten(markdown: str, page: str) -> str:
    """A page's text with links to pages of the site.

    Args:
        markdown: Its text.
        page: Where it lies in the site, e.g. ``"index.md"``.
    """
    home = {made: text for text, made in TEXTS.items()}.get(page)
    folder = "" if home else posixpath.join("docs", posixpath.dirname(page))

    def link(found: re.Match[str]) -> str:
        target = _target(folder, found[2])
        if target is None:
            return found[0]
        start = posixpath.dirname(page) or "."
        return found[1] + posixpath.relpath(target, start) + (found[3] or "") + found[4]

    return _outside_code(markdown, lambda text: _LINK.sub(link, text))


def _target(folder: str, link: str) -> str | None:
    """The page, or file of the documentation, that a link from a folder of the repository means."""
    path = posixpath.normpath(posixpath.join(folder, link))
    if path in TEXTS:
        return TEXTS[path]
    if path in PLACES:
        return PLACES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return _page_of(path) if (ROOT / path).exists() else None


def _page_of(path: str) -> str:
    return f"source/{path}.md"


def _linked_files() -> set[str]:
    """Files outside the documentation that its texts link to."""
    found = set()
    for text in (*TEXTS, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))):
        folder = posixpath.dirname(text)
        for _, link, *_ in _LINK.findall((ROOT / text).read_text(encoding="utf-8")):
            path = posixpath.normpath(posixpath.join(folder, link))
            has_page = path in {*TEXTS, *PLACES} or path.startswith("docs")
            if not has_page and (ROOT / path).exists():
                found.add(path)
    return found


def _shown(path: str) -> str:
    """A file as a page, or a folder as a list of its files."""
    file = ROOT / path
    if file.is_dir():
        names = sorted(each.name for each in file.iterdir() if each.name[0] not in "._")
        return "\n".join([f"# {path}", "", *(f"- `{name}`" for name in names), ""])
    text = file.read_text(encoding="utf-8")
    language = _LANGUAGES.get(file.suffix[1:], "text")
    return f"# {path}\n\n`````{language}\n{text}\n`````\n"


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """A text with a change made everywhere but in its blocks of code."""
    parts = re.split(r"(^(`{3,})[^\n]*\n.*?^\2`*\s*?$)", markdown, flags=re.MULTILINE | re.DOTALL)
    texts = parts[::3]
    blocks = parts[1::3]
    joined = [change(text) + block for text, block in zip(texts, [*blocks, ""], strict=True)]
    return "".join(joined)
