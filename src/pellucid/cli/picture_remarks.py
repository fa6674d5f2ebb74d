"""What users should know of the pictures that they had answered."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.cli.resize_note import changes
from pellucid.cli.terminal import remarks
from pellucid.errors import DataError
from pellucid.text import counted, printable
from pellucid.training.unlike import unlike_picture

if TYPE_CHECKING:
    from pellucid.data.frames import Frame
    from pellucid.data.reference import DataPicture
    from pellucid.evaluation.predictions import Prediction
    from pellucid.files import Model

    Wanted = Path | DataPicture | Frame


class PictureRemarks:
    """Collects how pictures were changed for the network, and which are unlike those it learned.

    Args:
        model: The network with its preprocessing.
        max_pixels: As for reading the pictures.
    """

    def __init__(self, model: Model, max_pixels: int) -> None:
        self._model, self._max_pixels = model, max_pixels
        self._lines: dict[str, list[str]] = {"changed": [], "unlike": []}

    def add(self, picture: Wanted, answer: Prediction) -> None:
        """Look at a picture that was answered."""
        name = printable(answer.picture)
        with suppress(DataError):  # it has vanished since
            source = picture if isinstance(picture, Path) else picture.picture
            lines = changes(source, self._model.preprocessing, self._max_pixels)
            if lines:
                self._lines["changed"].append(f"{name} {'; it '.join(lines)}")
            odd = answer.unlike and unlike_picture(self._model, source, self._max_pixels)
            if odd:
                self._lines["unlike"].append(f"warning: {name} is {odd.line}")

    def print_all(self) -> None:
        """Print all remarks on stderr."""
        for lines in self._lines.values():
            for line in lines:
                remarks().print(line)
            lines.clear()

    def print_first(self) -> None:
        """Print the first remark of each kind on stderr, and how many more there are."""
        for lines in self._lines.values():
            if lines:
                others = counted(len(lines) - 1, "other picture")
                more = f" ({others} too)" if len(lines) > 1 else ""
                remarks().print(f"{lines[0]}{more}")
            lines.clear()
