"""Decode JPEG files at a reduced size, as far as nothing is lost that resizing would keep.

A JPEG decoder can leave out the finest waves of each 8×8 block and so gives a half, a quarter or an
eighth of the width and height for a fraction of the work. The rule: the largest such reduction that
leaves the picture, in the direction that decides how it is fitted, at least twice as large as it
becomes, and no side shorter than one pixel. Resizing with antialiasing then does the rest. Where
the size is no multiple of the reduction, the last row or column stands for fewer pixels than the
others; resizing takes it as the part that it is, so that nothing is shifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.data.convert import orientation

if TYPE_CHECKING:
    from PIL import Image

    Box = tuple[float, float, float, float]
    """Left, top, right, bottom."""

REDUCTIONS = (8, 4, 2)
"""By what a JPEG decoder can divide width and height, the largest first."""

AT_LEAST = 2
"""How many times as large as wanted a picture must be decoded."""

_JPEG = ("JPEG", "MPO")  # MPO: several JPEG pictures in a file, of which the first counts


@dataclass(frozen=True)
class Reduced:
    """How an upright picture was decoded.

    Attributes:
        width: Columns that it has in the file.
        height: Rows.
        by: By what width and height were divided: 1, 2, 4 or 8.
        left: Where the picture begins in what was decoded, in decoded columns: 0 ≤ left < 1.
        top: The same in rows.
    """

    width: int
    height: int
    by: int = 1
    left: float = 0.0
    top: float = 0.0

    def box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Where a rectangle of the picture, in the file's pixels, lies in what was decoded."""
        return (
            left / self.by + self.left,
            top / self.by + self.top,
            right / self.by + self.left,
            bottom / self.by + self.top,
        )


def reduce_decoding(image: Image.Image, width: int, height: int, *, both: bool) -> Reduced | None:
    """Have an opened picture that is not decoded yet decoded at a reduced size, where it can be.

    Args:
        image: The picture; it is changed.
        width: Columns that it is to have when it is upright and resized.
        height: Rows.
        both: Whether it must be large enough in both directions, or one is enough.

    Returns:
        How it will be decoded; None if whole.
    """
    if image.format not in _JPEG or not can_be_reduced(image.size, width, height):
        return None
    turned = orientation(image)
    stored = image.size
    upright = stored if turned < 5 else (stored[1], stored[0])
    enough = all if both else any
    for by in REDUCTIONS:
        if by <= min(stored) and enough(
            AT_LEAST * by * wanted <= side
            for wanted, side in zip((width, height), upright, strict=True)
        ):
            # Pillow takes the largest reduction that leaves this size; None if it cannot
            if image.draft(None, (stored[0] // by, stored[1] // by)) is None:
                return None
            assert image.size == (-(-stored[0] // by), -(-stored[1] // by))
            return _placed(upright, by, turned)
    return None


def can_be_reduced(size: tuple[int, int], width: int, height: int) -> bool:
    """Return False where a picture of this size is never decoded reduced: it is small."""
    return max(size) >= REDUCTIONS[-1] * AT_LEAST * min(width, height)


def _placed(upright: tuple[int, int], by: int, turned: int) -> Reduced:
    """Where a picture lies once it is upright: what is decoded in excess was right and below."""
    excess_x, excess_y = (-(-side // by) - side / by for side in upright)
    mirrored_x, mirrored_y = turned in (2, 3, 6, 7), turned in (3, 4, 7, 8)
    return Reduced(*upright, by, excess_x if mirrored_x else 0.0, excess_y if mirrored_y else 0.0)
