"""How sizes, shares and parts are written in options."""

from __future__ import annotations

import re

import typer


def image_size(text: str) -> tuple[int, int]:
    """``64x48`` as (height, width); ``64`` as a square."""
    if re.fullmatch(r"[1-9][0-9]{0,5}", text.strip()):
        return int(text), int(text)
    height, width = _numbers(text, 2, "a side (128) or height x width (96x128)", "--image-size")
    return height, width


def input_shape(text: str) -> tuple[int, int, int]:
    """``28x28x1`` as (height, width, channels)."""
    wanted = "height x width x channels, such as 28x28x1"
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
    parts = re.split("[x×*]", text.strip().lower())
    if len(parts) != count or not all(re.fullmatch(r"[1-9][0-9]{0,5}", part) for part in parts):
        raise typer.BadParameter(f"{text!r} is not {wanted}", param_hint=option)
    return [int(part) for part in parts]


def part(text: str | None) -> str | None:
    """``test`` or ``val``, which is also called ``validation`` and ``valid``."""
    if text is None:
        return None
    name = {"validation": "val", "valid": "val"}.get(text.lower(), text.lower())
    if name not in ("test", "val"):
        raise typer.BadParameter(f"{text!r} is neither test nor val", param_hint="--part")
    return name
