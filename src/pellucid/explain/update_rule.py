"""The update that an optimizer would make of a gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.ops import LOSSES, CrossEntropy
from pellucid.optimizers import OPTIMIZERS, SGD, clip_by_norm
from pellucid.renamed import old_names
from pellucid.settings import from_dict, to_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.files import Model
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer

LEARNING_RATE = 0.05
"""Of plain SGD, where a model does not say what it was trained with."""


@dataclass(frozen=True)
class UpdateRule:
    """How a network learns from one picture: the first step of a training, all memory still zero.

    Attributes:
        loss: What is minimised.
        optimizer: The update rule.
        learning_rate: Its rate.
        origin: Where these come from, in words.
    """

    loss: Loss = field(default_factory=CrossEntropy)
    optimizer: Optimizer = field(default_factory=lambda: SGD(momentum=0.0))
    learning_rate: float = LEARNING_RATE
    origin: str = "plain SGD, since the model does not say what it was trained with"

    @classmethod
    def of(cls, model: Model) -> UpdateRule:
        """The learner of a model's own training recipe, at its peak rate.

        Plain SGD of the task's own loss where the model does not say how it was trained.
        """
        try:
            recipe = model.provenance["recipe"]
            return cls(
                from_dict(recipe["loss"], LOSSES, "loss"),
                from_dict(recipe["optimizer"], OPTIMIZERS, "optimizer"),
                float(recipe["learning_rate"]),
                "the model's own training recipe, at its peak learning rate",
            )
        except (LookupError, TypeError, ValueError, PellucidError):
            return cls(model.task.loss())  # a model file may say anything of its making

    @property
    def rule(self) -> str:
        """The optimizer with all that its step depends on: ``sgd with learning rate 0.1, …``."""
        described = [f"learning rate {self.learning_rate:g}"]
        for name, value in to_dict(self.optimizer).items():
            words = name.replace("_", " ")
            if value is True:
                described.append(words)
            elif isinstance(value, int | float) and value:
                described.append(f"{words} {value:g}")
        return f"{self.optimizer.kind} with {', '.join(described)}"

    def updated(
        self, weight: Array, gradient: Array, *, decays: bool, gradients: Mapping[str, Array]
    ) -> Array:
        """A weight array after the step, float64.

        Args:
            weight: Before it.
            gradient: ∂loss/∂weight.
            decays: Whether weight decay pulls at it.
            gradients: Those of all weights, which are shortened together where the optimizer says.
        """
        after = weight.astype(np.float64)
        clip = clip_by_norm(gradients.values(), self.optimizer.clip_norm)
        self.optimizer.update(
            after,
            gradient.astype(np.float64) * clip,
            {slot: np.zeros_like(after) for slot in self.optimizer.slots},
            learning_rate=self.learning_rate,
            step=1,
            decays=decays,
        )
        return after

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "loss": to_dict(self.loss),
            "optimizer": to_dict(self.optimizer),
            "learning_rate": self.learning_rate,
            "origin": self.origin,
        }


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
