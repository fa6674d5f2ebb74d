"""The picture that a command looks at: a file, or one of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.asked import Asked
    from pellucid.data.reference import DataPicture, Reference
    from pellucid.files import Model

HELP = "A picture: a file, or one of a data set such as mnist:test:449."

PictureName = Annotated[str, typer.Argument(help=HELP, show_default=False)]
OptionalPictureName = Annotated[str | None, typer.Argument(help=HELP, show_default=False)]


def find_picture(
    text: str,
    model: Model | None = None,
    max_pixels: int | None = None,
    max_bytes: int | None = None,
) -> Path | NDArray[np.uint8]:
    """Return a picture's file, or its pixels where it is in arrays.

    Of a picture out of a data set, its class, labels or numbers are printed on stderr.

    Args:
        text: A path, or ``DATA:PART[N]``.
        model: Who looks at it: parts are those by which it was judged. None: as they are loaded.
        max_pixels: Files of data sets with more pixels are left out; None for the model's limit.
        max_bytes: As :func:`pellucid.data.load` takes it.

    Raises:
        DataError: It is one of a data set, and there is no such picture.
    """
    return find_labelled(text, model, max_pixels, max_bytes)[0]


def find_labelled(
    text: str,
    model: Model | None = None,
    max_pixels: int | None = None,
    max_bytes: int | None = None,
) -> tuple[Path | NDArray[np.uint8], Any]:
    """As :func:`find_picture`, and what a data set says is right; nothing of a file.

    Nor where the data set is for another task than the model.
    """
    from pellucid.data.reference import parse_reference

    reference = parse_reference(text)
    if reference is None:
        return Path(text), None
    picture = _of_data(reference, model, max_pixels, max_bytes)
    suits = model is None or picture.part.kind == model.task.data_kind
    if model is not None and model.task.of_boxes:
        return picture_of(picture), _boxes(picture, model) if suits else None
    return picture_of(picture), picture.label if suits else None


def _boxes(picture: DataPicture, model: Model) -> list[tuple[Any, ...]] | None:
    """The boxes of a picture of data, in its own pixels; None where other classes were read."""
    import numpy as np

    from pellucid.files.provenance import safe_max_pixels
    from pellucid.files.referenced import picture_size

    part, number = picture.part, picture.reference.number
    targets: Any = part.targets
    if part.image_shape != model.network.graph.input_shape or targets.classes != model.classes:
        return None
    assert number is not None
    size = picture_size(model, picture.picture, safe_max_pixels(model.provenance))
    placement = model.preprocessing.placement(*size)
    rows = [row for row in targets.rows(number) if not row[-1]]
    boxes = placement.to_original(np.array([row[1:5] for row in rows]).reshape(-1, 4))
    return [(row[0], *box) for row, box in zip(rows, boxes.tolist(), strict=True)]


def find_pictures(
    texts: Sequence[str],
    model: Model,
    max_pixels: int | None = None,
    path_column: str | None = None,
    max_bytes: int | None = None,
) -> Asked:
    """Find the pictures that several arguments name, and print remarks on them.

    Args:
        texts: See :func:`pellucid.data.asked.find_pictures`.
        model: Who looks at them.
        max_pixels: As in :func:`find_picture`.
        path_column: The name of a list's column of paths; none to recognise it.
        max_bytes: As in :func:`find_picture`.
    """
    from pellucid.cli.terminal import remarks
    from pellucid.data.asked import find_pictures as find
    from pellucid.files.referenced import ReferencedPictures

    pictures = ReferencedPictures(model, max_pixels=max_pixels, max_bytes=max_bytes)
    asked = find(texts, pictures.part, path_column)
    for note in asked.notes:
        remarks().print(note)
    return asked


def picture_of(picture: Path | DataPicture) -> Path | NDArray[np.uint8]:
    """A picture's file or pixels; of one out of a data set, its class is printed on stderr."""
    if isinstance(picture, Path):
        return picture
    print_class(picture)
    return picture.picture


def print_class(picture: DataPicture) -> None:
    """Print on stderr what a data set says of a picture, and its file if it has one."""
    from pellucid.cli.terminal import remarks
    from pellucid.text import printable

    where = "" if picture.path is None else f" ({printable(picture.path)})"
    remarks().print(f"{printable(picture.name)}{where} is {printable(picture.said)}")


def place_of(text: str) -> tuple[float, float]:
    """``120,80.5`` as numbers."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        from pellucid.text import quoted

        raise typer.BadParameter(
            f"{quoted(text)} is not a place such as 120,80", param_hint="--place"
        ) from error
    return x, y


def report_problems(problems: Sequence[str], total: int) -> None:
    """Leave with 1 if there are problems: one as it is, of several a line each and their number."""
    from pellucid.cli.terminal import fail, remarks
    from pellucid.text import counted, printable

    if len(problems) > 1:
        for problem in problems:
            remarks().print(printable(problem))
        fail(f"{len(problems)} of {counted(total, 'picture')} cannot be used, see above")
    if problems:
        fail(problems[0])


def _of_data(
    reference: Reference, model: Model | None, max_pixels: int | None, max_bytes: int | None
) -> DataPicture:
    from pellucid.data.reference import picture
    from pellucid.errors import DataError
    from pellucid.files.referenced import ReferencedPictures
    from pellucid.text import printable

    if reference.number is None:
        raise DataError(
            f"{printable(str(reference))}: all pictures of a part, where one is expected; add its "
            f"number: {printable(str(reference))}:0"
        )
    if model is None:
        return picture(str(reference), max_bytes=max_bytes)
    pictures = ReferencedPictures(model, max_pixels=max_pixels, max_bytes=max_bytes)
    return pictures.picture(reference)
