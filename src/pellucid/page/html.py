"""The file: a policy that lets nothing in or out, the data as text, and the bundle."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from pellucid.text import PAGE_START
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.page.blobs import Blobs

BUNDLE = ("page.js", "page.css")
"""The files of the bundle, made from ``web/``."""

LICENCES = "licences.md"
"""The file of the bundle with the licences of the packages that it is made of."""

OWN_LICENCE = "This page was written by Pellucid {version}, whose licence is Apache-2.0."

NOSCRIPT = {
    "en": "This page computes a network; allow it to run scripts.",
    "ko": "이 페이지는 신경망을 계산합니다. 스크립트를 실행하도록 허용해 주세요.",
}
"""What a browser that runs no scripts shows, by language."""


def page_html(title: str, language: str, data: dict[str, Any], blobs: Blobs) -> str:
    """The page as one HTML file.

    Args:
        title: As the window's title; printable.
        language: Of its texts at first, a tag of :data:`NOSCRIPT`.
        data: JSON values.
        blobs: Bytes that these name.
    """
    from pellucid.show.html import text

    script, style = bundle()
    notices = f"{OWN_LICENCE.format(version=__version__)}\n\n{licences()}"
    policy = (
        f" script-src {_source(script)} 'wasm-unsafe-eval'; style-src {_source(style)};"
        " worker-src blob:; media-src blob:"
    )
    if data.get("live") is not None:  # the weights come from where the page itself does
        policy += "; connect-src 'self'"
    return "\n".join(
        (
            f'{PAGE_START.decode("ascii")}{policy}">',
            f"<title>{text(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            f'<div id="app" data-language="{text(language)}"></div>',
            f"<noscript>{text(NOSCRIPT[language])}</noscript>",
            f'<script type="application/json" id="page">{_json(data)}</script>',
            *_blobs(blobs.items()),
            f'<script type="text/plain" id="licences">{notices}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        )
    )


def bundle() -> tuple[str, str]:
    """The script and the style of every page."""
    folder = resources.files("pellucid.page") / "bundle"
    script, style = (folder.joinpath(name).read_text("utf-8").strip() for name in BUNDLE)
    return script, style


def licences() -> str:
    """The licences of the packages that the script and the style are made of, in Markdown.

    Whoever copies these must copy them, too. The bundle is refused if they could end an element.
    """
    content = (resources.files("pellucid.page") / "bundle" / LICENCES).read_text("utf-8")
    return content[content.index("## ") :].strip()


def _blobs(items: Iterable[tuple[str, str]]) -> Iterable[str]:
    for name, content in items:
        yield f'<script type="text/plain" data-blob="{name}">{content}</script>'


def _json(data: dict[str, Any]) -> str:
    """JSON that ends no script: ``<`` is written as an escape, wherever it comes from."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _source(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
