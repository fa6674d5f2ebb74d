"""Options that several commands share, and how sizes and shares are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from pellucid.data.augment import PRESETS
from pellucid.data.quarantine import Bad
from pellucid.engines import ENGINES

LAYOUTS = (
    "ROOT/CLASS/…, ROOT/{train,val,test}/CLASS/…, a CSV file of path,label, IDX files, an .npz "
    "file of x and y, or mnist."
)
"""Data as commands take them, in a line of help."""

AUGMENTATIONS = f"{', '.join(PRESETS)}; or settings, photos,rotation=10,cutout=0.25,mixup=0.2 say"
"""Augmentations as commands take them, in a line of help."""

EngineName = Annotated[
    str, typer.Option(help=f"Who computes: {', '.join(ENGINES)}; torch:cuda on its GPU.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
BadFiles = Annotated[
    Bad, typer.Option(help="Files that cannot be used: leave them out and tell, or stop.")
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Pictures with more pixels cannot be used.")]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Bytes that an .npz or compressed IDX file may unpack to.",
        show_default="1 GiB, or 20 times the file",
    ),
]
MaxPixelsAsTrained = Annotated[
    int | None,
    typer.Option(
        min=1, help="Pictures with more pixels are left out.", show_default="as in training"
    ),
]
Cache = Annotated[
    bool, typer.Option(help="Keep decoded pictures on disk, so that the next run reads them fast.")
]
ModelPath = Annotated[Path, typer.Argument(help="A model file or a run's folder.")]


def image_size(text: str) -> tuple[int, int]:
    """``64x48`` as (height, width)."""
    height, width = _numbers(text, 2, "height and width, 64x64 say", "--image-size")
    return height, width


def input_shape(text: str) -> tuple[int, int, int]:
    """``28x28x1`` as (height, width, channels)."""
    wanted = "height, width and channels, 28x28x1 say"
    height, width, channels = _numbers(text, 3, wanted, "--input")
    return height, width, channels


def share(text: str) -> float | int:
    """``0.1`` as a share, ``5000`` as a number of pictures, ``0`` as none."""
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise typer.BadParameter(
            f"{text!r} is neither a share below 1 (0.1) nor a number of pictures (5000)",
            param_hint="--validation",
        )
    return value


def _numbers(text: str, count: int, wanted: str, option: str) -> list[int]:
    parts = re.split("[x×]", text.strip().lower())
    if len(parts) != count or not all(re.fullmatch(r"[1-9][0-9]{0,5}", part) for part in parts):
        raise typer.BadParameter(f"{text!r} is not {wanted}", param_hint=option)
    return [int(part) for part in parts]


def part(text: str | None) -> str | None:
    """``test`` or ``val``."""
    if text not in (None, "test", "val"):
        raise typer.BadParameter(f"{text!r} is neither test nor val", param_hint="--part")
    return text


Part = Annotated[
    str | None,
    typer.Option(
        callback=part,
        metavar="test|val",
        help="Which pictures to judge by.",
        show_default="test, or else val",
    ),
]
