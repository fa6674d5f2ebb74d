"""What a network sees of a picture file, where that is not the file as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.files import Model


def tell_size(picture: Path, model: Model) -> None:
    """Say on stderr that a picture was brought to the network's size or colours.

    Raises:
        DataError: If the picture cannot be read.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.data.decode import header
    from pellucid.data.names import shown

    seen = model.preprocessing
    height, width, grey, _ = header(picture)
    given = (height, width, "grey" if grey else "colour")
    wanted = (seen.height, seen.width, "grey" if seen.channels == 1 else "colour")
    if given[:2] != wanted[:2] or (wanted[2] == "grey" and not grey):
        remarks().print(
            f"{shown(picture)} is {given[0]}×{given[1]}, {given[2]}; the network sees it as "
            f"{wanted[0]}×{wanted[1]}, {wanted[2]}"
        )
