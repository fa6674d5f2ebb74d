"""Links of the documentation lead somewhere, and its commands have the options that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from pellucid.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^#+ +(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.strip().lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    for path, anchor in re.findall(r"\]\(([^)#: ]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if anchor and target.suffix == ".md":
            assert anchor in headings(target), f"{path}#{anchor}"


@pytest.mark.parametrize("page", [*PAGES, *sorted(ROOT.glob("C*.md"))], ids=lambda page: page.name)
def test_tables(page: Path) -> None:
    """A row that a blank line cuts off, or that has another number of cells, is no table's."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = re.sub(r"`[^`\n]*`", "", table).splitlines()
        assert len(rows) > 2, rows
        assert re.fullmatch(r"\|(?: ?:?-+:? ?\|)+", rows[1]), rows
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, rows


def test_options() -> None:
    root = typer.main.get_command(app)
    commands = root.commands  # type: ignore[attr-defined]
    known = {
        name: {word for each in command.params for word in (*each.opts, *each.secondary_opts)}
        for name, command in commands.items()
    }
    seen = 0
    for page in PAGES:
        for name, rest in re.findall(r"pellucid ([a-z-]+)([^#`|\n]*)", page.read_text("utf-8")):
            for option in (
                re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", rest) if name in known else ()
            ):
                assert option in known[name], f"{page.name}: pellucid {name} {option}"
                seen += 1
    assert seen > 100
