"""``pellucid kernels``: learned kernels as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.explain.kernels_picture import Kernels


def kernels(
    model: arguments.ModelPath,
    layer: Annotated[
        str | None, typer.Option(help="Which convolution; by default the first.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many kernels to draw at most.")] = 32,
    channels: Annotated[int, typer.Option(min=1, help="How many channels of each at most.")] = 16,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG file for the picture.")
    ] = None,
    json: arguments.Json = False,
) -> None:
    """Show the kernels that a model has learned."""
    from pellucid.estimators.classifier import ImageClassifier
    from pellucid.explain.kernels_picture import learned_kernels

    check_output(out, (".png",), model)
    found = learned_kernels(ImageClassifier.load(model).model_.network, layer)
    if out is not None:
        found.save(out, most=most, channels=channels)
        remarks().print(f"picture written to {printable(out)}")
    if json:
        print_json(found.to_dict())
        return
    height, width, joined, number = found.kernels.shape
    console = results()
    console.print(
        f"{printable(found.layer)}: {number} kernels {height}×{width}×{joined} "
        "(rows×columns×channels)"
    )
    console.print(
        f"values {found.kernels.min():.4g} to {found.kernels.max():.4g}, "
        f"{(found.kernels < 0).mean():.0%} negative"
    )
    _print_nearest(console, found, most)


def _print_nearest(console: Console, found: Kernels, most: int) -> None:
    every, chance = found.nearest(), found.by_chance()
    if chance is None:
        console.print("too small to be compared with the gallery's kernels, which are 3×3")
        return
    console.print("nearest in the gallery (cosine; below 0: with all signs turned):")
    for each in every[:most]:
        beyond = "" if abs(each.similarity) > chance else "  (may be chance)"
        console.print(f"  kernel {each.kernel}: {each.name} {each.similarity:+.2f}{beyond}")
    if len(every) > most:
        console.print(f"  and {len(every) - most} more (--most shows them, --json all)")
    console.print(f"of 20 random kernels of this size, 19 stay within ±{chance:.2f}")
