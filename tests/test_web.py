"""What stands around the page's sources: the colours and the lock file."""

from __future__ import annotations

import re
from pathlib import Path

from pellucid.show import palette

ROOT = Path(__file__).resolve().parent.parent


def test_the_page_has_the_palette() -> None:
    css = (ROOT / "web/src/app.css").read_text(encoding="utf-8")
    light = css.partition("@media (prefers-color-scheme: dark)")[0]
    tokens = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    for name in ("BLUE", "VERMILION", "GREEN", "PURPLE", "PROBABILITY", "INK"):
        assert tokens[name.lower()] == getattr(palette, name), name


def test_the_lock_file_names_no_place() -> None:
    text = (ROOT / "web/package-lock.json").read_text(encoding="utf-8")
    assert text.count('"integrity": "sha512-') > 50
    assert "://" not in text
    assert '"resolved"' not in text
    assert "registry=" not in (ROOT / "web/.npmrc").read_text(encoding="utf-8")


def test_every_optional_package_is_locked() -> None:
    """What one system needs and another does not: npm refuses a lock file that lacks it."""
    text = (ROOT / "web/package-lock.json").read_text(encoding="utf-8")
    locked = set(re.findall(r'"node_modules/(?:[^"]*node_modules/)?([^"]+)": \{', text))
    for block in re.findall(r'"optionalDependencies": \{([^}]*)\}', text):
        assert set(re.findall(r'"([^"]+)":', block)) <= locked
