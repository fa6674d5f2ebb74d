"""``pellucid evaluate``: how good a model is on pictures that it has not learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.names import shown

if TYPE_CHECKING:
    from rich.table import Table

    from pellucid.evaluation import Report

MOST_WRONG = 10
"""How many of the mistakes are printed."""

MOST_COLUMNS = 20
"""With more classes than this, the confusion matrix is not printed."""


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file or a run's folder.")],
    data: Annotated[str, typer.Argument(help="A folder of pictures, or mnist: its test part.")],
    out: Annotated[
        Path | None, typer.Option(help="A folder for confusion.csv, per_class.csv and wrong.csv.")
    ] = None,
    engine: Annotated[str, typer.Option(help="reference, torch or torch:cuda.")] = "reference",
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Judge a model: error, top-k, squared error, cross-entropy, confusion, mistakes."""
    from pellucid.classifier import ImageClassifier
    from pellucid.data import load_for

    classifier = ImageClassifier.load(model, engine=engine)
    pictures = load_for(
        data, preprocessing=classifier.model_.preprocessing, classes=classifier.classes_
    )
    report = classifier.evaluate(pictures)
    if out is not None:
        report.write(out)
    if json:
        print_json(report.to_dict())
        return
    console = results()
    console.print(f"{shown(pictures.name)}: {report.count} pictures")
    console.print(f"accuracy              {report.accuracy:.2%}")
    console.print(f"classification error  {report.error:.2%}")
    for k, accuracy in report.top_k.items():
        if k > 1:
            console.print(f"top-{k:<2} accuracy       {accuracy:.2%}")
    console.print(f"mean squared error    {report.mean_squared_error:.4f}")
    console.print(f"cross-entropy         {report.cross_entropy:.4f}")
    console.print(_per_class(report))
    if len(report.classes) <= MOST_COLUMNS:
        console.print(_confusion(report))
    for wrong in report.wrong[:MOST_WRONG]:
        console.print(
            f"wrong: {shown(wrong.name)} is {shown(wrong.true)}, taken for "
            f"{shown(wrong.predicted)} ({wrong.confidence:.1%})"
        )
    if len(report.wrong) > MOST_WRONG:
        console.print(f"and {len(report.wrong) - MOST_WRONG} more mistakes (--json lists them all)")
    if out is not None:
        remarks().print(f"tables written to {shown(out)}")


def _per_class(report: Report) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("class", "precision", "recall", "F1", "pictures")
    for row in report.per_class:
        table.add_row(
            Text(shown(row.name)),
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            str(row.support),
        )
    return table


def _confusion(report: Report) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="confusion: rows true, columns predicted", title_justify="left")
    table.add_column("")
    for name in report.classes:
        table.add_column(Text(shown(name)), justify="right")
    for name, row in zip(report.classes, report.confusion.tolist(), strict=True):
        table.add_row(Text(shown(name)), *(str(count) if count else "·" for count in row))
    return table
