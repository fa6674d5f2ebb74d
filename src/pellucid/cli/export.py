"""``pellucid export``: a model as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_any_for
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_json, results
from pellucid.engines import DEFAULT
from pellucid.text import printable

Layout = Literal["nhwc", "nchw"]


def export(
    model: arguments.ModelName,
    out: Annotated[Path, typer.Option("--out", "-o", help="The ONNX file, .onnx.")],
    layout: Annotated[
        Layout,
        typer.Option(
            help="Order of the axes of pictures: channels last or first.",
            **arguments.chosen("layout", Layout),
        ),
    ] = "nhwc",
    dtype: arguments.PixelType = "uint8",
    classes: arguments.ClassNames = None,
    json: arguments.Json = False,
) -> None:
    """Write a model as an ONNX file, which other programs run: pixels in, probabilities out.

    Of a generator it is noise in, pictures out; of a captioner it is two files.
    """
    from pellucid.interop.onnx.captioning import words_path
    from pellucid.interop.onnx.export import described, save_onnx
    from pellucid.tasks import Captioning

    check_output(out, (".onnx",), model)
    found = load_any_for(model, engine=DEFAULT, classes=classes).model_
    values = described(found, layout=layout, dtype=dtype)
    if isinstance(found.task, Captioning):
        check_output(words_path(out), (".onnx",), model)
        values["words"] = {"file": printable(words_path(out)), **values["words"]}
    save_onnx(out, found, layout=layout, dtype=dtype)
    if json:
        print_json({"file": printable(out), **values})
        return
    outputs = ", ".join(f"{name} {kind}" for name, kind in values["outputs"].items())
    results().print(
        f"{printable(out)}: input {values['input']}; outputs {outputs}; opset {values['opset']}"
    )
    if half := values.get("words"):
        ends = (
            ", ".join(f"{name} {kind}" for name, kind in half[each].items())
            for each in ("inputs", "outputs")
        )
        results().print(f"{half['file']}: inputs {next(ends)}; outputs {next(ends)}")
