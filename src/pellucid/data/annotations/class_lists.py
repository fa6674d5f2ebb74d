"""The names of the classes that YOLO's texts count: of ``data.yaml``, or a file of one a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.data.annotations.annotated import checked_class
from pellucid.data.annotations.files import folder_called, read_text
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from pathlib import Path

YAML = (".yaml", ".yml")

_PLAIN = ("classes.txt", "obj.names", "classes.names", "names.txt")
_LARGEST = 1 << 20
_ITEM = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,'"\[\]{}]+)\s*""")
_ENTRY = re.compile(r"\s*(?:-\s+|(\d+)\s*:\s+)(\S.*?)\s*$")


def class_names(root: Path) -> tuple[str, ...]:
    """The names of the classes, in the order of their places.

    Raises:
        DataError: They are nowhere, or cannot be read; the file is named.
    """
    files = visible_files(root)
    for file in files:
        if file.suffix.lower() in YAML:
            names = names_of_yaml(file)
            if names is not None:
                return names
    labels = folder_called(root, ("labels",))
    for file in (*files, *(visible_files(labels) if labels is not None else ())):
        if file.name.casefold() in _PLAIN:
            lines = (line.strip() for line in _text(file).splitlines())
            names = tuple(checked_class(line, printable(file)) for line in lines if line)
            if names:
                return names
    raise DataError(
        f"{printable(root)}: YOLO text without the names of its classes; expected names in "
        "data.yaml, or classes.txt with one a line"
    )


def names_of_yaml(file: Path) -> tuple[str, ...] | None:
    """The list ``names`` of a YAML file: in brackets, a line each, or numbered; None without one.

    Only that is read; it needs no library, as it is plain in all files that tools write.

    Raises:
        DataError: There is one, written in another way.
    """
    lines = _text(file).splitlines()
    for number, line in enumerate(lines):
        if re.match(r"names\s*:", line):
            rest = _uncommented(line.partition(":")[2]).strip()
            after = [_uncommented(each) for each in lines[number + 1 :]]
            names = _in_brackets(" ".join([rest, *after])) if rest else _a_line_each(after)
            place = f"{printable(file)}, line {number + 1}"
            if not names:
                raise DataError(
                    f"{place}: names that cannot be read; expected [cat, dog], or a line each; or "
                    "write classes.txt instead"
                )
            return tuple(checked_class(name, place) for name in names)
    return None


def _in_brackets(text: str) -> list[str]:
    """``[cat, dog]`` or ``{0: cat, 1: dog}``; nothing where it is neither."""
    if text[:1] not in ("[", "{"):
        return []
    close, at = {"[": "]", "{": "}"}[text[0]], 1
    names: list[str] = []
    while match := _ITEM.match(text, at):
        item = match[1]
        if close == "}":
            place, colon, item = item.partition(":")
            if not colon or place.strip() != str(len(names)):
                return []
            at = match.end()
            if not item.strip():  # 0: "cat, or dog"
                match = _ITEM.match(text, at)
                if match is None:
                    return []
                item = match[1]
        at = match.end()
        names.append(_unquoted(item))
        if text[at : at + 1] == close:
            return names
        if text[at : at + 1] != ",":
            return []
        at += 1
        if text[at:].lstrip()[:1] == close:
            return names
    return []


def _a_line_each(lines: list[str]) -> list[str]:
    names: list[str] = []
    for line in lines:
        if not line.strip():
            continue
        match = _ENTRY.match(line)
        if match is None:
            if not line[0].isspace():
                break  # the next key
            return []
        if match[1] is not None and int(match[1]) != len(names):
            return []
        names.append(_unquoted(match[2]))
    return names


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _uncommented(line: str) -> str:
    return "" if line.lstrip().startswith("#") else re.split(r"\s#", line, maxsplit=1)[0]


def _text(file: Path) -> str:
    try:
        return read_text(file, _LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(file)}: the text is not UTF-8; save it so") from error
