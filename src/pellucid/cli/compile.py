"""``pellucid compile``: a model as an object file with a header of C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_any_for
from pellucid.cli.terminal import print_json, results
from pellucid.engines import DEFAULT
from pellucid.text import printable

Target = Literal["x86_64", "aarch64", "thumbv7em", "riscv32"]


def compile_(
    model: arguments.ModelName,
    target: Annotated[
        Target,
        typer.Option(
            "--target",
            "-t",
            help="The processor: x86-64 with AVX2; 64-bit Arm; Cortex-M4F and M7; RV32IMAFC.",
            **arguments.chosen("target", Target),
        ),
    ] = "x86_64",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The folder for both files.", show_default="NAME-TARGET"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What the functions begin with.", show_default="the model's name"),
    ] = None,
    dtype: arguments.PixelType = "uint8",
    classes: arguments.ClassNames = None,
    json: arguments.Json = False,
) -> None:
    """Compile a model for programs in C: an object file and a header, nothing to install there.

    The function takes the pixels of a picture and gives logits, or the numbers of a regression.
    """
    from pellucid.files.folders import try_folder
    from pellucid.interop.c.compiling import compile_model
    from pellucid.interop.c.words import check_name, name_of

    called = check_name(name) if name is not None else name_of(Path(model).resolve().stem)
    folder = out or Path(f"{called}-{target}")
    try_folder(folder, f"{called}.o")
    found = load_any_for(model, engine=DEFAULT, classes=classes).model_
    made = compile_model(found, target, called, dtype=dtype)
    files = made.save(folder)
    values = made.to_dict()
    if json:
        print_json({"files": [printable(file) for file in files], **values})
        return
    needs = ", ".join(values["undefined"]) or "nothing"
    results().print(
        f"{' and '.join(map(printable, files))}: {values['code_bytes']:,} bytes of code, "
        f"{values['weight_bytes']:,} of weights, {values['work_bytes']:,} that are written; needs "
        f"from other files: {needs}"
    )
