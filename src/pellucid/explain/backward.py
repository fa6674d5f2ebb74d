"""The backward pass of one picture: its loss, and every gradient, to the last product."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations, check_position
from pellucid.explain.finite_differences import FiniteDifference, FiniteDifferences
from pellucid.explain.gradient_terms import GradientTerm, value_terms, weight_terms
from pellucid.explain.records import array, number, record
from pellucid.explain.steps import Step
from pellucid.explain.update_rule import UpdateRule
from pellucid.graph import INPUT, ParameterName
from pellucid.ops import CrossEntropy
from pellucid.ops.loss import one_hot
from pellucid.ops.softmax import sum_of_others
from pellucid.record import Record
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Backward as Gradients
    from pellucid.explain.activations import Position
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.ops.operation import Array

SETTLED = 1e-3
"""Where no probability is further from what is wanted, there is nothing left to learn."""


@short_repr
@dataclass(frozen=True, eq=False)
class GradientTerms(Record):
    """One gradient, opened into the products that it is the sum of.

    Attributes:
        name: The weight's full name, ``conv2.kernel``; or the layer whose output the value is.
        at: The position in that array.
        gradient: What the engine computed there.
        terms: All products, in the order of the output positions.
        before: The weight, or the value.
        after: The weight after the optimizer's step; none for a value.
        check: The finite-difference check; none for a value.
        learner: What makes that step; none for a value.
        engine: Who computed the gradient, and in what precision.
    """

    record_kind: ClassVar[str] = "gradient"
    name: str
    at: Position
    gradient: float
    terms: list[GradientTerm]
    before: float
    after: float | None = None
    check: FiniteDifference | None = None
    learner: UpdateRule | None = None
    engine: str = ""

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def total(self) -> float:
        """The sum of the products."""
        return float(np.sum([term.product for term in self.terms], dtype=np.float64))

    @property
    def difference(self) -> float:
        """The sum of the products minus the engine's gradient: float32's rounding."""
        return self.total - self.gradient

    @property
    def relative_difference(self) -> float:
        """The difference as a share of the sizes of all products together."""
        size = max(abs(self.gradient), sum(abs(term.product) for term in self.terms))
        return abs(self.difference) / size if size else abs(self.difference)

    def largest(self, count: int | None = None) -> list[int]:
        """The numbers of the terms, the largest product (by size) first."""
        order = np.argsort([-abs(term.product) for term in self.terms], kind="stable")
        return [int(i) for i in order[:count]]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/records.md``."""
        return record(
            "gradient",
            name=self.name,
            at=list(self.at),
            gradient=number(self.gradient),
            engine=self.engine,
            terms=[term.to_dict() for term in self.terms],
            total=number(self.total),
            difference=number(self.difference),
            relative_difference=number(self.relative_difference),
            before=number(self.before),
            after=None if self.after is None else number(self.after),
            check=None if self.check is None else self.check.to_dict(),
            learner=None if self.learner is None else self.learner.to_dict(),
        )


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


@short_repr
@dataclass(frozen=True, eq=False)
class Backward(Record):
    """The loss of one picture, and every gradient of it at inference.

    Attributes:
        activations: The picture in its network.
        label: The class that is right.
        learner: The loss, and the optimizer that would follow the gradient.
        gradients: What the engine computed.
    """

    record_kind: ClassVar[str] = "backward"
    activations: Activations
    label: str
    learner: UpdateRule
    gradients: Gradients

    subject = OldAttribute("activations")

    @property
    def engine(self) -> str:
        """Who computed the gradients, and in what precision."""
        return self.activations.engine

    @property
    def unfolded(self) -> tuple[str, ...]:
        """Layers with a batch norm that prediction folds into them, and gradients do not.

        Gradients are of the graph as it is, with running statistics; y − t is that of the logits
        that were predicted.
        """
        hidden = self.activations.program.unpredicted
        return tuple(n.name for n in self.activations.graph.nodes if n.name in hidden)

    @property
    def loss(self) -> float:
        """The loss, in nats for cross-entropy."""
        return self.gradients.loss

    @property
    def targets(self) -> NDArray[np.float64]:
        """t, the wanted probabilities: 1 for the right class, (K,)."""
        place = self.activations.classes.index(self.label)
        return np.asarray(one_hot(np.array([place]), len(self.activations.classes))[0])

    @property
    def wanted(self) -> NDArray[np.float64]:
        """The targets as the loss sees them, (K,): with label smoothing ε, (1 − ε)·t + ε/K."""
        loss, t = self.learner.loss, self.targets
        return np.asarray(loss.smoothed(t[None])[0]) if isinstance(loss, CrossEntropy) else t

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """y, the softmax of the logits, (K,)."""
        return np.asarray(self.activations.values[self.activations.graph.output])

    @property
    def rest(self) -> NDArray[np.float64]:
        """1 − y, (K,): the sum of the other probabilities, exact where y is nearly 1."""
        return np.asarray(sum_of_others(self.probabilities))

    @property
    def differences(self) -> NDArray[np.float64]:
        """Probabilities minus targets, (K,); for the right class minus the sum of the others."""
        return np.where(self.targets == 1.0, -self.rest, self.probabilities)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to learn: y is what is wanted within 0.001."""
        return bool(np.abs(self.differences + (self.targets - self.wanted)).max() < SETTLED)

    @property
    def at_logits(self) -> Array:
        """∂loss/∂logits, (K,): y − t for cross-entropy, t as :attr:`wanted` has it."""
        return np.asarray(self.gradients.values[self.activations.logits][0])

    @cached_property
    def steps(self) -> tuple[BackwardStep, ...]:
        """From the logits back to the picture."""
        names = [INPUT, *(node.name for node in self.activations.model.network.graph.nodes)]
        return tuple(self[name] for name in reversed(names))

    def __getitem__(self, layer: str) -> BackwardStep:
        """The backward pass through one layer, or at the ``input``.

        Raises:
            ArgumentError: If there is none; the message names the nearest.
        """
        node = None if layer == INPUT else self.activations.model.network.graph[layer]
        own = {
            str(name).removeprefix(f"{layer}."): self.gradients.weights[str(name)]
            for name in self._trainable
            if name.node == layer
        }
        return BackwardStep(Step(self.activations, node), self.gradients.values[layer][0], own)

    def weight(self, name: str, at: Sequence[int], *, check: bool = True) -> GradientTerms:
        """Open one weight's gradient into its terms, with the update that would follow.

        Args:
            name: The weight's full name: ``"conv2.kernel"``.
            at: (row, column, channel, map) for a convolution's kernel, (input, unit) for a dense
                layer's, (channel,) for what belongs to a channel; from 0.
            check: Whether to check it by a finite difference, which costs a few forward passes.

        Raises:
            ArgumentError: If there is no such weight, it is not trained, or the position lies
                outside it.
        """
        full = self._weight(name)
        array_of = self.activations.model.network.weights[name]
        place = check_position(f"weight {name!r}", array_of.shape, at)
        deltas = {layer: gradient[0] for layer, gradient in self.gradients.values.items()}
        node = self.activations.model.network.graph[full.node]
        gradients = self.gradients.weights
        after = self.learner.updated(
            array_of,
            gradients[name],
            decays=self._trainable[full],
            gradients=gradients,
        )
        return GradientTerms(
            name,
            place,
            float(gradients[name][place]),
            weight_terms(self.activations, deltas, node, full.parameter, place),
            float(array_of[place]),
            float(after[place]),
            self._checker.check(name, place) if check else None,
            self.learner,
            engine=self.engine,
        )

    def value(self, layer: str, at: Sequence[int]) -> GradientTerms:
        """Open the gradient at one value: through which outputs of which layers it came back.

        Args:
            layer: A layer's name, or ``"input"``.
            at: (row, column, channel) or (unit,), from 0.

        Raises:
            ArgumentError: If there is no such layer, the position lies outside its output, or the
                layer gives the logits, where the loss itself begins: see :attr:`at_logits`.
        """
        graph = self.activations.model.network.graph
        if layer != INPUT and graph[layer].name == self.activations.logits:
            raise ArgumentError(
                f"layer {layer!r} gives the logits, where the loss's gradient is y − t: see "
                "at_logits; open a layer before it"
            )
        place = self.activations.position(layer, at)
        deltas = {name: gradient[0] for name, gradient in self.gradients.values.items()}
        return GradientTerms(
            layer,
            place,
            float(deltas[layer][place]),
            value_terms(self.activations, deltas, layer, place),
            float(self.activations.values[layer][place]),
            engine=self.engine,
        )

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/records.md``.

        Args:
            values: Whether all gradients are written, and not only their range and norm.
        """
        return record(
            "backward",
            classes=list(self.activations.classes),
            label=self.label,
            engine=self.engine,
            unfolded=list(self.unfolded),
            loss=number(self.loss),
            learner=self.learner.to_dict(),
            probabilities=array(self.probabilities),
            targets=self.targets.tolist(),
            wanted=self.wanted.tolist(),
            at_logits=array(self.at_logits),
            settled=self.settled,
            steps=[step.to_dict(values=values) for step in self.steps],
        )

    @cached_property
    def _checker(self) -> FiniteDifferences:
        return FiniteDifferences(self.activations, self.targets, self.learner.loss)

    @cached_property
    def _trainable(self) -> dict[ParameterName, bool]:
        """Every trained weight, and whether it decays."""
        parameters = self.activations.model.network.graph.parameters
        return {name: p.decays for name, p in parameters.items() if p.trainable}

    def _weight(self, name: str) -> ParameterName:
        for full in self._trainable:
            if str(full) == name:
                return full
        if name in self.activations.model.network.weights:
            raise ArgumentError(f"{name!r} is a statistic, which is followed and has no gradient")
        known = [str(full) for full in self._trainable]
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise ArgumentError(f"the network has no weight {printable(name)!r}; {hint}")


def backward(
    source: Model | Classifier,
    picture: Picture,
    label: str | int,
    *,
    learner: UpdateRule | None = None,
) -> Backward:
    """The loss of a picture whose class is known, and every gradient of it.

    Args:
        source: A classifier or a model.
        picture: See :meth:`pellucid.explain.activations.Activations.of`.
        label: The right class; see :meth:`pellucid.explain.activations.Activations.label_index`.
        learner: Loss and optimizer; none: those of the model's own training.

    Raises:
        ArgumentError: If there is no such class.
    """
    activations = Activations.of(source, picture)
    place = activations.label_index(label)
    learner = UpdateRule.of(activations.model) if learner is None else learner
    gradients = activations.program.gradients(
        activations.pixels[None], np.array([place]), learner.loss
    )
    return Backward(activations, activations.classes[place], learner, gradients)


def _norm(gradient: Array) -> float:
    return float(np.linalg.norm(gradient.astype(np.float64)))


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
