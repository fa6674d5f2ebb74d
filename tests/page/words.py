"""English words that pages show and Python writes, as JSON: ``python -m tests.page.words``."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pellucid
from pellucid.data.check import KINDS
from pellucid.explain.gallery import GALLERY
from pellucid.ops import OPERATIONS
from pellucid.ops.loss import Loss
from pellucid.page.html import NOSCRIPT

ROOT = Path(pellucid.__file__).parent


def notes() -> list[str]:
    """What remarks on data are about, as the source has them."""
    found = set()
    for file in ROOT.rglob("*.py"):
        if "worksheets" in file.parts or "Note(" not in (text := file.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Note":
                about = node.args[1] if len(node.args) > 1 else None
                if isinstance(about, ast.Constant):
                    found.add(str(about.value))
    return sorted(found)


def words() -> dict[str, Any]:
    """Kinds of layers with what each does in words; kernels, languages, findings, remarks."""
    return {
        "operations": {
            kind: operation.words
            for kind, operation in OPERATIONS.items()
            if not issubclass(operation, Loss)
        },
        "gallery": list(GALLERY),
        "languages": list(NOSCRIPT),
        "findings": list(KINDS),
        "notes": notes(),
    }


if __name__ == "__main__":
    json.dump(words(), sys.stdout)
