"""Notebooks as pages: their texts, their code, and what it put out when they were last run."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "examples" / "notebooks"


def pages() -> dict[str, str]:
    """Each notebook's text, by where it lies in the site."""
    return {
        f"notebooks/{path.stem}.md": _page(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.ipynb"))
    }


def _page(notebook: dict[str, Any]) -> str:
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("](../../docs/", "](../"))
        else:
            parts.append(f"```python\n{source}\n```")
            parts += [_output(each) for each in cell["outputs"]]
    return "\n\n".join(part for part in parts if part) + "\n"


def _output(output: dict[str, Any]) -> str:
    """What a cell put out: a picture where there is one, else its text."""
    data = output.get("data", {})
    if "image/png" in data:
        encoded = re.sub(r"\s", "", "".join(data["image/png"]))
        return f'<img alt="what the cell draws" src="data:image/png;base64,{encoded}">'
    text = "".join(output.get("text", data.get("text/plain", "")))
    if not text.strip() or output.get("name") == "stderr":
        return ""
    return f'<pre class="output">{html.escape(text.rstrip())}</pre>'
