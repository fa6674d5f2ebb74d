"""How Winograd's convolutions are cut into tiles, and tiles into blocks that fit the caches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.winograd_forms import Form
    from pellucid.engines.native.memory.geometry import Convolution, Packing, Pair

CACHED = 1 << 16
"""Floats of a block's V, 256 KiB: half of a small second-level cache."""

FEWEST_TILES, MOST_TILES = 12, 48
"""Tiles in a block: enough to use a matrix often, and no more than that needs."""

UNDER_WAY = 8
"""Sums that keep both multipliers busy."""

APART = 16
"""Floats between the planes of two points, so that these do not compete for places in a cache."""


@dataclass(frozen=True)
class Tiling:
    """How a convolution is cut into tiles, and tiles into blocks.

    Attributes:
        form: How many outputs a tile has.
        convolution: What is computed: three taps along each axis, one after the other.
        inputs: Rows and columns that the source has, from the first tap's on; beyond are zeros.
    """

    form: Form
    convolution: Convolution
    inputs: Pair

    @property
    def packing(self) -> Packing:
        """Of the kernel, as it is before the transform."""
        return self.convolution.packing

    @cached_property
    def tiles(self) -> Pair:
        """Tiles (down, across), the last of which may hang over the edge."""
        down, across = self.convolution.outputs
        return -(-down // self.form.outputs), -(-across // self.form.outputs)

    @property
    def last(self) -> Pair:
        """Outputs of the last tile, (down, across)."""
        m, (down, across), outputs = self.form.outputs, self.tiles, self.convolution.outputs
        return outputs[0] - (down - 1) * m, outputs[1] - (across - 1) * m

    @cached_property
    def pitch(self) -> int:
        """Floats from one tile's channels to the next one's."""
        return whole_vectors(self.packing.channels, self.packing.lanes)

    @cached_property
    def most(self) -> int:
        """Tiles that a block may have."""
        fit = CACHED // (self.form.products * self.pitch)
        return max(FEWEST_TILES, min(fit, MOST_TILES))

    @cached_property
    def pieces(self) -> int:
        """Pieces that a row of tiles is cut into."""
        return -(-self.tiles[1] // self.most)

    @cached_property
    def wide(self) -> int:
        """Tiles in a piece; the last may have fewer."""
        return -(-self.tiles[1] // self.pieces)

    @cached_property
    def together(self) -> int:
        """Pieces in a block: whole rows of tiles, or one piece."""
        return max(1, self.most // self.wide) if self.pieces == 1 else 1

    @property
    def units(self) -> int:
        """Pieces in an image."""
        return self.tiles[0] * self.pieces

    @cached_property
    def groups(self) -> Pair:
        """Tiles that are multiplied together, and those of a smaller group of what is left over."""
        vectors = self.packing.vectors
        many = self.packing.sums // vectors
        return many, min(many, -(-UNDER_WAY // vectors))

    @cached_property
    def room(self) -> int:
        """Tiles that a block has room for: a group may go beyond the last."""
        return self.together * self.wide + self.groups[1]

    @cached_property
    def planes(self) -> Pair:
        """Floats from one point to the next, in V and in M."""
        return self.room * self.pitch + APART, self.room * self.packing.width + APART

    @property
    def strip(self) -> int:
        """Floats of a piece's columns, transformed along one axis, of one vector of channels."""
        n, m = self.form.size, self.form.outputs
        return (m * self.wide + n - m) * n * self.packing.lanes

    @property
    def rows(self) -> Pair:
        """Floats from one output to the next, (down, across), where a pooling follows."""
        return self.wide * self.form.outputs * self.packing.width, self.packing.width

    def scratch(self, *, pools: bool) -> int:
        """Floats of all that a thread works on."""
        rows = self.form.outputs * self.rows[0] if pools else 0
        return self.form.products * sum(self.planes) + self.strip + rows

    @property
    def block(self) -> int:
        """Floats of a block of filters, transformed, with its biases."""
        return (self.form.products * self.packing.channels + 1) * self.packing.width

    @property
    def size(self) -> int:
        """Floats of all transformed kernels."""
        return self.packing.blocks * self.block
