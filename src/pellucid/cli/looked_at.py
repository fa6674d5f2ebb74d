"""What a network sees of a picture file, where that is not the file as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.pillow import MAX_PIXELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.files import Model


def tell_size(
    picture: Path | NDArray[np.uint8], model: Model, max_pixels: int = MAX_PIXELS
) -> None:
    """Print on stderr how a picture was brought to the network's size or colours.

    Raises:
        DataError: If the picture cannot be read.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.data.decode import header
    from pellucid.data.names import shown

    seen = model.preprocessing
    if isinstance(picture, Path):
        height, width, grey, _ = header(picture, max_pixels)
        name = shown(picture)
    else:
        height, width, grey = *picture.shape[:2], picture.shape[-1] == 1
        name = "the picture"
    given = (width, height, "grey" if grey else "colour")
    wanted = (seen.width, seen.height, "grey" if seen.channels == 1 else "colour")
    if given[:2] != wanted[:2] or (wanted[2] == "grey" and not grey):
        remarks().print(
            f"{name} is {given[0]}×{given[1]} pixels (width×height), {given[2]}; the network sees "
            f"it as {wanted[0]}×{wanted[1]}, {wanted[2]}"
        )
