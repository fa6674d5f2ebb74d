"""``pellucid import``: the network in an ONNX file as a model file."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated, Literal

import typer

from pellucid.cli import arguments, option_values
from pellucid.cli.export import Layout
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.preprocessing import Resize
from pellucid.text import counted, printable

Task = Literal["single-label", "multi-label", "regression"]


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    """``0.485,0.456,0.406``: a number, or one a channel."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a number, or one a channel (0.485,0.456,0.406)", param_hint=option
        ) from None


def import_(
    file: Annotated[Path, typer.Argument(help="An ONNX file, of any program.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file, .safetensors.")],
    classes: arguments.ClassNames = None,
    task: Annotated[
        Task | None,
        typer.Option(
            help="What the outputs mean.",
            **arguments.chosen("task", Task),
            show_default="multi-label if it ends in a sigmoid, else single-label",
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help="What pictures had subtracted in its training, a channel each.",
            show_default="nothing, or what the file itself does",
        ),
    ] = None,
    std: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS", help="What they were then divided by.", show_default="nothing"
        ),
    ] = None,
    white: Annotated[
        float, typer.Option(help="A white pixel before that: 1 if grey levels were divided by 255.")
    ] = 255.0,
    image_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="64 or 48x64 (height x width), if the file has none."),
    ] = None,
    layout: Annotated[
        Layout | None,
        typer.Option(
            help="Order of its input's axes.",
            show_default="by where 1 or 3 channels are",
            **arguments.chosen("layout", Layout),
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="Which of its outputs answers.", show_default="the first")
    ] = None,
    resize: Annotated[
        Resize,
        typer.Option(
            help="How pictures of another shape are fitted.",
            **arguments.chosen("way to resize", Resize),
        ),
    ] = "crop",
    max_parameters: Annotated[
        int, typer.Option(min=1, help="Numbers that its constants may have together.")
    ] = 300_000_000,
    json: arguments.Json = False,
) -> None:
    """Read a network from an ONNX file, so that it can predict, be trained and explained.

    What Pellucid exported comes back whole. Of other files say how pixels are normalised.
    """
    from pellucid.files import save_model
    from pellucid.interop.onnx.importing import Meaning, import_file, pixel_scale
    from pellucid.interop.onnx.inputs import Asked

    check_output(out, (".safetensors",), file)
    size = None if image_size is None else option_values.image_size(image_size)
    means, deviations = pixel_scale(_numbers("--mean", mean), _numbers("--std", std), white)
    asked = Asked(size, layout, output, means, deviations, max_parameters)
    found = import_file(file, asked, Meaning(classes, task, resize))
    for note in found.notes:
        remarks().print(printable(note))
    save_model(out, found.model)
    graph, names = found.model.network.graph, found.model.task.names
    trained = [each.shape for each in graph.parameters.values() if each.trainable]
    parameters = sum(map(prod, trained))
    if json:
        print_json(
            {
                "file": printable(out),
                "task": found.model.task.kind,
                "input": list(graph.input_shape),
                "classes": list(names),
                "layers": len(graph.nodes),
                "parameters": parameters,
                "notes": list(found.notes),
            }
        )
        return
    shape = "×".join(map(str, graph.input_shape))
    taken = "noise" if found.model.task.makes_pictures else "pictures"
    outputs = f", {counted(len(names), 'output')}" if names else ""
    results().print(
        f"{printable(out)}: {counted(len(graph.nodes), 'layer')}, {parameters:,} parameters, "
        f"{taken} of {shape}{outputs} ({found.model.task.title})"
    )
