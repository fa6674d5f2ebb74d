"""The one rule for windows that slide over an image: convolution and all poolings call it.

Along one axis of ``n`` positions, a window of ``k`` positions (spread by its dilation ``d`` over
``(k − 1)·d + 1``) moves by the stride ``s`` over the axis padded with ``p`` positions in all, and
fits ``⌊(n + p − k) / s⌋ + 1`` times; the textbook's ``2p`` is the case of equal padding on both
sides. Where windows that hang over the edge count too, ``⌈ ⌉`` takes the place of ``⌊ ⌋``, and only
windows that start before the image's end are made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pellucid import checks
from pellucid.errors import ArgumentError, TooSmallError
from pellucid.ops.reads import Axis, Follow

Sides = tuple[int, int]
Padding = str | tuple[Sides, Sides]
"""``"same"`` (⌈n/s⌉ outputs, an odd pixel goes to the end), ``"valid"`` (none), or explicit pixels
``((top, bottom), (left, right))``."""

Edge = str
"""Windows that hang over the end: ``"count"`` them or ``"drop"`` them."""


@dataclass(frozen=True)
class Span:
    """How a window lies along one axis.

    Attributes:
        length: Positions of the axis itself.
        before: Padding before the first.
        after: Padding after the last.
        overhang: How far the last window reaches past the padding (only where such windows count).
        output: How many windows there are.
    """

    length: int
    before: int
    after: int
    overhang: int
    output: int


@dataclass(frozen=True)
class Window:
    """A window over height and width: its size, stride, dilation, padding and rule for the edge."""

    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: Padding = "valid"
    edge: Edge = "drop"

    def __post_init__(self) -> None:
        checks.pair("size", self.size)
        checks.pair("stride", self.stride)
        checks.pair("dilation", self.dilation)
        checks.choice("edge", self.edge, ("count", "drop"))
        sides = self.padding
        if not isinstance(sides, str) or sides not in ("same", "valid"):
            if not isinstance(sides, tuple) or len(sides) != 2:
                raise ArgumentError(
                    "padding must be 'same', 'valid', or pixels ((top, bottom), (left, right)), "
                    f"got {checks.brief(sides)}"
                )
            for side in sides:
                checks.pair("padding", side, least=0)

    def extent(self, axis: int) -> int:
        """How many positions the window spans, with its holes."""
        return (self.size[axis] - 1) * self.dilation[axis] + 1

    def along(self, axis: int, length: int) -> Span:
        """How the window lies on an axis (0 height, 1 width) of ``length`` positions.

        Raises:
            TooSmallError: If not a single window fits.
        """
        extent, stride = self.extent(axis), self.stride[axis]
        before, after = self._pads(axis, length)
        room = length + before + after - extent
        output = room // stride + 1
        if self.edge == "count":
            output = -(-room // stride) + 1
            if (output - 1) * stride >= length + before:  # it would start past the image
                output -= 1
        if length < 1 or output < 1:
            raise TooSmallError(self._too_small(axis, length, before, after, output))
        overhang = max(0, (output - 1) * stride + extent - (length + before + after))
        return Span(length, before, after, overhang, output)

    def output(self, height: int, width: int) -> tuple[int, int]:
        """How many windows fit, down and across.

        Raises:
            TooSmallError: If none fits.
        """
        return self.along(0, height).output, self.along(1, width).output

    def reads(self, axis: int, length: int) -> Axis:
        """What the window reads along an axis of ``length`` positions."""
        before = self.along(axis, length).before
        return Axis(
            length, (Follow(axis, self.stride[axis]),), self.size[axis], self.dilation[axis], before
        )

    def cost(self, height: int, width: int, channels: int) -> tuple[int, int, int]:
        """Its places, the values of a bordered input, and those that all windows read together."""
        spans = self.along(0, height), self.along(1, width)
        sides = (span.before + span.length + span.after + span.overhang for span in spans)
        places = math.prod(self.size)
        read = math.prod(span.output for span in spans) * places * channels
        return places, math.prod(sides) * channels, read

    def _pads(self, axis: int, length: int) -> Sides:
        if self.padding == "valid":
            return 0, 0
        if self.padding == "same":
            stride = self.stride[axis]
            output = -(-length // stride)
            total = max((output - 1) * stride + self.extent(axis) - length, 0)
            return total // 2, total - total // 2
        assert isinstance(self.padding, tuple)
        return self.padding[axis]

    def _too_small(self, axis: int, length: int, before: int, after: int, output: int) -> str:
        extent, stride = self.extent(axis), self.stride[axis]
        pads = before + after
        # ⌊r/s⌋ + 1 ≥ 1 needs r ≥ 0; ⌈r/s⌉ + 1 ≥ 1 already holds from r > −s on.
        least = extent - pads if self.edge == "drop" else extent - pads - stride + 1
        brackets = "⌊⌋" if self.edge == "drop" else "⌈⌉"
        side = ("height", "width")[axis]
        return (
            f"{side} {length} is too small: {brackets[0]}(n + 2p − k)/s{brackets[1]} + 1 = "
            f"{brackets[0]}({length} + {pads} − {extent})/{stride}{brackets[1]} + 1 = {output}; "
            f"its input needs a {side} of at least {max(1, least)}"
        )


def check_sides(name: str, sides: object) -> None:
    """Check pixels on each side, ``((top, bottom), (left, right))``."""
    if not isinstance(sides, tuple) or len(sides) != 2:
        raise ArgumentError(
            f"{name} must be pixels ((top, bottom), (left, right)), got {checks.brief(sides)}"
        )
    for side in sides:
        checks.pair(name, side, least=0)
