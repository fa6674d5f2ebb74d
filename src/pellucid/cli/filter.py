"""``pellucid filter``: a kernel of the gallery, or one's own, on any picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import PictureName, find_picture
from pellucid.cli.terminal import print_result, remarks
from pellucid.cli.trace import position
from pellucid.data.pillow import MAX_PIXELS
from pellucid.explain.gallery import GALLERY, gallery_kernel, own_kernel
from pellucid.text import printable, quoted

ALL = "all"


def filter_(
    picture: PictureName,
    kernel: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(GALLERY)}; or all, for a sheet of them.",
            **arguments.named("kernel", (*GALLERY, ALL)),
        ),
    ] = None,
    matrix: Annotated[
        str | None,
        typer.Option(
            help="A kernel of your own: '0 -1 0; -1 5 -1; 0 -1 0', or '[[0, -1], [1, 0]]'."
        ),
    ] = None,
    divisor: Annotated[
        float, typer.Option(help="What the sums are divided by, with --matrix.")
    ] = 1.0,
    border: Annotated[
        str,
        typer.Option(
            help="Which values pixels outside the picture have: edge, zeros or reflect.",
            **arguments.named("border", ("edge", "zeros", "reflect")),
        ),
    ] = "edge",
    at: Annotated[
        str | None, typer.Option(help="Row,column from 0: print this pixel's arithmetic.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A PNG file for the filtered picture.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="A PNG file with original, result and signed map.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Pictures with more pixels are refused.")
    ] = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    json: arguments.Json = False,
) -> None:
    """Filter a picture by convolution, and show the arithmetic of any pixel."""
    if (kernel is None) == (matrix is None):
        raise typer.BadParameter("give one of --kernel and --matrix", param_hint="--kernel")
    if matrix is None and divisor != 1.0:
        raise typer.BadParameter("it goes with --matrix only", param_hint="--divisor")
    if kernel == ALL and (out is None or plot is not None or at is not None or json):
        raise typer.BadParameter("all goes with --out SHEET.png alone", param_hint="--kernel")
    place = position(at)
    if place is not None and len(place) != 2:
        raise typer.BadParameter(f"{quoted(str(at))} is not row,column", param_hint="--at")

    from pellucid.explain.filtering import (
        arithmetic_record,
        filter_picture,
        read_picture,
    )
    from pellucid.files import write_file
    from pellucid.show.drawing import png
    from pellucid.show.filtered import gallery_sheet

    for path in (out, plot):
        check_output(path, (".png",), Path(picture))
    given = find_picture(picture, max_bytes=max_bytes)
    pixels = read_picture(given, max_pixels=max_pixels) if isinstance(given, Path) else given
    if kernel == ALL:
        sheet = gallery_sheet(pixels, border=border)  # type: ignore[arg-type]
        if out is not None:
            write_file(out, png(sheet))
            remarks().print(f"gallery written to {printable(out)}")
        return
    chosen = own_kernel(matrix, divisor) if matrix is not None else gallery_kernel(str(kernel))
    found = filter_picture(pixels, chosen, border=border)  # type: ignore[arg-type]
    opened = None if place is None else found.at(*place)
    if out is not None:
        found.save(out)
        remarks().print(f"filtered picture written to {printable(out)}")
    if plot is not None:
        write_file(plot, found.png())
        remarks().print(f"plot written to {printable(plot)}")
    print_result(
        found,
        json=json,
        values=lambda: found.to_dict(values=False) if opened is None else arithmetic_record(opened),
        opened=opened or (),
    )
