"""The backward pass of one picture: its loss, and every gradient, to the last product."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations, check_position
from pellucid.explain.backward_step import BackwardStep
from pellucid.explain.finite_differences import FiniteDifference, FiniteDifferences
from pellucid.explain.gradient_terms import GradientTerm, value_terms, weight_terms
from pellucid.explain.losses import gradients_of, losses_of
from pellucid.explain.records import array, number, record
from pellucid.explain.steps import Step
from pellucid.explain.truth import truth_of
from pellucid.explain.update_rule import UpdateRule
from pellucid.graph import INPUT, ParameterName
from pellucid.ops import CrossEntropy
from pellucid.ops.sigmoid import sigmoid
from pellucid.ops.softmax import sum_of_others
from pellucid.record import Record
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.tasks import MultiLabel, Regression, check_row
from pellucid.text import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Backward as Gradients
    from pellucid.explain.activations import Position
    from pellucid.explain.truth import Right, Truth
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.ops.operation import Array

SETTLED = 1e-3
"""Where nothing is further from what is wanted, there is nothing left to learn: no probability, no
standardised number."""


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
class Backward(Record):
    """The loss of one picture, and every gradient of it at inference.

    Attributes:
        activations: The picture in its network.
        truth: What is right.
        learner: The loss, and the optimizer that would follow the gradient.
        gradients: What the engine computed.
        losses: Each loss, of which their weighted sum is minimised, by the name of the layer that
            it is of: of detectors by regions that of the regions, and that of the anchors.
    """

    record_kind: ClassVar[str] = "backward"
    activations: Activations
    truth: Truth
    learner: UpdateRule
    gradients: Gradients
    losses: Mapping[str, float] = field(default_factory=dict)

    subject = OldAttribute("activations")

    @property
    def label(self) -> str:
        """What is right, in words: a class, labels, or numbers in their units."""
        return self.truth.words

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
        """The loss, in nats for cross-entropy; of numbers that of the standardised ones."""
        return self.gradients.loss

    @property
    def targets(self) -> NDArray[np.float64]:
        """t, (K,): the wanted probabilities, 1 for what is right; or the standardised numbers.

        Of boxes (M, 6): x0, y0, x1, y1 in pixels of what the network takes, the place of the class
        or −1 for none, and 0. Of texts (L,): the class of each word or character, −1 behind them.
        """
        return self.truth.targets

    @property
    def wanted(self) -> NDArray[np.float64]:
        """The targets as the loss sees them, (K,): with label smoothing ε, (1 − ε)·t + ε/K."""
        loss, t = self.learner.loss, self.targets
        return np.asarray(loss.smoothed(t[None])[0]) if isinstance(loss, CrossEntropy) else t

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The y of each class, (K,): the softmax of the logits, or of labels the sigmoid of each.

        Raises:
            ArgumentError: Of numbers, which are no probabilities: see :attr:`outputs`.
        """
        if self.of_numbers or self.of_map:
            title = self.activations.model.task.title
            raise ArgumentError(f"a model for {title} gives no row of probabilities; see outputs")
        return self.activations.answer

    @property
    def outputs(self) -> NDArray[np.float64]:
        """The outputs z, (K,): logits or standardised numbers; of boxes a map, (h, w, K + 4)."""
        return np.asarray(self.activations.values[self.activations.logits], np.float64)

    @property
    def of_numbers(self) -> bool:
        """Whether the network predicts numbers, and no classes or labels."""
        return isinstance(self.activations.model.task, Regression)

    @property
    def of_map(self) -> bool:
        """Whether the loss is of a map as a whole: of boxes, or of the steps of a recording."""
        return self.activations.model.task.of_map

    @property
    def rest(self) -> NDArray[np.float64]:
        """1 − y, (K,), exact where y is nearly 1: of classes the sum of the others."""
        if isinstance(self.activations.model.task, MultiLabel):
            return np.asarray(sigmoid(-self.outputs))
        return np.asarray(sum_of_others(self.probabilities))

    @property
    def differences(self) -> NDArray[np.float64]:
        """Of classes and labels y − t, (K,), exact where y is nearly 1; of numbers z − t.

        Of boxes and of steps, whose losses compare no two rows of numbers, the gradient at the map
        itself.
        """
        if self.of_map:
            return np.asarray(self.at_logits, np.float64)
        if self.of_numbers:
            return self.outputs - self.targets
        return np.where(self.targets == 1.0, -self.rest, self.probabilities)

    @property
    def settled(self) -> bool:
        """Whether there is nothing left to learn: y (or z) is what is wanted within 0.001.

        Of boxes and steps: no gradient at the map is larger than that.
        """
        if self.of_map:
            return bool(np.abs(self.differences).max() < SETTLED)
        return bool(np.abs(self.differences + (self.targets - self.wanted)).max() < SETTLED)

    @property
    def at_logits(self) -> Array:
        """∂loss/∂outputs, (K,): y − t for cross-entropy, t as :attr:`wanted` has it.

        Of K labels (y − t)/K, since their losses are averaged; of M numbers 2·(z − t)/M for squared
        error, and for Huber's the same cut off, without the 2. Of boxes (h, w, K + 4).
        """
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
        graph = self.activations.model.network.graph
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
            [
                term
                for node in graph.nodes  # several may share it
                for own, stored in graph.parameters_of(node).items()
                if stored == name
                for term in weight_terms(self.activations, deltas, node, own, place)
            ],
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
            if self.of_map:
                raise ArgumentError(
                    f"layer {layer!r} gives the map that the loss is of, whose gradient is "
                    "at_logits; open a layer before it"
                )
            what = "standardised numbers" if self.of_numbers else "logits"
            raise ArgumentError(
                f"layer {layer!r} gives the {what}, where the "
                f"loss's gradient is {'z − t' if self.of_numbers else 'y − t'}: see at_logits; "
                "open a layer before it"
            )
        if layer in self.losses:
            raise ArgumentError(
                f"a loss is of layer {layer!r} itself, whose gradient begins there; open a layer "
                "before it"
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
            task=self.activations.model.task.kind,
            label_given=self.truth.given,
            engine=self.engine,
            unfolded=list(self.unfolded),
            loss=number(self.loss),
            losses={name: number(loss) for name, loss in self.losses.items()},
            learner=self.learner.to_dict(),
            outputs=array(self.outputs),
            probabilities=None if self.of_numbers or self.of_map else array(self.probabilities),
            numbers=array(self.activations.answer) if self.of_numbers else None,
            targets=self.targets.tolist(),
            wanted=self.wanted.tolist(),
            at_logits=array(self.at_logits),
            settled=self.settled,
            steps=[step.to_dict(values=values) for step in self.steps],
        )

    @cached_property
    def _checker(self) -> FiniteDifferences:
        model = self.activations.model
        losses = losses_of(model.network.graph, model.task, self.learner.loss)
        return FiniteDifferences(self.activations, self.targets, losses)

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
        raise ArgumentError(f"the network has no weight {quoted(name)}; {hint}")


def backward(
    source: Model | Classifier,
    picture: Picture,
    label: Right | None = None,
    *,
    learner: UpdateRule | None = None,
) -> Backward:
    """The loss of a picture of which is known what is right, and every gradient of it.

    Args:
        source: A classifier or a model.
        picture: See :meth:`pellucid.explain.activations.Activations.of`.
        label: The right class, labels or numbers, see :func:`pellucid.explain.truth.truth_of`;
            none: what the network itself answers, of numbers with a gradient of zero.
        learner: Loss and optimizer; none: those of the model's own training.

    Raises:
        ArgumentError: If there is no such class or label, or other numbers are expected.
    """
    return differentiated(Activations.of(source, picture), label, learner)


def differentiated(
    activations: Activations, label: Right | None, learner: UpdateRule | None = None
) -> Backward:
    """The same of what is known of a picture already, or of noise; arguments as there."""
    check_row(activations.model.task, "gradients of a loss", boxes=True)
    truth = truth_of(activations, label)
    learner = UpdateRule.of(activations.model) if learner is None else learner
    one_class = activations.model.task.of_one_class
    targets = np.array([truth.targets.argmax()]) if one_class else truth.targets[None]
    program = activations.program
    losses = losses_of(program.graph, activations.model.task, learner.loss)
    gradients, each = gradients_of(program, activations.pixels[None], targets, losses)
    return Backward(activations, truth, learner, gradients, each)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
