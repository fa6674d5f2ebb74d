"""Weights of which each channel has one or a few: scales and shifts, row by row in the arena."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.image_sums import ImageSums
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.parameters import Part, place_parameter
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import whole_vectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region


class Rows(Weighted):
    """A stage whose weights are some arrays (channels,), none of which decays.

    Args:
        plan: The plan.
        region: The region.
        parts: The arrays' own names; each is a row of whole vectors.
    """

    def __init__(self, plan: Plan, region: Region, parts: Sequence[str]) -> None:
        super().__init__(plan, region)
        self.parts = parts
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.channels = self.target.layout.channels
        self.pitch = whole_vectors(self.channels, plan.lanes)
        size = len(parts) * self.pitch
        rows = tuple(
            Part(part, row * self.pitch, self.pitch, decays=False) for row, part in enumerate(parts)
        )
        self.parameter = place_parameter(plan, region, 1, size, 1, rows)
        if plan.wants_gradient(region.target):
            self.sums = ImageSums(plan, self.parameter)

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The arrays, or what belongs to them, at an offset."""
        rows = floats(memory, offset, self.parameter.size).reshape(-1, self.pitch)
        return {
            part: row[: self.channels].copy() for part, row in zip(self.parts, rows, strict=True)
        }

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        rows = floats(memory, offset, self.parameter.size).reshape(-1, self.pitch)
        for part, row in zip(self.parts, rows, strict=True):
            row[: self.channels] = arrays[part]

    def row(self, f: Function, number: int, c: Index) -> Value:
        """The vector of an array's weights that begins with channel c."""
        return f.load_vector(buffer(f, self.parameter.weights, number * self.pitch), c)

    def weight_gradient(self) -> None:
        """Append the stage that joins the images' sums, which the backward pass has left."""
        self.sums.join()
