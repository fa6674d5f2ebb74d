"""What an engine is: whoever computes a graph.

An :class:`Engine` turns a network into a :class:`Program`, which holds the weights, and
computes. All engines give the same numbers within rounding; nothing above this protocol may care
which one runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from pellucid.engines.batches import values_bytes
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.loss import one_hot
from pellucid.ops.operation import describe
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.graph import Graph, Network, Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer

Precision = Literal["float32", "float64"]
"""What an engine computes in."""


@dataclass(frozen=True)
class Learning:
    """How a program learns: fixed when it is made, so that an engine can compile it.

    Attributes:
        loss: On the logits.
        optimizer: The update rule; each step brings its learning rate.
        seed: Of the random numbers drawn in training (dropout), 0 .. 2³² − 1.
    """

    loss: Loss
    optimizer: Optimizer
    seed: int = 0


@dataclass(frozen=True)
class StepResult:
    """What one training step found, before its update.

    Attributes:
        loss: Mean over the batch.
        correct: How many images had their target's largest class as their largest logit.
    """

    loss: float
    correct: int


@short_repr
@dataclass(frozen=True, eq=False)
class Backward:
    """A loss and every gradient of it.

    Attributes:
        loss: Mean over the batch.
        values: ∂loss/∂value of every node's output, by name; ``input`` too.
        weights: ∂loss/∂weight of every trainable weight, by full name.
    """

    loss: float
    values: dict[str, Array]
    weights: Weights


class Program(ABC):
    """One network, loaded: computes, learns, and shows every value.

    Images are (N, H, W, C), uint8 or float in pixel units 0 .. 255. Labels are whole numbers (N,),
    or wanted probabilities (N, K): finite, none negative, not all zero. Where they go in, all of
    that is checked, see :meth:`check_images` and :meth:`targets`.
    """

    graph: Graph

    @property
    def forward_bytes(self) -> int:
        """About how many bytes each image of a batch needs in :meth:`forward`."""
        return self.values_bytes

    @property
    def values_bytes(self) -> int:
        """About how many bytes each image of a batch needs in :meth:`values`."""
        return values_bytes(self.graph)

    @property
    def unpredicted(self) -> frozenset[str]:
        """Nodes whose values :meth:`forward` never makes, since a batch norm is folded into them.

        :meth:`values` gives them all the same, computed beside the others.
        """
        return frozenset()

    @abstractmethod
    def forward(self, images: Array) -> Array:
        """The network's answer at inference, (N, …): logits (N, K) for a classifier."""

    @abstractmethod
    def values(self, images: Array) -> dict[str, Array]:
        """Every node's output at inference, by name, batch axis first; ``input`` too."""

    @abstractmethod
    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        """The loss at inference (no dropout, running statistics) and every gradient of it."""

    @abstractmethod
    def train_step(self, images: Array, labels: Array, learning_rate: float) -> StepResult:
        """One step: forward, backward, update of weights and statistics.

        Raises:
            RuntimeError: If the program was made without :class:`Learning`.
        """

    @abstractmethod
    def weights(self) -> Weights:
        """Copies of all weights and statistics, by full name."""

    @abstractmethod
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Replace all weights and statistics.

        Raises:
            ShapeError: If they are not the graph's.
        """

    @abstractmethod
    def optimizer_state(self) -> dict[str, Array]:
        """Copies of what the optimizer remembers: ``step``, ``conv1.kernel.velocity`` and so on."""

    @abstractmethod
    def set_optimizer_state(self, state: Mapping[str, Array]) -> None:
        """Go on from a remembered state: a program so restored takes the very same next step."""

    def check_images(self, images: Array) -> None:
        """Check that images are a batch of the graph's input shape.

        Raises:
            ShapeError: With what came and what was expected.
        """
        if images.ndim != 4 or images.shape[1:] != self.graph.input_shape or not len(images):
            raise ShapeError(
                f"the network takes images {describe(('N', *self.graph.input_shape))} with N at "  # type: ignore[arg-type]
                f"least 1, got an array {describe(images.shape)}"
            )

    def targets(self, labels: Array, count: int, dtype: Precision) -> Array:
        """Labels as wanted probabilities (count, K), checked as by :meth:`check_labels`."""
        checked = self.check_labels(labels, count, dtype)
        (classes,) = self.graph.output_shape
        return checked if checked.ndim == 2 else one_hot(checked, classes, dtype)

    def check_labels(self, labels: Array, count: int, dtype: Precision) -> Array:
        """Labels once they are found good: class numbers (count,), or probabilities (count, K).

        Args:
            labels: Of either kind.
            count: How many images there are.
            dtype: Of the probabilities that come out.

        Raises:
            ShapeError: If the network does not answer with one logit a class, there are not as many
                labels as images, or one of them is no class.
            ArgumentError: If wanted probabilities are not finite, negative, or all zero.
        """
        if len(self.graph.output_shape) != 1:
            raise ShapeError(
                "labels belong to a network that ends in one logit a class, this one ends in "
                f"{describe(self.graph.output_shape)}; end it with Flatten() and Dense()"
            )
        (classes,) = self.graph.output_shape
        labels = np.asarray(labels)
        if labels.shape == (count, classes) and labels.dtype.kind in "biuf":
            with np.errstate(over="ignore"):
                wanted = labels.astype(dtype)
            _check_probabilities(wanted)
            return wanted
        if labels.shape != (count,) or labels.dtype.kind not in "iu":
            raise ShapeError(
                f"{count} images need labels ({count},) or probabilities ({count}, {classes}), "
                f"got {labels.dtype} {labels.shape}"
            )
        if labels.min() < 0 or labels.max() >= classes:
            raise ShapeError(
                f"labels must be 0 to {classes - 1}, got {labels.min()} to {labels.max()}"
            )
        return labels


def _check_probabilities(wanted: Array) -> None:
    """Check wanted probabilities (N, K); they need not sum to 1, so that images can be weighted."""
    for fault, rows in (
        ("hold NaN or infinity", ~np.isfinite(wanted).all(axis=1)),
        ("hold a negative one", (wanted < 0).any(axis=1)),
        ("are all zero", ~wanted.any(axis=1)),
    ):
        if rows.any():
            image = int(rows.argmax())
            raise ArgumentError(
                "an image's wanted probabilities must be finite, none negative and not all zero, "
                f"but those of image {image} {fault}"
            )


def check_precision(precision: object) -> None:
    """Check that a precision is one that engines know.

    Raises:
        ArgumentError: If it is not.
    """
    known = get_args(Precision)
    if precision not in known:
        raise ArgumentError(f"precision must be one of {', '.join(known)}, got {precision!r:.80}")


class Engine(ABC):
    """A way to compute graphs."""

    name: ClassVar[str]

    @abstractmethod
    def load(
        self,
        network: Network,
        *,
        learning: Learning | None = None,
        precision: Precision = "float32",
    ) -> Program:
        """Make a program of a network; the network's own weights are copied, never changed.

        Raises:
            ArgumentError: If the precision is unknown.
        """
