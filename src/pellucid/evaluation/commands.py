"""The command line that explains a mistake, to be copied from a report."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.reference import argument_of
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.report import Report


def with_commands(
    report: Report,
    model: str | os.PathLike[str],
    data: str,
    pictures: Dataset,
    *,
    classes: str | None = None,
) -> Report:
    """Return a report whose mistakes have the command that explains each.

    The command asks why the answer is what it is rather than the true class. Paths are quoted for a
    shell, and as they were given: it works where the data and the model were named so.

    Args:
        report: The judgement.
        model: The path of the model file or its run's folder.
        data: The data that were judged, as :func:`pellucid.data.load` takes them.
        pictures: The part of them that was judged.
        classes: Names that the model's classes were given by ``--classes``; None for its own.
    """
    names = [] if classes is None else ["--classes", _plain(classes)]
    wrong = tuple(
        replace(
            each,
            command=_command(model, argument_of(data, pictures, each.index), each.true, names),
        )
        for each in report.wrong
    )
    return replace(report, wrong=wrong)


def _command(model: str | os.PathLike[str], picture: str, true: str, names: list[str]) -> str:
    words = ["pellucid", "explain", _plain(os.fspath(model)), _plain(picture)]
    words += [f"--against={true}"] if true.startswith("-") else ["--against", true]
    return printable(shlex.join([*words, *names]))


def _plain(path: str) -> str:
    """A path that cannot be taken for an option."""
    return f"./{path}" if path.startswith("-") else path
