"""A gradient as the sum it is: of a weight over its outputs, of a value over its readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.records import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.explain.activations import Activations, Position
    from pellucid.graph import Node
    from pellucid.ops.operation import Array


@dataclass(frozen=True)
class GradientTerm:
    """One product of a gradient's sum.

    Attributes:
        layer: The layer at whose output the loss's gradient is taken.
        at: The place there.
        delta: That gradient, δ = ∂loss/∂output.
        factor: ∂output/∂(the weight or the value): for a weight of a convolution or a dense layer
            the value that it was multiplied with; for a value the weight, or 1 for a winner.
        reads: For such a weight: the place of that value in the layer's input; else none.
    """

    layer: str
    at: Position
    delta: float
    factor: float
    reads: Position | None = None

    @property
    def product(self) -> float:
        """What this term contributes."""
        return self.factor * self.delta

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "layer": self.layer,
            "at": list(self.at),
            "delta": number(self.delta),
            "factor": number(self.factor),
            "product": number(self.product),
            "reads": None if self.reads is None else list(self.reads),
        }


def weight_terms(
    activations: Activations,
    deltas: Mapping[str, Array],
    node: Node,
    parameter: str,
    at: Position,
) -> list[GradientTerm]:
    """Every product of one weight's gradient, Σ δ · ∂output/∂weight over the output positions.

    Args:
        activations: The picture in its network.
        deltas: ∂loss/∂value of every layer's output, by name.
        node: The layer.
        parameter: The weight's short name, e.g. ``kernel``.
        at: Its position in that array.
    """
    delta = deltas[node.name]
    inputs, weights = activations.inputs_of(node), activations.weights_of(node)
    factors = node.operation.weight_slopes(inputs, weights, parameter, at)
    reads = node.operation.reads(*activations.graph.inputs_of(node))
    named = reads.weight is not None and reads.weight.name == parameter
    terms = []
    for place in zip(*np.nonzero(factors != 0), strict=True):
        output = tuple(int(n) for n in place)
        read = reads.read_with(at, output) if named else None
        terms.append(
            GradientTerm(node.name, output, float(delta[output]), float(factors[output]), read)
        )
    return terms


def value_terms(
    activations: Activations, deltas: Mapping[str, Array], layer: str, at: Position
) -> list[GradientTerm]:
    """Every product of one value's gradient, Σ δ · ∂output/∂value over the outputs that read it.

    Args:
        activations: The picture in its network.
        deltas: ∂loss/∂value of every layer's output, by name.
        layer: The layer whose output the value is; or ``input``.
        at: Its position there.
    """
    terms = []
    for node in activations.readers(layer):
        if node.name not in deltas:
            continue  # the softmax that only shows: the loss takes the logits themselves
        inputs, weights = activations.inputs_of(node), activations.weights_of(node)
        operation = node.operation
        reads = operation.reads(*activations.graph.inputs_of(node))
        for branch, name in enumerate(node.inputs):
            if name != layer:
                continue
            for output in reads.given(inputs).dependents(branch, at):
                factor = operation.derivative_at(inputs, weights, output, branch, at)
                delta = float(deltas[node.name][output])
                terms.append(GradientTerm(node.name, output, delta, factor))
    return terms
