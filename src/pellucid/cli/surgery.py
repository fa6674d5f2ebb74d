"""``pellucid surgery``: change one thing in a network, and see what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.names import counted, shown
from pellucid.engines import DEFAULT

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.evaluation.effect import DataEffect, PictureEffect
    from pellucid.explain.surgery import Edit

MOST_PRINTED = 10
"""How many of the pictures that flip are printed."""

Several = list[str] | None


def surgery(
    model: arguments.ModelPath,
    image: Annotated[
        Path | None, typer.Argument(help="A picture: what changes for it.", show_default=False)
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Pictures to judge by, as for evaluate: what changes for all of them."),
    ] = None,
    kernel: Annotated[
        Several, typer.Option(help="conv1:0=sobel-x: a gallery kernel, in place of kernel 0.")
    ] = None,
    set_: Annotated[
        Several, typer.Option("--set", help="conv1.kernel:0,0,0,2=0.5: one weight.")
    ] = None,
    mute: Annotated[Several, typer.Option(help="conv2:3: map (or unit) 3 becomes 0.")] = None,
    swap: Annotated[Several, typer.Option(help="pool1: max for average, or back.")] = None,
    remove: Annotated[Several, typer.Option(help="relu1: an activation is left out.")] = None,
    part: arguments.Part = None,
    out: Annotated[
        Path | None, typer.Option(help="A model file (.safetensors) for the changed network.")
    ] = None,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Change a network, and show what that does to its answers. MODEL itself stays as it is.

    All options can be given several times; they are taken kind by kind, in the order of this list.
    """
    edits = _edits(kernel, set_, mute, swap, remove)
    if not edits:
        raise typer.BadParameter(
            "say what to change: --kernel, --set, --mute, --swap or --remove", param_hint="--mute"
        )
    if image is None and data is None and out is None:
        raise typer.BadParameter("give a picture, --data or --out", param_hint="IMAGE")

    from pellucid.classifier import ImageClassifier
    from pellucid.engines import get_engine
    from pellucid.evaluation.effect import data_effect, picture_effect
    from pellucid.explain.surgery import edit_record, operate
    from pellucid.files import save_model
    from pellucid.files.atomic import check_writable
    from pellucid.training.held_out import held_out
    from pellucid.training.run_folder import model_path

    if out is not None:
        if out.resolve() == model_path(model).resolve():
            raise typer.BadParameter("that is the model itself; name another", param_hint="--out")
        check_writable(out)
    classifier = ImageClassifier.load(model, engine=engine)
    before = classifier.model_
    after = operate(before, edits)
    program = get_engine(engine).load(after.network)
    one = many = None
    if image is not None:
        pixels = before.preprocessing.read(image)
        one = picture_effect(classifier.program_, program, pixels, before.classes)
    if data is not None:
        pictures, notes = held_out(data, before, part=part)
        for note in notes:
            remarks().print(note)
        many = data_effect(classifier.program_, program, pictures)
    if out is not None:
        save_model(out, after)
        remarks().print(f"changed model written to {shown(out)}")
    if json:
        print_json(
            {
                "schema": 1,
                "edits": [edit_record(edit) for edit in edits],
                "picture": None if one is None else one.to_dict(),
                "data": None if many is None else many.to_dict(),
            }
        )
        return
    if one is not None:
        _print_picture(results(), one)
    if many is not None:
        _print_data(results(), many)


def _edits(
    kernels: Several, weights: Several, mutes: Several, swaps: Several, removals: Several
) -> list[Edit]:
    from pellucid.explain.gallery import gallery_kernel
    from pellucid.explain.surgery import Mute, Remove, SetKernel, SetWeight, SwapPooling

    edits: list[Edit] = []
    for text in kernels or ():
        layer, number, name = _parts(text, r"(.+):(\d+)=(.+)", "conv1:0=sobel-x", "--kernel")
        found = gallery_kernel(name)
        matrix = found.weights
        if matrix.shape == (5, 5):
            matrix = matrix[1:-1, 1:-1]  # the slides' frame of zeros: 3×3 fits most kernels
        edits.append(SetKernel(layer, int(number), matrix, found.name))
    for text in weights or ():
        name, place, value = _parts(
            text, r"(.+):([\d,]+)=(.+)", "conv1.kernel:0,0,0,2=0.5", "--set"
        )
        try:
            at = tuple(int(each) for each in place.split(","))
            edits.append(SetWeight(name, at, float(value)))
        except ValueError as error:
            raise _bad(text, "conv1.kernel:0,0,0,2=0.5", "--set") from error
    for text in mutes or ():
        layer, number = _parts(text, r"(.+):(\d+)", "conv2:3", "--mute")
        edits.append(Mute(layer, int(number)))
    edits += [SwapPooling(name) for name in swaps or ()]
    edits += [Remove(name) for name in removals or ()]
    return edits


def _parts(text: str, pattern: str, example: str, option: str) -> tuple[str, ...]:
    found = re.fullmatch(pattern, text, re.DOTALL)
    if found is None:
        raise _bad(text, example, option)
    return found.groups()


def _bad(text: str, example: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(f"{shown(text)!r} is not of the form {example}", param_hint=option)


def _print_picture(console: Console, found: PictureEffect) -> None:
    from rich.table import Table

    table = Table("class", title=None)
    for heading in ("logit", "after", "probability", "after"):
        table.add_column(heading, justify="right")
    first, second = found.probabilities
    for k in (-first).argsort(kind="stable")[:10]:
        table.add_row(
            shown(found.classes[k]),
            f"{found.before[k]:.4f}",
            f"{found.after[k]:.4f}",
            f"{first[k]:.2%}",
            f"{second[k]:.2%}",
        )
    console.print(table)
    before, after = found.guesses
    console.print(
        f"the guess stays {shown(before)}"
        if before == after
        else f"the guess changes from {shown(before)} to {shown(after)}"
    )


def _print_data(console: Console, found: DataEffect) -> None:
    numbers = found.numbers
    console.print(f"{shown(found.pictures.name)}: {counted(len(numbers), 'picture')}")
    for words, one, two in (
        ("accuracy", numbers.first.right.mean(), numbers.second.right.mean()),
        ("cross-entropy", numbers.first.cross_entropy, numbers.second.cross_entropy),
    ):
        style = ".2%" if words == "accuracy" else ".4f"
        console.print(f"{words}: {one:{style}} before, {two:{style}} after")
    flips = found.flips()
    console.print(
        f"{counted(len(flips), 'picture')} with another answer: {len(numbers.only_first)} were "
        f"right before, {len(numbers.only_second)} are right now"
    )
    from pellucid.evaluation.effect import told

    for flip in flips[:MOST_PRINTED]:
        console.print(f"  {told(flip)}")
    if len(flips) > MOST_PRINTED:
        console.print(f"  and {len(flips) - MOST_PRINTED} more (--json lists them all)")
