"""One layer of the backward pass: the gradient at its output, and at its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.records import array, number
from pellucid.renamed import OldAttribute
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.steps import Step
    from pellucid.ops.operation import Array


@short_repr
@dataclass(frozen=True, eq=False)
class BackwardStep:
    """One layer of the backward pass.

    Attributes:
        step: The layer, and what it made of its inputs on the way there.
        gradient: ∂loss/∂output, shaped as the output.
        weights: ∂loss/∂weight of its weights, by short name.
    """

    step: Step
    gradient: Array
    weights: dict[str, Array]

    subject = OldAttribute("activations")

    @property
    def name(self) -> str:
        """The layer's name, or ``input``."""
        return self.step.name

    @property
    def mask(self) -> NDArray[np.float64] | None:
        """For an activation: its derivative at each value, which the gradient is multiplied with.

        ReLU's is 1 where it lets the gradient through, else 0. None for all other layers.
        """
        node = self.step.node
        if node is None:
            return None
        return node.operation.mask(self.step.activations.inputs_of(node)[0].astype(np.float64))

    @property
    def winners(self) -> NDArray[np.int64] | None:
        """For max pooling: where each output's gradient goes; see :class:`Step`."""
        return self.step.winners

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As plain JSON values; see ``docs/records.md``."""
        described: dict[str, Any] = {
            "name": self.name,
            "operation": self.step.kind,
            "shape": list(self.gradient.shape),
            "lowest": number(float(self.gradient.min())),
            "highest": number(float(self.gradient.max())),
            "norm": number(_norm(self.gradient)),
            "weight_norms": {name: number(_norm(g)) for name, g in self.weights.items()},
        }
        if values:
            described["gradient"] = array(self.gradient)
            described["weights"] = {name: array(g) for name, g in self.weights.items()}
            if self.mask is not None:
                described["mask"] = array(self.mask)
            if self.winners is not None:
                described["winners"] = self.winners.tolist()
        return described


def _norm(gradient: Array) -> float:
    return float(np.linalg.norm(gradient.astype(np.float64)))
