"""The command line that explains a mistake, to be copied from a report."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.reference import argument_of
from pellucid.graph import is_quantised
from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.report import Report
    from pellucid.graph import Graph


def with_commands(
    report: Report,
    graph: Graph,
    model: str | os.PathLike[str],
    data: str,
    pictures: Dataset,
    *,
    classes: str | None = None,
    max_pixels: int | None = None,
    max_bytes: int | None = None,
) -> Report:
    """Return a report whose mistakes have the command that explains each.

    The command asks why the answer is what it is rather than the true class. Paths are quoted for a
    shell, and as they were given: it works where the data and the model were named so. A quantised
    network has no gradients, and so its answers cannot be explained: the report stays as it is.

    Args:
        report: The judgement.
        graph: The network that was judged.
        model: The path of the model file or its run's folder.
        data: The data that were judged, as :func:`pellucid.data.load` takes them.
        pictures: The part of them that was judged.
        classes: Names that the model's classes were given by ``--classes``; None for its own.
        max_pixels: What ``--max-pixels`` was; None for what is safe.
        max_bytes: What ``--max-bytes`` was; None for the default.
    """
    if is_quantised(graph):
        return report
    options = ["--tangent"] if any(node.operation.bends for node in graph.nodes) else []
    options += [] if classes is None else ["--classes", _plain(classes)]
    for option, given in (("--max-pixels", max_pixels), ("--max-bytes", max_bytes)):
        options += [] if given is None else [option, str(given)]
    wrong = tuple(
        replace(
            each,
            command=_command(model, argument_of(data, pictures, each.index), each.true, options),
        )
        for each in report.wrong
    )
    return replace(report, wrong=wrong)


def _command(model: str | os.PathLike[str], picture: str, true: str, options: list[str]) -> str:
    words = ["pellucid", "explain", _plain(os.fspath(model)), _plain(picture)]
    words += [f"--against={true}"] if true.startswith("-") else ["--against", true]
    return printable(shlex.join([*words, *options]))


def _plain(path: str) -> str:
    """A path that cannot be taken for an option."""
    return f"./{path}" if path.startswith("-") else path
