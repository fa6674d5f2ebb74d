"""What MkDocs calls while it builds: pages that are made, links that are mended, checks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from website import checks, commands, links, notebooks, operations, reference  # noqa: E402 - needs the path above

SHIM = "assets/iframe-worker.js"
"""What lets the search work in pages that are opened as files; the theme takes it from a host."""

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation: the reference, and guides that it does not name."""
    nav: list[dict[str, list[object]]] = config.nav or []
    named = links.named_pages(nav)
    found = {path.name for path in Path(config.docs_dir).glob("*.md")}
    for section in nav:
        if "Reference" in section:
            section["Reference"] = [commands.PAGE, operations.PAGE, *reference.pages()]
        if "Notebooks" in section:
            section["Notebooks"] = [*notebooks.pages()]
        if "Guides" in section and found - named:
            section["Guides"].append({"More": sorted(found - named)})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made: README, public names, commands, and sources that are linked."""
    made = {
        **links.repository_pages(),
        **reference.pages(),
        **notebooks.pages(),
        commands.PAGE: commands.page(),
        operations.PAGE: operations.page(),
    }
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    shim = (ROOT / "website" / "iframe-worker" / "index.js").read_text(encoding="utf-8")
    files.append(File.generated(config, SHIM, content=shim))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages."""
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]  # which would have this one page
    return links.rewritten(markdown, page.file.src_uri)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the roles of docstrings into links."""
    return reference.linked_roles(html)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Take the search's helper from the site itself."""
    return _with_own_shim(output, page.url.count("/"))


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """Likewise in the page that a server shows for a wrong address."""
    return _with_own_shim(output, 0)


def _with_own_shim(output: str, depth: int) -> str:
    return output.replace("https://unpkg.com/iframe-worker/shim", "../" * depth + SHIM)


def on_post_build(config: MkDocsConfig) -> None:
    """Refuse a site that lacks a public name, or that a reader without a network cannot read."""
    faults = checks.faults(Path(config.site_dir))
    if faults:
        raise PluginError("\n".join(["the site is not whole:", *faults]))
