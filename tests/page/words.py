"""English words that pages show and Python writes, as JSON: ``python -m tests.page.words``."""

from __future__ import annotations

import json
import sys
from typing import Any

from pellucid.data.check import KINDS
from pellucid.explain.gallery import GALLERY
from pellucid.ops import OPERATIONS
from pellucid.ops.loss import Loss
from pellucid.page.html import NOSCRIPT


def words() -> dict[str, Any]:
    """Kinds of layers with what each does in words; kernels, languages, kinds of findings."""
    return {
        "operations": {
            kind: operation.words
            for kind, operation in OPERATIONS.items()
            if not issubclass(operation, Loss)
        },
        "gallery": list(GALLERY),
        "languages": list(NOSCRIPT),
        "findings": list(KINDS),
    }


if __name__ == "__main__":
    json.dump(words(), sys.stdout)
