"""The page of every command with its arguments and options, from what the program says itself."""

from __future__ import annotations

import re
from typing import Any

PAGE = "reference/commands.md"
INTRODUCTION = """`pellucid COMMAND --help` shows the same on a terminal. Exit codes: 0 done, 1
failed with a one-line reason, 2 wrong use, 130 stopped by Ctrl-C, 143 by SIGTERM."""


def page() -> str:
    """The page's text."""
    import typer.main

    from pellucid.cli.app import app

    group: Any = typer.main.get_command(app)
    parts = ["# Commands", INTRODUCTION]
    for name, command in sorted(group.commands.items()):
        if not command.hidden:
            parts += [f"## pellucid {name}", *_command(name, command)]
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: Any) -> list[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each not in arguments and not each.hidden]
    usage = " ".join(["pellucid", name, *map(_argument, arguments)])
    parts = [_text(command.help or ""), f"```console\n$ {usage} [OPTIONS]\n```"]
    if options:
        rows = [f"| {_names(each)} | {_cell(each.help or '')} |" for each in options]
        parts.append("\n".join(["| option | |", "|---|---|", *rows]))
    return parts


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    return ", ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", _text(text)).replace("|", "\\|").strip()


def _text(text: str) -> str:
    """Help as Markdown: paragraphs, without the terminal's marks."""
    plain = re.sub(r"\[/?(?:bold|dim|green|cyan|yellow|italic|red)\]", "", text).replace("\b", "")
    return plain.replace("<", "&lt;").strip()
