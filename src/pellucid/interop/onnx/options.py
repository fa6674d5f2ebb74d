"""How the input of an exported network looks: the order of its axes, and how numbers are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from pellucid import checks

if TYPE_CHECKING:
    from numpy.typing import NDArray

Layout = Literal["nhwc", "nchw"]
"""Order of the axes of pictures: channels last, as picture files have them, or first."""

PixelType = Literal["uint8", "float32"]
"""How grey levels 0 .. 255 are stored."""


@dataclass(frozen=True)
class InputForm:
    """What an ONNX file takes.

    Attributes:
        layout: See :data:`Layout`.
        dtype: See :data:`PixelType`.

    Raises:
        ArgumentError: If one is unknown.
    """

    layout: Layout = "nhwc"
    dtype: PixelType = "uint8"

    def __post_init__(self) -> None:
        checks.choice("layout", self.layout, get_args(Layout))
        checks.choice("dtype", self.dtype, get_args(PixelType))

    def axes(self, height: int, width: int, channels: int) -> tuple[int, int, int]:
        """A picture's shape in this form."""
        if self.layout == "nchw":
            return channels, height, width
        return height, width, channels

    def array(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """Pixels (N, H, W, C) in this form."""
        moved = pixels.transpose(0, 3, 1, 2) if self.layout == "nchw" else pixels
        return np.ascontiguousarray(moved, self.dtype)
