"""What can be asked of a picture that is made of noise, as tasks of a network that takes noise.

No model is trained for them: a generator is opened as such a network, see
:mod:`pellucid.explain.generated`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid.ops import SquaredError
from pellucid.ops.grey_levels import HALF, GreyLevels
from pellucid.tasks.multi_label import MultiLabel
from pellucid.tasks.regression import Regression

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Shape

REAL = "real"
"""What the discriminator's one output stands for."""


@dataclass(frozen=True)
class Realness(MultiLabel):
    """Whether the discriminator takes a picture for real, as a label that is given or not.

    Attributes:
        pictures: (height, width, channels) of the pictures.
    """

    classes: tuple[str, ...] = (REAL,)
    pictures: tuple[int, ...] = ()

    def picture_shape(self, graph: Graph) -> Shape:
        return self.pictures


@dataclass(frozen=True)
class GreyLevel(Regression):
    """The grey level of one channel of one pixel, 0..255, which the network gives as −1..1.

    Attributes:
        pictures: (height, width, channels) of the pictures.
    """

    outputs: ClassVar[str] = "−1 to 1"
    mean: tuple[float, ...] = (HALF,)
    scale: tuple[float, ...] = (HALF,)
    pictures: tuple[int, ...] = ()

    def picture_shape(self, graph: Graph) -> Shape:
        return self.pictures

    def loss(self) -> Loss:  # type: ignore[override]
        return SquaredError()

    @property
    def reading(self) -> GreyLevels:  # type: ignore[override]
        return GreyLevels()
