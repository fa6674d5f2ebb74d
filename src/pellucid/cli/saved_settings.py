"""The settings that a run's state keeps, checked like those that are typed."""

from __future__ import annotations

from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pellucid.errors import FileFormatError
from pellucid.text import printable, truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST = 1e300

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", NoneType: "none"}
"""Types in words; all others are texts."""


def check_kept_settings(
    command: Callable[..., object],
    settings: Mapping[str, Any],
    folder: Path,
    kept_as: Mapping[str, Any],
) -> dict[str, Any]:
    """Those settings that a command has, as far as each is what could have been typed.

    Args:
        command: The function; its annotations say which types and ranges there are.
        settings: By name, as plain JSON values.
        folder: The run's, for messages.
        kept_as: Types of settings that are kept in another form than they are typed in, by name.

    Raises:
        FileFormatError: Naming the first setting that is of another type, or out of range.
    """
    hints = get_type_hints(command, include_extras=True)
    found = {name: value for name, value in settings.items() if name in hints}
    for name, value in found.items():
        hint = hints[name]
        option: Any = None
        if get_origin(hint) is Annotated:
            hint, option, *_ = get_args(hint)
        hint = kept_as.get(name, hint)
        expected = "" if _is(value, hint) else _in_words(hint)
        if not expected and isinstance(value, int | float) and not isinstance(value, bool):
            least, most = (getattr(option, end, None) for end in ("min", "max"))
            if least is not None and value < least:
                expected = f"at least {least:g}"
            elif most is not None and value > most:
                expected = f"at most {most:g}"
        if expected:
            raise FileFormatError(
                f"{printable(folder)}: its state keeps the setting {name} as "
                f"{truncated(repr(value), 60)}; expected {expected}: train "
                "from scratch, in another folder"
            )
    return found


def _is(value: object, hint: Any) -> bool:
    """Whether a JSON value is one of an annotated type; paths are kept as texts."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_is(value, each) for each in inner)
    if origin is Literal:
        return value in inner
    if origin is list:
        return isinstance(value, list) and all(_is(each, inner[0]) for each in value)
    if hint is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return abs(value) <= _LARGEST
    if hint is Path:
        return isinstance(value, str)
    return type(value) is hint


def _in_words(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(_in_words(each) for each in inner)
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin is list:
        return f"a list, each {_in_words(inner[0])}"
    return _WORDS.get(hint, "a text")
