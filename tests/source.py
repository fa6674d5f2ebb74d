"""What the source imports, read from its text: early, and late within functions."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent / "src"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by name; a package's is that of its ``__init__.py``."""
    found = {}
    for path in sorted((ROOT / "pellucid").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(known: Mapping[str, Path]) -> dict[str, dict[str, bool]]:
    """By module: the modules that it imports, and whether only late, within a function.

    Imports for type checkers alone do not count, and neither do packages that are imported on the
    way to a module in them.
    """
    found: dict[str, dict[str, bool]] = {}
    for name, path in known.items():
        targets: dict[str, bool] = {}
        for node, late in _statements(path):
            for target in _targets(node, name, known):
                targets[target] = targets.get(target, True) and late
        targets.pop(name, None)
        found[name] = targets
    return found


@cache
def _statements(path: Path) -> list[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The imports of a file, and whether each is within a function."""
    return [*_imports(ast.parse(path.read_text(encoding="utf-8")), late=False)]


def _imports(node: ast.AST, *, late: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # in which no statement is
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _imports(ast.Module(child.orelse, []), late=late)
        elif isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, late
        else:
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from _imports(child, late=late or function)


def _targets(node: ast.AST, importer: str, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module in known:
        assert node.level == 0, f"{importer}: a relative import"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            # A package's own name goes before its module of the same name.
            own = inner not in known or _defines(known[node.module], alias.name)
            yield node.module if own else inner


@cache
def _defines(path: Path, name: str) -> bool:
    """Whether a package's ``__init__.py`` itself imports or makes a name."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            if any((alias.asname or alias.name) == name for alias in node.names):
                return True
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return True
    return False


def circles(graph: Mapping[str, Mapping[str, bool]]) -> list[list[str]]:
    """Groups of modules that import each other, in whichever way round (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in graph[name]:
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            at = stack.index(name)
            group = sorted(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for name in graph:
        if name not in index:
            visit(name)
    return found
