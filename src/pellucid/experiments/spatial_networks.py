"""The two networks that learn a kind of distorted pictures, of equally many weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.experiments.experiment import Experiment
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    MaxPool,
    Normalise,
    ReLU,
    Sequential,
    SpatialTransformer,
)
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.layers import Block
    from pellucid.ops.operation import Shape

PLAIN, TRANSFORMER = "plain network", "spatial transformer"

UNITS = 64
"""Hidden units behind the transformer; the plain network has as many as make up its weights."""

QUESTION = "Does a network do better that turns, scales and moves what it sees?"
SOURCE = "Jaderberg et al. 2015, Spatial transformer networks, section 4.1 and appendix A"
CAUTION = (
    "The paper's networks see every picture several hundred times, distorted otherwise each time; "
    "here each is distorted some times, and each of these is seen a few times."
)


@short_repr
@dataclass(frozen=True)
class Setup:
    """What is made for a kind of distortion.

    Attributes:
        transform: What the transformer can do, of :data:`pellucid.blocks.TRANSFORMS`.
        scale: Of the numbers of the map: how fast places move, against all else that learns. Where
            a picture is mostly empty of what is sought, slower: else it is lost for good.
        epochs: How often every distorted picture is seen.
    """

    transform: str = "affine"
    scale: float = 0.3
    epochs: int = 10


SETUPS = {
    "rotation": Setup(),
    "rotation, scale, translation": Setup(),
    "projective": Setup("projective"),
    "cluttered": Setup(scale=0.1, epochs=16),
}
"""By the names of :data:`pellucid.experiments.distortions.KINDS`."""

SETTINGS = {"batch_size": 64, "optimizer": "adam"}
"""Of both networks. With plain steps of equal length in all weights, early steps throw the places
off the picture for good, from where no gradient leads back."""


def experiment_on(
    kind: str,
    shape: Shape,
    size: tuple[int, int],
    classes: int,
    around: Sequence[float] | None = None,
) -> Experiment:
    """Both networks for distorted pictures of a shape.

    Args:
        kind: The distortion's name.
        shape: (height, width, channels) of distorted pictures.
        size: (height, width) of upright ones, which the transformer makes again.
        classes: How many.
        around: The level around what is seen, a number a channel, of normalised pictures; none: 0.
            The transformer counts from it, so that the zeros which places outside read are more
            of the same ground, not a frame whose edges turn with the picture.
    """
    setup = SETUPS[kind]
    ground = [] if around is None else [Normalise(around, [1.0] * len(around), name="from_ground")]

    def transformer(classes: int) -> Sequential:
        made = SpatialTransformer(
            _localisation(), size, scale=setup.scale, transform=setup.transform
        )
        return Sequential([*ground, made, *_body(UNITS, classes)])

    wanted = weights_of(transformer(classes), shape)
    few, more = (weights_of(Sequential(_body(units, classes)), shape) for units in (1, 2))
    units = max(1, round((wanted - few) / (more - few)) + 1)

    def plain(classes: int) -> Sequential:
        return Sequential(_body(units, classes))

    return Experiment(
        kind,
        QUESTION,
        SOURCE,
        {PLAIN: plain, TRANSFORMER: transformer},
        epochs=setup.epochs,
        settings=SETTINGS,
        caution=CAUTION,
    )


def weights_of(layers: Sequential, shape: Shape) -> int:
    """How many weights layers have on pictures of a shape."""
    parameters = layers.graph(shape).parameters.values()
    return sum(int(np.prod(each.shape)) for each in parameters)


def _localisation() -> list[Block]:
    """From pictures to what their place follows from, at half the resolution."""
    return [
        MaxPool(2), Conv2D(20, 5), ReLU(), MaxPool(2), Conv2D(20, 3), ReLU(), Flatten(), Dense(32),
        ReLU(),
    ]  # fmt: skip


def _body(units: int, classes: int) -> list[Block]:
    """Two convolutions 5×5 with pooling, and two dense layers."""
    return [
        Conv2D(16, 5), ReLU(), MaxPool(2), Conv2D(32, 5), ReLU(), MaxPool(2), Flatten(),
        Dense(units), ReLU(), Dense(classes),
    ]  # fmt: skip
