"""Explanations as files: the name's ending says which kind."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError
from pellucid.files import write_file, write_text
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.trace import Trace
    from pellucid.explain.value_terms import ValueTerms

TRACE_ENDINGS = (".html", ".json", ".png", ".xlsx")
VALUE_ENDINGS = (".html", ".json", ".png")
BACKWARD_ENDINGS = (".html", ".json", ".png")


def check_ending(path: str | os.PathLike[str], endings: tuple[str, ...]) -> str:
    """A file's ending, in small letters.

    Raises:
        ArgumentError: If it is none of those.
    """
    ending = Path(path).suffix.lower()
    if ending not in endings:
        raise ArgumentError(
            f"{printable(path)}: the ending says what is written, one of {', '.join(endings)}; got "
            f"{printable(ending)!r}"
        )
    return ending


def write_trace(
    path: str | os.PathLike[str], trace: Trace, opened: ValueTerms | None = None
) -> None:
    """Write a trace as ``.html``, ``.json``, ``.png`` or ``.xlsx``.

    Args:
        path: Where.
        trace: The trace.
        opened: A value to be shown too, in HTML, or instead, in JSON and as a picture.

    Raises:
        ArgumentError: If the ending is another; or a spreadsheet cannot hold the network.
        OutputError: If the file cannot be written.
        MissingDependencyError: If what draws it or writes it is not installed.
    """
    ending = check_ending(path, TRACE_ENDINGS)
    if ending == ".xlsx":
        from pellucid.explain.spreadsheet.workbook import workbook

        write_file(path, workbook(trace.activations))
    else:
        _write(path, ending, trace, opened, "From a picture to the answer")


def write_backward(
    path: str | os.PathLike[str], backward: Backward, opened: GradientTerms | None = None
) -> None:
    """Write the way back as ``.html``, ``.json`` or ``.png``; see :func:`write_trace`."""
    ending = check_ending(path, BACKWARD_ENDINGS)
    _write(path, ending, backward, opened, "From the loss back to the picture")


def _write(
    path: str | os.PathLike[str],
    ending: str,
    whole: Trace | Backward,
    opened: ValueTerms | GradientTerms | None,
    title: str,
) -> None:
    if ending == ".html":
        from pellucid.explain.pages.page import page

        parts = [part._repr_html_() for part in (opened, whole) if part is not None]
        write_text(path, page(title, *parts))
    elif ending == ".json":
        told = whole.to_dict() if opened is None else opened.to_dict()
        write_text(path, json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        content = io.BytesIO()
        (whole if opened is None else opened).plot().savefig(content, format="png")
        write_file(path, content.getvalue())
