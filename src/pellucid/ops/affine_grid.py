"""Affine grid: for each position of a map to be made, the place where it is taken from.

    y[n, i, j, 0] = θ₀·u_j + θ₁·v_i + θ₂        (across)
    y[n, i, j, 1] = θ₃·u_j + θ₄·v_i + θ₅        (down)

for numbers θ of each image, which may be scaled, and count from the identity; u and v are places
from −1 to 1, see :mod:`pellucid.ops.plane_grid` (Jaderberg et al. 2015, *Spatial transformer
networks*, equation 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pellucid.ops.plane_grid import PlaneGrid


@dataclass(frozen=True)
class AffineGrid(PlaneGrid):
    """An affine grid; θ is (N, 6), y is (N, H, W, 2)."""

    kind: ClassVar[str] = "affine_grid"
    title: ClassVar[str] = "grid of places"
    identity: ClassVar[tuple[float, ...]] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    @property
    def rows(self) -> int:
        return 2
