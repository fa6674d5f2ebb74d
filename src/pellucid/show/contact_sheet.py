"""Pictures side by side with their labels: what a network is about to see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pellucid.data.check.fingerprint import image_of
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image, ImageFont

_CELL = 112  # pixels on the longer side of a picture on the sheet, about
_GAP = 8
_TEXT = 14
_PAPER, _INK = (255, 255, 255), (20, 20, 20)


def contact_sheet(
    images: NDArray[np.uint8], captions: Sequence[str], *, columns: int = 8
) -> Image.Image:
    """Return pictures in rows, each above its caption.

    Small pictures are enlarged by a whole factor, pixel by pixel, so that every pixel can be seen.

    Args:
        images: Shape (N, H, W, C) with C 1 or 3.
        captions: One for each; what does not fit is cut off with an ellipsis.
        columns: Pictures in a row, at least 1.

    Returns:
        The sheet, a Pillow image in colour.
    """
    from PIL import Image, ImageDraw, ImageFont

    count, height, width, _ = images.shape
    factor = max(1, _CELL // max(height, width))
    cell_width = max(width * factor, _CELL // 2)
    cell_height = height * factor + _TEXT + _GAP // 2
    across = min(columns, max(count, 1))
    down = max(1, math.ceil(count / across))
    sheet = Image.new(
        "RGB",
        (_GAP + across * (cell_width + _GAP), _GAP + down * (cell_height + _GAP)),
        _PAPER,
    )
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_TEXT - 2)
    for i in range(count):
        row, column = divmod(i, across)
        left, top = _GAP + column * (cell_width + _GAP), _GAP + row * (cell_height + _GAP)
        picture = image_of(images[i])
        if factor > 1:
            size = (width * factor, height * factor)
            picture = picture.resize(size, Image.Resampling.NEAREST)
        sheet.paste(picture, (left, top))
        caption = _fitted(printable(captions[i]), cell_width, font)
        pen.text((left, top + height * factor + 2), caption, fill=_INK, font=font)
    return sheet


def _fitted(text: str, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
