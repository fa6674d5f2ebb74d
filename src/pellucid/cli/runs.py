"""``pellucid runs``: what has been trained, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.tasks.measures import in_words
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.training.runs import ListedRun

HEADS = ("run", "data", "architecture", "validation", "epochs", "last written")

Order = Literal["date", "result", "data", "name"]


def runs(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Where to look, at any depth.", show_default="runs, or else ."),
    ] = None,
    sort: Annotated[
        Order,
        typer.Option(
            help="Newest first, best first, or by data or path.",
            **arguments.chosen("order", Order),
        ),
    ] = "date",
    json: arguments.Json = False,
) -> None:
    """List runs: data, architecture, result with its 95% interval, epochs, date.

    Running, stopped and damaged ones are listed, too. Weights are not read.
    """
    from pellucid.training.runs import list_runs

    place = folder or (Path("runs") if Path("runs").is_dir() else Path())
    found = _sorted(list_runs(place), sort)
    if json:
        print_json([run.to_dict() for run in found])
        return
    if not found:
        remarks().print(
            f"no runs in {printable(place.resolve())} or below; pellucid train DATA keeps one in "
            "runs, pellucid runs FOLDER looks elsewhere"
        )
        return
    from pellucid.show.document import Document, Items, Part, Table
    from pellucid.show.terminal import print_document

    damaged = [f"damaged: {run.path}: {run.reason}" for run in found if run.reason is not None]
    parts: list[Part] = [
        Table("runs", HEADS, [_row(run, place) for run in found], left=3, listing=True),
        Items(damaged),
    ]
    print_document(results(), Document("runs", parts, printed=False))


def _sorted(found: Sequence[ListedRun], by: str) -> list[ListedRun]:
    orders: dict[str, Callable[[ListedRun], tuple[object, ...]]] = {
        "date": lambda run: (-run.date.timestamp(), run.path),
        "result": lambda run: ((best := _score(run)) is None, -(best or 0.0)),
        "data": lambda run: (run.data is None, run.data),
        "name": lambda run: (run.path,),
    }
    return sorted(found, key=orders[by])


def _row(run: ListedRun, place: Path) -> tuple[str, ...]:
    return (
        _name(run, place),
        run.data or "–",
        run.architecture or "–",
        _result(run),
        _epochs(run),
        f"{run.date:%Y-%m-%d %H:%M}",
    )


def _name(run: ListedRun, place: Path) -> str:
    """Its path below the folder that is listed; its own name where it is that folder."""
    below = run.path.relative_to(place)
    return str(below) if below.parts else folder_name(run.path)


def _result(run: ListedRun) -> str:
    if run.accuracy is None:
        return next((in_words(*each) for each in run.measures.items()), "–")
    words = f"{run.accuracy:.1%}"
    if run.interval is None:
        return words
    low, high = run.interval
    return f"{words} ({100 * low:.0f}–{100 * high:.0f})"


def _score(run: ListedRun) -> float | None:
    """What a run is ranked by: its accuracy, or the first measure of its task."""
    return next((each for each in (run.accuracy, *run.measures.values()) if each is not None), None)


def _epochs(run: ListedRun) -> str:
    if run.state == "finished":
        return str(run.epochs)
    return f"{run.epochs}/{run.planned or '?'} {run.state}"
