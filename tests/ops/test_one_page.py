"""Operations are known by their pages: nothing else asks which operation it has before it.

Counted in the source: ``isinstance`` of an operation's class outside ``ops`` and the engines. Who
asks all the same is listed here, with the reason.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pellucid
from pellucid.ops import OPERATIONS

ALLOWED = {
    "show/story.py": (1, "describes the lecture's convolution with its settings"),
    "experiments/spatial.py": (1, "undoes the model's own normalisation of pixels"),
    "explain/baseline.py": (1, "takes the mean of the model's own normalisation of pixels"),
    "explain/lecture.py": (1, "pools a map of the lecture by hand"),
    "interop/c/header.py": (1, "names the mean and deviation of the model's own normalisation"),
    "training/start.py": (1, "replaces the model's own normalisation of pixels"),
    "training/unlike.py": (1, "takes the mean of the model's own normalisation of pixels"),
}
"""How often, and why."""

FAMILIES = {"Operation", "Pointwise", "Pool"}


def names(node: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def asked(path: Path) -> int:
    """How often a file asks whether something is a certain operation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {made.__name__ for made in OPERATIONS.values()} | FAMILIES
    own = {
        each.asname or each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pellucid.ops")
        for each in node.names
        if each.name in called
    }
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and bool(names(node.args[1]) & own)
        for node in ast.walk(tree)
    )


def test_operations_are_not_told_apart_elsewhere() -> None:
    root = Path(pellucid.__file__).parent
    found = Counter[str]()
    for path in root.rglob("*.py"):
        place = path.relative_to(root)
        if place.parts[0] not in ("ops", "engines"):
            found[place.as_posix()] = asked(path)
    assert {place: n for place, n in found.items() if n} == {
        place: n for place, (n, _) in ALLOWED.items()
    }
