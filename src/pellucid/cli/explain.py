"""``pellucid explain``: why a model answers as it does, as a picture and in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments
from pellucid.cli.looked_at import tell_size
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.data.names import shown
from pellucid.engines import DEFAULT

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap

MOST_REGIONS = 6
"""How many regions are printed, the strongest first."""


def explain(
    model: arguments.ModelPath,
    picture: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, BMP, GIF or TIFF file.")],
    method: Annotated[
        str,
        typer.Option(
            help="evidence, gradient, gradient-times-input, integrated-gradients, smooth-grad, "
            "guided-backpropagation, deconvnet, grad-cam, grad-cam++ or occlusion."
        ),
    ] = "evidence",
    target: Annotated[
        str | None, typer.Option(help="The class in question; by default the answer.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="The class to compare it with; for evidence the next likely.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Grad-CAM: by default the last convolution. Deconvnet too.")
    ] = None,
    unit: Annotated[
        int | None, typer.Option(help="Deconvnet: which of the layer's feature maps, from 0.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Occlusion: the patch's side in pixels.")] = None,
    tangent: Annotated[
        bool, typer.Option("--tangent", help="Evidence: replace tanh and the like by tangents.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG file for the picture.")
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Show what speaks for an answer: evidence that adds up, or a heatmap."""
    from pellucid.classifier import ImageClassifier

    check_output(out, (".png",), model, picture)
    classifier = ImageClassifier.load(model, engine=engine, max_pixels=max_pixels)
    explanation = classifier.explain(
        picture,
        method,
        target=target,
        against=against,
        layer=layer,
        unit=unit,
        size=size,
        tangent=tangent or None,
    )
    tell_size(picture, classifier.model_, classifier.max_pixels)
    if out is not None:
        explanation.save(out)
        remarks().print(f"picture written to {shown(out)}")
    if json:
        print_json(explanation.to_dict())
    else:
        _print(results(), explanation)


def _print(console: Console, explanation: Evidence | Heatmap) -> None:
    from pellucid.explain.evidence import Evidence

    if isinstance(explanation, Evidence):
        heatmap = explanation.heatmap()
        console.print(heatmap.title)
        if heatmap.empty is not None:
            console.print(heatmap.empty.line)
        _print_evidence(console, explanation)
    else:
        heatmap = explanation
        console.print(heatmap.title)
        console.print(heatmap.found)
    if heatmap.remark:
        console.print(heatmap.remark)
    if heatmap.method.insensitive:
        console.print(
            "fails the randomisation test: its picture hardly depends on what was learned"
        )
    console.print(f"it can say {heatmap.can}")
    console.print(f"it cannot say {heatmap.cannot}")


def _print_evidence(console: Console, evidence: Evidence) -> None:
    from rich.table import Table

    table = Table("part", "share")
    table.columns[1].justify = "right"
    rows: list[tuple[str, Any]] = [("pixels", evidence.pixels.sum())]
    rows += [(f"bias of {shown(name)}", share) for name, share in evidence.constants.items()]
    for name, share in [*rows, ("sum", evidence.total), ("by the engine", evidence.difference)]:
        table.add_row(name, f"{share:+.5f}")
    console.print(table)
    console.print(f"sum and engine are apart by {evidence.gap:.1e} of the difference")
    table = Table("rows", "columns", "share", "falls when covered")
    for column in table.columns[2:]:
        column.justify = "right"
    ranked = sorted(evidence.regions, key=lambda region: -abs(region.share))
    for region in ranked[:MOST_REGIONS]:
        table.add_row(
            f"{region.rows[0]}–{region.rows[1] - 1}",
            f"{region.columns[0]}–{region.columns[1] - 1}",
            f"{region.share:+.4f}",
            f"{region.occluded:+.4f}",
        )
    console.print(table)
