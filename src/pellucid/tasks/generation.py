"""Generation: pictures made of noise, like those that were learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.architectures.generator import JUDGED
from pellucid.data.unlabelled import Unlabelled
from pellucid.errors import ArgumentError, DataError
from pellucid.ops import SigmoidCrossEntropy
from pellucid.ops.grey_levels import HALF, GreyLevels
from pellucid.ops.operation import describe
from pellucid.tasks.no_single_answer import NoSingleAnswer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.targets import Targets
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Shape


@dataclass(frozen=True)
class Generation(NoSingleAnswer):
    """Pictures (H, W, C), made of Z normal numbers each; nothing is wanted of those learned from.

    The network gives values in −1..1, which stand for the grey levels 0..255. The graph ``judged``
    has the discriminator behind it; generators of older versions have none.

    Attributes:
        latent: Z, 1 to 4096.

    Raises:
        ArgumentError: If it is out of range.
    """

    kind: ClassVar[str] = Unlabelled.kind
    title: ClassVar[str] = Unlabelled.title
    measures: ClassVar[tuple[str, ...]] = ()
    read_as: ClassVar[str] = "pixels"
    outputs: ClassVar[str] = "values from −1 to 1"
    estimator: ClassVar[str] = "ImageGenerator"
    makes_pictures: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = (JUDGED,)
    no_answer: ClassVar[str] = (
        "the model generates pictures, and has no answer for one; give a model that looks at "
        "pictures, or generate some: pellucid.load(…).sample(64)"
    )
    latent: int

    def __post_init__(self) -> None:
        checks.whole("latent", self.latent, 1, 4096)

    @classmethod
    def of(cls, targets: Targets) -> Generation:
        raise DataError(
            f"data for {targets.title}; to learn to make such pictures, whatever their labels: "
            "ImageGenerator().fit(pictures), or pellucid train --task generation"
        )

    def picture_shape(self, graph: Graph) -> Shape:
        return graph.output_shape

    def check_outputs(self, shape: Shape) -> None:
        if len(shape) != 3 or shape[2] not in (1, 3):
            raise ArgumentError(
                f"a generator ends in a picture of 1 or 3 channels, got {describe(shape)}"
            )

    def loss(self) -> Loss:
        """Of the discriminator's logits, for either step."""
        return SigmoidCrossEntropy()

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Pictures, uint8 (N, H, W, C), 0..255, from a network's outputs of that shape."""
        return self.rounded((outputs + 1.0) * HALF)

    def rounded(self, levels: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Grey levels as pictures have them: whole numbers 0..255, of halves the even one."""
        return np.clip(np.rint(levels), 0, 255).astype(np.uint8)

    def known(self) -> Targets:
        return Unlabelled.of(0)

    @property
    def reading(self) -> GreyLevels:
        """What makes grey levels of values −1..1."""
        return GreyLevels()

    def described(self, read: NDArray[np.float64]) -> list[Any]:
        """The picture, its pixels as nested lists of whole numbers 0..255."""
        found: list[Any] = self.rounded(read).tolist()
        return found

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        self._decline()
