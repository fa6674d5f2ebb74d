"""What the page of a generator knows beside any other's: where its pictures are, and directions.

Directions are those in which noise changes a picture most, at the layer that reads the noise: the
eigenvectors of AᵀA of its kernel A (Shen and Zhou 2021, *Closed-form factorization of latent
semantics in GANs*, section 3.2), the strongest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.page.samples import Samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Network
    from pellucid.ops.operation import Array

DIRECTIONS = 4
"""Sliders that a page has."""


@dataclass(frozen=True, eq=False)
class Generated:
    """What is made of noise.

    Attributes:
        picture: The layer that gives pictures, in −1..1.
        directions: (D, Z), each of length 1.
    """

    picture: str
    directions: NDArray[np.float64]

    @classmethod
    def of(cls, network: Network, picture: str) -> Generated:
        """The directions of a network that takes noise.

        Args:
            network: The network.
            picture: The layer that gives pictures.
        """
        graph = network.graph
        (first,) = (node for node in graph.nodes if graph.input in node.inputs)
        kernel = network.weights[f"{first.store}.kernel"]
        return cls(picture, directions(kernel.astype(np.float64)))

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"picture": self.picture, "directions": np.round(self.directions, 6).tolist()}


def directions(kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The directions in which noise changes what a transposed convolution makes of it most.

    Args:
        kernel: (height, width, Z, channels).

    Returns:
        (D, Z), orthogonal, each of length 1 and with its largest number positive.
    """
    read = kernel.transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)
    _, found = np.linalg.eigh(read @ read.T)
    strongest = found.T[::-1][:DIRECTIONS]
    largest = np.take_along_axis(strongest, np.abs(strongest).argmax(1)[:, None], 1)
    return np.asarray(strongest * np.sign(largest))


def noise_samples(noise: Array, seed: int) -> Samples:
    """The pictures that a page brings along: what some of a seed are made of.

    Args:
        noise: (N, 1, 1, Z), float32.
        seed: Of them.
    """
    count = len(noise)
    return Samples(noise, tuple(f"{seed}/{k}" for k in range(count)), (None,) * count)
