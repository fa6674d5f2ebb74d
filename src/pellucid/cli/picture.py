"""The picture that a command looks at: a file, or one of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.reference import DataPicture, Reference
    from pellucid.files import Model

HELP = "A picture: a file, or one of a data set such as mnist:test:449."

PictureName = Annotated[str, typer.Argument(help=HELP, show_default=False)]
OptionalPictureName = Annotated[str | None, typer.Argument(help=HELP, show_default=False)]


def find_picture(
    text: str, model: Model | None = None, max_pixels: int | None = None
) -> Path | NDArray[np.uint8]:
    """Return a picture's file, or its pixels where it is in arrays.

    Of a picture out of a data set, its class is told on stderr.

    Args:
        text: A path, or ``DATA:PART[N]``.
        model: Who looks at it: parts are those by which it was judged. None: as they are loaded.
        max_pixels: Files of data sets with more pixels are left out; None for the model's limit.

    Raises:
        DataError: It is one of a data set, and there is no such picture.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.data.names import shown
    from pellucid.data.reference import parse_reference

    reference = parse_reference(text)
    if reference is None:
        return Path(text)
    found = _of_data(reference, model, max_pixels)
    where = "" if found.path is None else f" ({shown(found.path)})"
    remarks().print(f"{shown(found.name)}{where} is of the class {shown(found.label)}")
    return found.picture


def _of_data(reference: Reference, model: Model | None, max_pixels: int | None) -> DataPicture:
    from pellucid.data.names import shown
    from pellucid.data.reference import picture
    from pellucid.errors import DataError
    from pellucid.training.referenced import ReferencedPictures

    if reference.number is None:
        raise DataError(
            f"{shown(str(reference))}: all pictures of a part, where one is expected; add its "
            f"number: {shown(str(reference))}:0"
        )
    if model is None:
        return picture(str(reference))
    return ReferencedPictures(model, max_pixels=max_pixels).picture(reference)
