"""The oldest versions that pyproject.toml allows."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def oldest(project: Path) -> list[str]:
    """Each dependency at its lower bound: ``"numpy==1.26"`` of ``"numpy>=1.26"``."""
    text = project.read_text(encoding="utf-8")
    found = tomllib.loads(text)["project"]["dependencies"]
    bounds = [re.fullmatch(r"([\w-]+)>=([\d.]+)", each) for each in found]
    missing = [each for each, bound in zip(found, bounds, strict=True) if bound is None]
    if missing:
        raise ValueError(f"{project}: no lower bound in {', '.join(missing)}")
    return [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]
