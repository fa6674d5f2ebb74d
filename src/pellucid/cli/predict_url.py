"""``pellucid predict --url``: the answers of a service, as a file or as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pellucid.cli.outputs import check_output
from pellucid.cli.picture import report_problems
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.serve import TOKEN
from pellucid.cli.terminal import remarks
from pellucid.csv_text import csv_text
from pellucid.data.asked import find_pictures
from pellucid.errors import DataError
from pellucid.serving.client import Client
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.data.reference import Reference
    from pellucid.serving.client import Answer


def predict_by_url(
    url: str,
    pictures: Sequence[str],
    top: int,
    out: Path | None,
    path_column: str | None,
    others: Mapping[str, bool],
    *,
    as_json: bool,
) -> None:
    """Send pictures to a service, and write or print what it answers.

    Args:
        url: Its address.
        pictures: As ``pellucid predict`` takes them, but for pictures of data sets.
        top: How many of the likeliest classes.
        out: A ``.csv`` or ``.json`` file.
        path_column: The name of a list's column of paths; none to recognise it.
        others: Which options were given that are for a model that is here, by name.
        as_json: Whether the answers are printed.
    """
    for option, given in others.items():
        if given:
            raise typer.BadParameter("is not for a service; leave it out", param_hint=option)
    if out is None and not as_json:
        raise typer.BadParameter("name a .csv or .json file, or give --json", param_hint="--out")
    check_output(out, (".csv", ".json"), *map(Path, pictures))
    client = Client(url, token=os.environ.get(TOKEN), top=top)
    asked = find_pictures(pictures, _no_part, path_column)
    for note in asked.notes:
        remarks().print(note)
    found = [picture for picture in asked.pictures if isinstance(picture, Path)]
    problems = list(asked.problems)
    if found:
        check_output(out, (".csv", ".json"), *found)
        _write(client, found, out, problems)
    report_problems(problems, len(found) + len(asked.problems))


def _write(client: Client, found: Sequence[Path], out: Path | None, problems: list[str]) -> None:
    """Ask, and write while the answers come."""
    from pellucid.files.atomic import write_file

    def answers() -> Iterator[Answer]:
        with CountBar("pictures", remarks()) as progress:
            for done, answer in enumerate(client.answers(found), start=1):
                if answer.problem:
                    problems.append(answer.problem)
                progress(done, len(found))
                yield answer

    if out is None:
        sys.stdout.writelines(part.decode() for part in _json_parts(answers()))
        return
    parts = _csv_parts if out.suffix.lower() == ".csv" else _json_parts
    write_file(out, parts(answers()))
    remarks().print(
        f"predictions for {counted(len(found) - len(problems), 'picture')} written to "
        f"{printable(out)}"
    )


def _csv_parts(answers: Iterator[Answer]) -> Iterator[bytes]:
    """As :func:`pellucid.evaluation.prediction_files.csv_parts` writes answers of a model here."""
    begun = False
    for answer in answers:
        if answer.columns and not begun:
            begun = True
            yield _row(["picture", *answer.columns])
        for cells in answer.rows:
            yield _row([printable(answer.picture), *cells])


def _row(cells: Sequence[str]) -> bytes:
    return csv_text([cells]).encode("utf-8", errors="backslashreplace")


def _json_parts(answers: Iterator[Answer]) -> Iterator[bytes]:
    between = b"[\n"  # with the first answer: where there is none, an error alone is printed
    for answer in answers:
        lines = json.dumps(answer.record, indent=2).split("\n")
        yield between + "\n".join(f"  {line}" for line in lines).encode()
        between = b",\n"
    yield b"\n]\n"


def _no_part(reference: Reference) -> Dataset:
    raise DataError(
        f"{printable(str(reference))}: pictures of data sets are not sent to a service; give files"
    )
