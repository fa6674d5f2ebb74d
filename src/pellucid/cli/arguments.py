"""How sizes and choices are written on the command line."""

from __future__ import annotations

import re

import typer


def image_size(text: str) -> tuple[int, int]:
    """``64x48`` as (height, width)."""
    height, width = _numbers(text, 2, "height and width, 64x64 say")
    return height, width


def input_shape(text: str) -> tuple[int, int, int]:
    """``28x28x1`` as (height, width, channels)."""
    height, width, channels = _numbers(text, 3, "height, width and channels, 28x28x1 say")
    return height, width, channels


def share(text: str) -> float | int:
    """``0.1`` as a share, ``5000`` as a number of pictures, ``0`` as none."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1.0:
        raise typer.BadParameter(
            f"{text!r} is neither a share below 1 (0.1) nor a number of pictures (5000)"
        )
    return value


def _numbers(text: str, count: int, wanted: str) -> list[int]:
    parts = re.split("[x×]", text.strip().lower())
    if len(parts) != count or not all(re.fullmatch(r"[1-9]\d{0,5}", part) for part in parts):
        raise typer.BadParameter(f"{text!r} is not {wanted}")
    return [int(part) for part in parts]
