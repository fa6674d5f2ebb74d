"""Pictures that are named by data set, part and number, in the parts that a model was judged by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.decode import header, upright_size
from pellucid.data.read_part import MissingPartError, part_names
from pellucid.data.reading import Reading
from pellucid.data.reference import ALL, check_undivided, parse_reference, read_part
from pellucid.errors import DataError
from pellucid.files.held_out import held_out, read_as_learned
from pellucid.files.provenance import safe_max_pixels, source_classes, unseen
from pellucid.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.data.reference import DataPicture, Reference
    from pellucid.files import Model


def read_picture(
    model: Model, picture: Picture, *, max_pixels: int | None = None
) -> NDArray[np.uint8]:
    """A picture as a model takes it, (H, W, C), uint8 0..255.

    Args:
        model: The model, whose preprocessing is used.
        picture: What :meth:`pellucid.data.Preprocessing.read` takes; or a text ``DATA:PART[N]``.
        max_pixels: Files with more pixels are refused; None for what the model was trained with.

    Raises:
        DataError: If there is no such picture, or it cannot be used.
        ArgumentError: If it is no picture at all.
    """
    limit = max_pixels or safe_max_pixels(model.provenance)
    found = ReferencedPictures(model, max_pixels=limit).resolved(picture)
    return model.preprocessing.read(found, max_pixels=limit)


def picture_size(model: Model, picture: Picture, max_pixels: int) -> tuple[int, int]:
    """Width and height of a single picture as it is given, upright.

    Args:
        model: The model, of whose data a picture may be named.
        picture: As ``predict`` takes it.
        max_pixels: Files with more pixels are refused.

    Raises:
        DataError: If the picture cannot be used.
    """
    found = ReferencedPictures(model, max_pixels=max_pixels).resolved(picture)
    if isinstance(found, np.ndarray):
        height, width = found.shape[:2]
        return width, height
    if isinstance(found, str | os.PathLike | bytes | bytearray):
        source = bytes(found) if isinstance(found, bytes | bytearray) else Path(found)
        size = header(source, max_pixels)
        return size.width, size.height
    return upright_size(found)


_OPTIONS = {"test": "test", "validation": "val"}


class ReferencedPictures:
    """Finds pictures of data sets, numbered as :func:`held_out` gives them for a model.

    So ``DATA:test[3]`` is the picture that a report on DATA lists as number 3: of data that the
    model learned from, what was set aside with its seed. Each part is read once.

    Args:
        model: The model.
        max_pixels: Files with more pixels are left out; None for what the model was trained with.
        max_bytes: As :func:`pellucid.data.load` takes it.
    """

    def __init__(
        self, model: Model, *, max_pixels: int | None = None, max_bytes: int | None = None
    ) -> None:
        self._model = model
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels or safe_max_pixels(model.provenance)
        self._parts: dict[tuple[str, str], Dataset] = {}

    def part(self, reference: Reference) -> Dataset:
        """The part that a reference names.

        Raises:
            DataError: There are no such data, or no such part.
        """
        at = reference.data, reference.part
        if at not in self._parts:
            self._parts[at] = self._read(*at)
        return self._parts[at]

    def picture(self, reference: Reference) -> DataPicture:
        """The picture that a reference names.

        Raises:
            DataError: There is none.
        """
        return reference.of(self.part(reference))

    def resolved(self, picture: Picture) -> Picture:
        """The file or the pixels that a reference names; anything else as it is.

        Raises:
            DataError: It is a reference, and there is no such picture.
        """
        if not isinstance(picture, str):
            return picture
        reference = parse_reference(picture)
        if reference is None:
            return picture
        if reference.number is None:
            raise DataError(
                f"{printable(picture)}: all pictures of a part, where one is expected; add its "
                f"number: {printable(picture)}[0]"
            )
        return self.picture(reference).picture

    def _read(self, data: str, part: str) -> Dataset:
        model, max_bytes = self._model, self._max_bytes
        if part == ALL:
            check_undivided(data, max_bytes)
        try:
            if part in _OPTIONS:
                return held_out(
                    data, model,
                    part=_OPTIONS[part], max_pixels=self._max_pixels,
                    reading=Reading(max_bytes=max_bytes),
                )[0]  # fmt: skip
            pictures = read_as_learned(
                data, model, Reading(max_pixels=self._max_pixels, max_bytes=max_bytes),
                source_classes=source_classes(model), split="train",
            )  # fmt: skip
        except MissingPartError:
            raise
        except DataError:
            # pictures of another size or of other classes can be looked at all the same
            return read_part(data, part, max_bytes=max_bytes)
        if part == ALL:
            return pictures
        undivided = ALL in part_names(data, max_bytes=max_bytes)
        learned = unseen(model.provenance, pictures, part="train", undivided=undivided)
        if learned is None and undivided:
            return read_part(data, part, max_bytes=max_bytes)
        return pictures if learned is None else learned
