"""``pellucid surgery``: change one thing in a network, and see what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import OptionalPictureName, find_picture
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.terminal import print_json, print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from pellucid.explain.surgery import Edit

Several = list[str] | None


def surgery(
    model: arguments.ModelName,
    image: OptionalPictureName = None,
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
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    decisions: arguments.DecisionsFile = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A model file (.safetensors) for the changed network."),
    ] = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Change a network, and show what that does to its answers. MODEL itself stays as it is.

    All options can be given several times; they are taken kind by kind, in the order of this list.
    """
    edits = _edits(kernel, set_, mute, swap, remove)
    if not edits:
        raise typer.BadParameter(
            "nothing to change; give --kernel, --set, --mute, --swap or --remove",
            param_hint="the edits",
        )
    if image is None and data is None and out is None:
        raise typer.BadParameter("give a picture, --data or --out", param_hint="IMAGE")

    if decisions is not None and data is None:
        raise typer.BadParameter("decides about the pictures of --data", param_hint="--decisions")

    from pellucid.data.reading import Reading
    from pellucid.evaluation.edit_effect import data_effect, picture_effect, task_effect
    from pellucid.explain.surgery import edit_record
    from pellucid.files.held_out import held_out
    from pellucid.files.run_model import model_path
    from pellucid.interop.models import place_of

    if out is not None:
        place = place_of(model)
        if place is not None and out.resolve() == model_path(place).resolve():
            raise typer.BadParameter("that is the model itself; name another", param_hint="--out")
        check_output(out, (".safetensors",))
    before = load_model_for(
        model,
        engine=engine,
        classes=classes,
        max_pixels=max_pixels,
        invert=invert,
    )
    after = before.edited(*edits)
    one = many = seen = None
    if image is not None:
        picture = find_picture(image, before.model_, before.max_pixels, max_bytes)
        one = picture_effect(before, after, picture)
        seen = print_resize_note(picture, before.model_, before.max_pixels).to_dict()
    if data is not None:
        pictures, notes = held_out(
            data, before.model_, part=part, max_pixels=max_pixels,
            reading=Reading(
                max_bytes=max_bytes, path_column=path_column, label_column=label_column,
                decisions=decisions,
            ),
        )  # fmt: skip
        for note in notes:
            remarks().print(note)
        judge = data_effect if before.model_.task.of_one_class else task_effect
        many = judge(before, after, pictures)
    if out is not None:
        kept = after
        if invert:  # it belongs to this picture, not to the model
            plain = load_model_for(model, engine=engine, classes=classes, max_pixels=max_pixels)
            kept = plain.edited(*edits)
        kept.save(out)
        remarks().print(f"changed model written to {printable(out)}")
    if json:
        print_json(
            {
                "schema": 1,
                "edits": [edit_record(edit) for edit in edits],
                "picture": None if one is None else one.to_dict(),
                "looked_at": seen,
                "data": None if many is None else many.to_dict(),
            }
        )
        return
    for found in (one, many):
        if found is not None:
            print_result(found, json=False)


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
    return typer.BadParameter(f"{quoted(text)} is not of the form {example}", param_hint=option)
