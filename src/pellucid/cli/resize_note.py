"""How a picture is changed for a network, and how it is unlike the pictures that it learned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.data.pillow import MAX_PIXELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.sound import Sound
    from pellucid.files import Model
    from pellucid.training.unlike import Unlike


@dataclass(frozen=True)
class ResizeNote:
    """What became of a picture on its way to the network.

    Attributes:
        changed: How it was changed, a line each: its size, its colours, its values.
        inverted: Whether black and white were exchanged.
        unlike: How it differs from the pictures that were learned; None if it does not.
    """

    changed: tuple[str, ...]
    inverted: bool
    unlike: Unlike | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, for the key ``looked_at`` of a command's record."""
        return {
            "changed": list(self.changed),
            "inverted": self.inverted,
            "unlike": None if self.unlike is None else list(self.unlike.reasons),
            "invert_would_help": self.unlike is not None and self.unlike.invert,
        }


def print_resize_note(
    picture: Path | NDArray[np.uint8], model: Model, max_pixels: int = MAX_PIXELS
) -> ResizeNote:
    """Print on stderr how a picture was changed for the network, and how it is unlike others.

    Raises:
        DataError: If the picture cannot be read.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.text import printable
    from pellucid.training.unlike import unlike_picture

    seen = model.preprocessing
    name = printable(picture) if isinstance(picture, Path) else "the picture"
    changed = changes(picture, seen, max_pixels)
    for line in changed:
        remarks().print(f"{name} {line}")
    if seen.invert:
        remarks().print(f"{name}: black and white are exchanged (--invert)")
    odd = unlike_picture(model, picture, max_pixels)
    if odd is not None:
        remarks().print(f"warning: {name} is {odd.line}")
    return ResizeNote(changed, seen.invert, odd)


def changes(
    picture: Path | NDArray[np.uint8], seen: Preprocessing, max_pixels: int = MAX_PIXELS
) -> tuple[str, ...]:
    """Return how a picture is changed for a network, a line each without the picture's name.

    Raises:
        DataError: If the picture cannot be read.
    """
    from pellucid.data.decode import header

    if seen.sound is not None:
        return _heard(picture, seen.sound) if isinstance(picture, Path) else ()
    deep = False
    if isinstance(picture, Path):
        height, width, grey, deep = header(picture, max_pixels)
    else:
        height, width, grey = *picture.shape[:2], picture.ndim == 2 or picture.shape[-1] == 1
    given = (width, height, "grey" if grey else "colour")
    wanted = (seen.width, seen.height, "grey" if seen.channels == 1 else "colour")
    lines = []
    if given[:2] != wanted[:2] or (wanted[2] == "grey" and not grey):
        lines.append(
            f"is {given[0]}×{given[1]} pixels (width×height), {given[2]}; the network sees "
            f"it as {wanted[0]}×{wanted[1]}, {wanted[2]}"
        )
    if deep and isinstance(picture, Path):
        lines.append(_values(picture, seen, max_pixels))
    return tuple(lines)


def _heard(recording: Path, sound: Sound) -> tuple[str, ...]:
    """How a recording is changed for a network."""
    from pellucid.data.sound.decode import sound_header

    header = sound_header(recording)
    lines = []
    if header.rate != sound.rate:
        lines.append(f"has {header.rate} samples a second; the network hears {sound.rate}")
    if header.seconds > sound.seconds + 0.5 / sound.rate:
        what = "the middle" if sound.part == "middle" else "the loudest part"
        lines.append(
            f"takes {header.seconds:.4g} s; the network hears {sound.seconds:g} s, {what} of it"
        )
    return tuple(lines)


def _values(picture: Path, seen: Preprocessing, max_pixels: int) -> str:
    """How the values of a picture of more than 8 bits were scaled."""
    from pellucid.data.decode import decode_full, opened
    from pellucid.data.value_range import plain_number
    from pellucid.text import printable

    with opened(picture, max_pixels) as image:
        values = decode_full(image, printable(picture))
    if values is None:
        return "has more than 8 bits a value"
    colours = values if values.ndim == 2 else values[..., :3]
    span = f"{plain_number(float(colours.min()))}..{plain_number(float(colours.max()))}"
    if seen.value_range is None:
        how = "fractions 0..1 become 0..255" if values.dtype.kind == "f" else "their highest 8 bits"
        return (
            f"has values {span}, of more than 8 bits, which the pictures that were learned had "
            f"not; of them the network sees {how}"
        )
    low, high, _ = seen.value_range
    ends = f"{plain_number(low)}..{plain_number(high)}"
    line = f"has values {span}; {ends} are scaled to 0..255, as in training"
    outside = float(((colours < low) | (colours > high)).mean())
    return f"{line}; {100 * outside:.2g} % lie outside and are clipped" if outside else line
