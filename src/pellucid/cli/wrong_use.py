"""Wrong use of the command line in one line: what came, what was expected, and how to fix it."""

from __future__ import annotations

import inspect
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import typer

from pellucid.cli.terminal import fail
from pellucid.known_names import alternatives, near_names
from pellucid.text import brief_repr, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

WRONG_USE = 2
"""The exit code of a command that is used in a way it is not made for."""

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # of click, or Typer's own

_KINDS = {int: "a whole number", float: "a number", bool: "true or false"}


@contextmanager
def wrong_use_explained() -> Iterator[None]:
    """Say in one line why a command line cannot be used, and leave with :data:`WRONG_USE`."""
    try:
        yield
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # which prints the help
        fail(wrong_use_line(error), code=WRONG_USE)


def wrong_use_line(error: Any) -> str:
    """What is wrong, in a line.

    Args:
        error: What Typer raises of a command line that it cannot parse, or a command of options
            that do not go together (:class:`typer.BadParameter`).
    """
    context, text = error.ctx, " ".join(error.format_message().split())
    see = "" if context is None else f"; see {context.command_path} --help"
    name, kind = _name_of(error), type(error).__name__
    if kind == "MissingParameter":
        return f"{name} is missing{see}"
    if isinstance(error, typer.BadParameter):
        if error.param is None or context is None:
            return f"{name}: {error.message}" if name else str(error.message)
        return f"{name}: {_bad_value(error, see)}"
    if kind == "NoSuchOption":
        near = sorted(error.possibilities or ())
        hint = f"; did you mean {alternatives(near)}?" if near else see
        return f"there is no option {printable(error.option_name)}{hint}"
    if found := re.fullmatch(r"No such command '(.*?)'\.?( Did you mean .*)?", text):
        near = near_names(found[1], context.command.list_commands(context))
        hint = f"; did you mean {alternatives(near)}?" if near else see
        return f"there is no command {found[1]!r}{hint}"
    if found := re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text):
        return f"got more than the command takes: {printable(found[1])}{see}"
    if found := re.fullmatch(r"Option '(.*?)' (.*?)\.?", text):
        needs = "got no value, expected one behind it"
        return f"{found[1]}: {needs if 'requires' in found[2] else found[2]}{see}"
    return f"{text.rstrip('.')}{see}"


def _name_of(error: Any) -> str:
    """The option or argument that an error is about; empty where it names none."""
    hint = getattr(error, "param_hint", None)
    if isinstance(hint, str):
        return hint
    param = getattr(error, "param", None)
    if param is None:
        return ""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).upper()
    return str(max(param.opts, key=len))


def _bad_value(error: Any, see: str) -> str:
    """What is wrong with the value of a parameter that Typer refuses."""
    expected = _expected(error.ctx.command.callback, error.param.name)
    given = _given(error)
    if not expected or given is None:
        return f"{str(error.message).rstrip('.')}{see}"
    return f"got {given}, expected {expected}{see}"


def _given(error: Any) -> str | None:
    """The value that came, where it is known."""
    details = getattr(error.__cause__, "errors", None)  # of pydantic, which newer Typer asks
    if callable(details):
        return brief_repr(details()[0].get("input")).strip("'")
    found = re.match(r"'?(.*?)'? is not ", str(error.message))
    return found[1] if found else None


def _expected(callback: Any, name: str) -> str:
    """What a command's parameter takes; empty where that is no number."""
    hint = get_type_hints(inspect.unwrap(callback), include_extras=True).get(name)
    taken, *more = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
    kinds = [taken] if get_origin(taken) is None else list(get_args(taken))
    words = next((_KINDS[kind] for kind in kinds if kind in _KINDS), "")
    low = next((each.min for each in more if getattr(each, "min", None) is not None), None)
    high = next((each.max for each in more if getattr(each, "max", None) is not None), None)
    if not words or (low is None and high is None):
        return words
    if low is None or high is None:
        return f"{words} of at {'least' if high is None else 'most'} {high if low is None else low}"
    return f"{words} from {low} to {high}"
