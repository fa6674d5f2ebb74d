"""What commands print with: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

from rich.console import Console

from pellucid.data.names import shown


def results() -> Console:
    """The console for results; plain where nobody watches."""
    return Console(highlight=False, markup=False, soft_wrap=True)


def remarks() -> Console:
    """The console for progress and remarks."""
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def print_json(values: object) -> None:
    """Print JSON for a program to read: one document, nothing else on standard output."""
    sys.stdout.write(json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def fail(message: str, code: int = 1) -> NoReturn:
    """Say in one line what went wrong, and leave."""
    sys.stderr.write(f"pellucid: {shown(message)}\n")
    sys.exit(code)
