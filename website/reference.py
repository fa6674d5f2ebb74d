"""A page of the reference for each public module, of the names that tests/public records."""

from __future__ import annotations

import html
import inspect
import re
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from tests.public.surface import MODULES, NAMES, _names_of, resolve

ELSEWHERE = "reference/results.md"
"""The page of public names that lie in no public module."""

CONTRACT = "pellucid.ops.operation.Operation"
"""What every operation derives from: documented once, and not again with each."""

_ROLE_AS_WRITTEN = re.compile(r":\w+:`~?(?:\w+\.)*(\w+)`")
_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):<code>([^<]+)</code>")


@cache
def pages() -> dict[str, str]:
    """Each page's text, by where it lies in the site."""
    homes: dict[str, str] = {}  # what is documented, and by which name: once each
    made = {}
    for module in MODULES:
        made[f"reference/{module}.md"] = _module_page(import_module(module), homes)
    paths = [path for path in NAMES if _canonical(path, resolve(path)) == path]
    entries = [_entry(path, homes) for path in paths if path not in homes]
    text = "What methods answer, and what the guides' examples use."
    made[ELSEWHERE] = "\n\n".join(["# Results and explanations", text, *entries, ""])
    return made


def public_names() -> list[str]:
    """Every public name, by the path under which its documentation is found."""
    paths = [f"{module}.{name}" for module in MODULES for name in _names_of(import_module(module))]
    found = [(path, resolve(path)) for path in (*paths, *NAMES)]
    return sorted(
        {_canonical(path, each) for path, each in found if not isinstance(each, ModuleType)}
    )


def linked_roles(page: str) -> str:
    """A page whose docstrings' roles, such as ``:class:`Dataset```, are links."""

    def link(found: re.Match[str]) -> str:
        name = html.unescape(found[1]).lstrip("~")
        shown = name.rpartition(".")[2] if "." in name else name
        target = name if name.startswith("pellucid.") else _by_last_part().get(name, name)
        code = f"<code>{html.escape(shown)}</code>"
        return f'<autoref identifier="{html.escape(target)}" optional>{code}</autoref>'

    return _ROLE.sub(link, page)


@cache
def _by_last_part() -> dict[str, str]:
    return {path.rpartition(".")[2]: path for path in public_names()}


def _module_page(module: ModuleType, homes: dict[str, str]) -> str:
    name = module.__name__
    parts = [f"# {name}", inspect.getdoc(module) or ""]
    parts += [f"::: {CONTRACT}"] if name == "pellucid.ops" else []
    entries, others, rows = [], [], []
    for each in _names_of(module):
        path = f"{name}.{each}"
        found = resolve(path)
        if isinstance(found, ModuleType):
            others.append(f"- `{each}`: the module [{found.__name__}]({found.__name__}.md)")
        elif (canonical := _canonical(path, found)) in homes:
            others.append(f"- `{each}`: see [{canonical.rpartition('.')[2]}][{canonical}]")
        else:
            entry = _entry(path, homes)
            entries.append(entry)
            if not each.startswith("__"):
                link = f"[{canonical}]" if entry.startswith(":::") else f"(#{path})"
                rows.append(_summary_row(f"[`{each}`]{link}", found))
    summary = "\n".join(["| name | |", "|---|---|", *rows]) if rows else ""
    return "\n\n".join([*parts, "\n".join(others), summary, *entries, ""])


def _summary_row(link: str, found: Any) -> str:
    """A name's row in the summary of its module: a link, and what it is in a line."""
    described = inspect.isclass(found) or inspect.isroutine(found)
    text = (inspect.getdoc(found) or "").partition("\n\n")[0] if described else ""
    text = re.sub(rf"; see {_ROLE_AS_WRITTEN.pattern}", "", text)  # it leads there
    line = re.sub(r"\s+", " ", _ROLE_AS_WRITTEN.sub(r"`\1`", text)).replace("|", "\\|")
    return f"| {link} | {line} |"


def _entry(path: str, homes: dict[str, str]) -> str:
    found = resolve(path)
    canonical = _canonical(path, found)
    homes[canonical] = path
    if _is_made(found, path):
        return _written(path, found)
    if canonical == path and not (inspect.isclass(found) or inspect.isroutine(found)):
        return _value(path, found)
    own = (
        "\n    options:\n      inherited_members: false" if path.startswith("pellucid.ops.") else ""
    )
    return f"::: {canonical}{own}"


def _canonical(path: str, found: Any) -> str:
    """Where a name is defined, which is where its documentation is found."""
    if not (inspect.isclass(found) or inspect.isfunction(found)) or _is_made(found, path):
        return path
    if not found.__module__.startswith("pellucid") or found.__name__ != path.rpartition(".")[2]:
        return path
    return f"{found.__module__}.{found.__qualname__}"


def _is_made(found: Any, path: str) -> bool:
    """Whether a function is made by another one, so that no source has its name."""
    return inspect.isfunction(found) and found.__code__.co_name != path.rpartition(".")[2]


def _written(path: str, found: Any) -> str:
    """A name's documentation from what it is, where its source does not show that."""
    name = path.rpartition(".")[2]
    signature = f"{name}{inspect.signature(found)}".replace("'", "")
    code = f"```python\n{signature}\n```"
    return f"## {name} {{#{path}}}\n\n{code}\n\n{inspect.getdoc(found) or ''}"


def _value(path: str, found: Any) -> str:
    """A constant: its kind, and its value or its entries where they are short."""
    name = path.rpartition(".")[2]
    if isinstance(found, dict):
        shown = ", ".join(f"`{key}`" for key in found)
    elif isinstance(found, (int, float, str, tuple)) and len(repr(found)) < 100:
        shown = f"`{found!r}`"
    else:
        shown = ""
    text = f"`{type(found).__name__}`{': ' if shown else ''}{shown}"
    if name.startswith("__"):
        return f'<span id="{path}"></span>`{name}`: {text}'
    return f"## {name} {{#{path}}}\n\n{text}"
