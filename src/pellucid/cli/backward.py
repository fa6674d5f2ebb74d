"""``pellucid backward``: the loss of a picture, and every gradient of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_classifier
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import PictureName, find_labelled
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.story_numbers import tell
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.cli.trace import MOST_TERMS, AllTerms, position
from pellucid.engines import DEFAULT
from pellucid.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.backward import Backward, GradientTerms


def backward(
    model: arguments.ModelPath,
    image: PictureName,
    label: Annotated[
        str | None,
        typer.Option(help="The class that is right.", show_default="the data set's; files need it"),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Open the gradient of one weight: conv2.kernel, say.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Open the gradient at one value of this layer.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Its position, from 0: row,column,channel,map for a kernel's weight."),
    ] = None,
    all_terms: AllTerms = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write it to this .html, .json or .png.")
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Show how the loss goes back through every layer, or open one gradient into its terms."""
    from pellucid.explain.written import BACKWARD_ENDINGS, write_backward

    check_output(out, BACKWARD_ENDINGS, model, Path(image))
    place = position(at)
    if (place is None) != (weight is None and layer is None) or (weight and layer):
        raise typer.BadParameter(
            "--at belongs to one of --weight and --layer: give both", param_hint="--at"
        )
    classifier = load_classifier(
        model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
    )
    picture, known = find_labelled(image, classifier.model_, classifier.max_pixels, max_bytes)
    label = known if label is None else label
    if label is None:
        raise typer.BadParameter("give the class that is right", param_hint="--label")
    gone = classifier.backward(picture, label)
    seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    opened = None
    if place is not None:
        opened = gone.weight(weight, place) if weight else gone.value(layer or "", place)
    if out is not None:
        write_backward(out, gone, opened)
        remarks().print(f"written to {printable(out)}")
    if json:
        record = gone.to_dict(values=False) if opened is None else opened.to_dict()
        print_json({**record, "looked_at": seen.to_dict()})
    elif opened is not None:
        print_gradient(results(), opened, len(opened) if all_terms else MOST_TERMS)
    else:
        print_backward(results(), gone)


def print_backward(console: Console, backward: Backward) -> None:
    """Print the loss, y − t, and each step's gradient."""
    from rich.table import Table
    from rich.text import Text

    from pellucid.explain.pages.backward import loss_line, settled_line, wanted_head
    from pellucid.explain.pages.numbers import figure, probability
    from pellucid.ops.operation import describe

    console.print(loss_line(backward))
    logits = Table("class")
    for name in ("y", wanted_head(backward), "∂loss/∂logit"):
        logits.add_column(name, justify="right")
    y, t, d = backward.probabilities, backward.wanted, backward.at_logits
    rest = backward.rest
    for k, name in enumerate(backward.activations.classes):
        logits.add_row(
            Text(printable(name)), probability(y[k], rest[k]), figure(t[k]), figure(float(d[k]))
        )
    console.print(logits)
    if backward.settled:
        tell(console, settled_line(backward))
    table = Table("∂loss/∂")
    for name in ("shape", "lowest", "highest", "norm"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("weights' norms", justify="right", overflow="fold")  # where lines are broken
    for told in (step.to_dict(values=False) for step in backward.steps):
        norms = ", ".join(f"{name} {_short(norm)}" for name, norm in told["weight_norms"].items())
        table.add_row(
            Text(printable(told["name"])),
            describe(tuple(told["shape"])),
            _written(told["lowest"]),
            _written(told["highest"]),
            _written(told["norm"]),
            norms,
        )
    console.print(table)


def print_gradient(console: Console, opened: GradientTerms, count: int) -> None:
    """Print a gradient's products, its check, and the update that would follow."""
    from rich.table import Table
    from rich.text import Text

    from pellucid.explain.pages.backward import check_line, update_line
    from pellucid.explain.pages.numbers import compared, figure, place

    console.print(
        f"∂loss/∂{printable(opened.name)} at {place(opened.at)} = {figure(opened.gradient)}, the "
        f"sum of {len(opened)} products"
    )
    table = Table("output", "at", "reads")
    for name in ("factor", "× δ", "= product"):
        table.add_column(name, justify="right")
    for i in opened.largest(count):
        term = opened.terms[i]
        table.add_row(
            Text(printable(term.layer)),
            place(term.at),
            "" if term.reads is None else place(term.reads),
            figure(term.factor),
            figure(term.delta),
            figure(term.product),
        )
    console.print(table)
    if count < len(opened):
        console.print(f"and {len(opened) - count} smaller products (--all prints them all)")
    total, engine, difference = compared(opened.total, opened.gradient)
    console.print(f"added up {total}, by the engine {engine}, difference {difference}")
    if opened.check is not None:
        console.print(check_line(opened))
    if opened.after is not None:
        console.print(update_line(opened))


def _short(value: float | None) -> str:
    """A norm in three digits, for the column that is narrowest; --json has all digits."""
    return _written(value if value is None else float(f"{value:.3g}"))


def _written(value: float | None) -> str:
    """A number of a record, where null stands for what is not finite."""
    from pellucid.explain.pages.numbers import figure

    return "not finite" if value is None else figure(value)
