"""Projective grid: for each position of a map to be made, the place where it is taken from.

    y[n, i, j, 0] = θ₀·u_j + θ₁·v_i + θ₂        (across, times y₂)
    y[n, i, j, 1] = θ₃·u_j + θ₄·v_i + θ₅        (down, times y₂)
    y[n, i, j, 2] = θ₆·u_j + θ₇·v_i + 1         (how far away)

for numbers θ of each image, which may be scaled, and count from the identity; u and v are places
from −1 to 1, see :mod:`pellucid.ops.plane_grid`. These are homogeneous coordinates: the place is
(y₀ / y₂, y₁ / y₂), which :class:`pellucid.ops.PerspectiveDivide` makes of them. Eight numbers reach
all that a plane can look like from anywhere (Jaderberg et al. 2015, *Spatial transformer networks*,
section 3.2, "a plane projective transformation with 8 parameters").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pellucid.ops.plane_grid import PlaneGrid


@dataclass(frozen=True)
class ProjectiveGrid(PlaneGrid):
    """A projective grid; θ is (N, 8), y is (N, H, W, 3)."""

    kind: ClassVar[str] = "projective_grid"
    title: ClassVar[str] = "grid of places in space"
    identity: ClassVar[tuple[float, ...]] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)

    @property
    def rows(self) -> int:
        return 3
