"""A worksheet: exercises with the numbers of a network and a picture, in the lecture's order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.backward import differentiated
from pellucid.explain.records import record
from pellucid.explain.update_rule import UpdateRule
from pellucid.known_names import find_name
from pellucid.ops import CrossEntropy, SquaredError
from pellucid.optimizers import SGD
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import check_row
from pellucid.text import quoted
from pellucid.worksheets import (
    answers,
    convolution,
    first_layers,
    gradients,
    maps,
    other_answers,
)
from pellucid.worksheets.exercise import Blank, Draft, Exercise
from pellucid.worksheets.source import Source
from pellucid.worksheets.topics import BACKWARD, MOST_EACH, OF_ANSWERS, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.explain.backward import Backward
    from pellucid.explain.truth import Right
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.graph import Node

LARGEST = 1e9
"""Numbers from here on are not printed."""

_LAYERS: dict[str, tuple[Callable[[Source], list[Node]], Callable[[Source, Draft, Node], None]]] = {
    "pixels": (first_layers.normalising, first_layers.pixels),
    "convolution": (convolution.convolutions, convolution.convolution),
    "norm": (first_layers.norms, first_layers.norm),
    "activation": (maps.activations_of, maps.activation),
    "pooling": (maps.poolings, maps.pooling),
    "flattening": (maps.flattenings, maps.flattening),
    "dense": (answers.dense_layers, answers.dense),
    "through-activation": (maps.activations_of, gradients.through_activation),
    "through-pooling": (gradients.small_poolings, gradients.through_pooling),
    "kernel-update": (convolution.convolutions, gradients.kernel_update),
}
"""Topics that have exercises of their own in every layer that suits."""


@short_repr
@dataclass(frozen=True, eq=False)
class Worksheet(Record):
    """Exercises with blanks, and what goes into them.

    Attributes:
        exercises: In the lecture's order.
        left_out: Topics that were asked for and have no exercise, with the reason: ``none`` (the
            network has no such layer), ``quantised`` (it rounds what it multiplies there), ``task``
            (it does not choose one class), ``labels`` (it does not give several labels),
            ``numbers`` (it does not give numbers), ``gradients`` (it has none, as quantised ones),
            ``settled`` (nothing comes back).
        pixels: What the network takes, (H, W, C), uint8.
        network: The network's layers, each with its shape, in order.
        picture: What the picture is called.
        seed: Of the places that were chosen.
        settled: Whether the network is so sure that there is hardly a gradient.
    """

    record_kind: ClassVar[str] = "worksheet"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json")
    exercises: Sequence[Exercise]
    left_out: Sequence[tuple[str, str]]
    pixels: NDArray[Any]
    network: Sequence[tuple[str, str, tuple[int, ...]]]
    picture: str = ""
    seed: int = 0
    settled: bool = False

    @property
    def blanks(self) -> tuple[Blank, ...]:
        """All blanks, in order."""
        return tuple(blank for exercise in self.exercises for blank in exercise.blanks)

    @cached_property
    def digest(self) -> str:
        """Eight letters and digits that belong to these blanks and answers alone: ``3F9A-12CD``."""
        described = [
            (blank.name, blank.formula, str(blank.answer), str(blank.tolerance))
            for blank in self.blanks
        ]
        found = hashlib.sha256(json.dumps(described).encode()).hexdigest()[:8].upper()
        return f"{found[:4]}-{found[4:]}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/worksheets.md``."""
        return record(
            "worksheet",
            sheet=self.digest,
            picture=self.picture,
            seed=self.seed,
            exercises=[
                {
                    "exercise": exercise.number,
                    "topic": exercise.topic,
                    "layer": exercise.facts.get("layer"),
                    "blanks": [blank.to_dict() for blank in exercise.blanks],
                }
                for exercise in self.exercises
            ],
            left_out=[{"topic": topic, "reason": reason} for topic, reason in self.left_out],
        )


def worksheet(
    source: Model | Classifier,
    picture: Picture,
    label: Right | None = None,
    *,
    topics: Sequence[str] = (),
    each: int = 1,
    seed: int = 0,
    digits: int = 2,
    called: str = "",
) -> Worksheet:
    """Make exercises of a picture in a network.

    Places are chosen where there is something to learn: products of both signs, values that ReLU
    cuts, windows whose maximum is not the first. The same arguments give the same sheet.

    Args:
        source: A classifier, whose engine computes; or a model.
        picture: See :meth:`pellucid.explain.activations.Activations.of`.
        label: What is right, see :func:`pellucid.explain.truth.truth_of`; none: the network's own
            answer is taken to be right.
        topics: Some of :data:`pellucid.worksheets.topics.TOPICS`; none: all.
        each: Exercises of each topic at most, 1 to 5: each at another layer, as far
            as there are any, else at another place.
        seed: Of the places.
        digits: Of the largest number of each table, 2 to 4.
        called: What the sheet calls the picture; empty: its file's name.

    Raises:
        ArgumentError: If a topic is unknown, a number lies outside, there is no such class, or the
            network has nothing to be asked about, or gives NaN or huge numbers.
        DataError: If the picture cannot be used.
    """
    chosen = [find_name("topic", topic, TOPICS) for topic in topics] or list(TOPICS)
    for name, given, least, most in (("each", each, 1, MOST_EACH), ("digits", digits, 2, 4)):
        if not least <= given <= most:
            raise ArgumentError(f"{name} must be {least} to {most}, got {given!r:.40}")
    activations = Activations.of(source, picture, whole=True)
    check_row(activations.model.task, "a worksheet", boxes=True)
    for layer, values in activations.values.items():
        _check_sizes(f"layer {quoted(layer)} gives", values)
    gradients_of = _gradients(activations, label)
    if gradients_of is not None:
        for layer, values in gradients_of.gradients.values.items():
            _check_sizes(f"the gradient at layer {quoted(layer)} has", values)
    made = _Sheet(Source(activations, gradients_of, seed, digits), each)
    for topic in TOPICS:
        if topic in chosen and (topics or made.suits(topic)):
            made.add(topic)
    if not made.exercises:
        raise ArgumentError(
            "the network has nothing to be asked about in these topics; leave --topic out, or give "
            "a network with convolutions"
        )
    graph = activations.model.network.graph
    backward = made.source.backward
    return Worksheet(
        made.exercises,
        made.left_out,
        activations.pixels,
        [(n.name, n.operation.kind, graph.shapes[n.name]) for n in graph.nodes],
        called or activations.name,
        seed,
        backward is not None and not backward.of_map and backward.settled,
    )


def _gradients(activations: Activations, label: Right | None) -> Backward | None:
    """The gradients of plain cross-entropy or squared error, or of the task's own loss.

    For plain descent.

    None of networks without gradients, whose numbers are whole.
    """
    model = activations.model
    if any(node.operation.kind in QUANTISED for node in model.network.graph.nodes):
        return None
    rate = UpdateRule.of(model).learning_rate
    loss = CrossEntropy() if model.task.of_one_class else model.task.loss()
    if model.task.kind == "regression":
        loss = SquaredError()
    learner = UpdateRule(loss, SGD(momentum=0.0), rate, "plain gradient descent")
    return differentiated(activations, label, learner)


def _check_sizes(what: str, values: NDArray[Any]) -> None:
    """Check that numbers can be written down.

    Raises:
        ArgumentError: If one is not finite, or has more than nine digits.
    """
    if not np.abs(values, dtype=np.float64).max(initial=0.0) < LARGEST:
        raise ArgumentError(
            f"{what} NaN, or numbers of {LARGEST:g} and more, which nobody calculates with; train "
            "the network again"
        )


class _Sheet:
    """Exercises one after the other."""

    def __init__(self, source: Source, each: int) -> None:
        self.source, self._each = source, each
        self.exercises: list[Exercise] = []
        self.left_out: list[tuple[str, str]] = []
        self._known: dict[str, Blank] = {}
        self._softmax: answers.Softmax | None = None
        self._outputs: other_answers.Outputs | None = None
        self._deltas: dict[int, Blank] = {}
        task = source.activations.model.task
        kind = "single-label" if task.of_one_class else task.kind
        self._own = OF_ANSWERS.get(kind, ())

    def suits(self, topic: str) -> bool:
        """Whether a topic is worth a word where nobody asks for it: not of another kind of answers.

        Of networks that end in none of these, what ends most is said to be left out.
        """
        own = self._own or OF_ANSWERS["single-label"]
        return topic not in _ANSWERS or topic in own

    def add(self, topic: str) -> None:
        """Add what there is of a topic, or the reason why there is nothing."""
        if topic in BACKWARD and self.source.backward is None:
            self.left_out.append((topic, "gradients"))
        elif topic in _ANSWERS:
            if topic not in self._own:
                self.left_out.append((topic, _OTHER.get(topic, "task")))
            elif "softmax" in self._own:
                self._answer(topic)
            else:
                self._other_answer(topic)
        elif topic in ("dense-update", "through-dense"):
            self._last_layer(topic)
        else:
            self._of_layers(topic)

    def _of_layers(self, topic: str) -> None:
        find, make = _LAYERS[topic]
        nodes = find(self.source)
        suit = nodes
        if topic in BACKWARD:
            suit = [node for node in nodes if self.source.gradient(node.name).any()]
        if not suit:
            self.left_out.append((topic, "settled" if nodes else self._without(topic)))
            return
        for k in range(self._each):
            draft = Draft(len(self.exercises) + 1, self._known)
            make(self.source, draft, suit[k % len(suit)])
            self.exercises.append(draft.done(topic))

    def _without(self, topic: str) -> str:
        """Why no layer suits: there is none, or it computes with numbers that are rounded."""
        families = {"convolution": "convolution", "dense": "dense"}
        nodes = self.source.activations.model.network.graph.nodes
        rounded = any(
            node.operation.kind in QUANTISED and node.operation.family == families.get(topic)
            for node in nodes
        )
        return "quantised" if rounded else "none"

    def _answer(self, topic: str) -> None:
        """Softmax, the loss, and the gradient at the logits, each of which takes the last's."""
        if self._softmax is None:
            draft = self._draft()
            self._softmax = answers.softmax(self.source, draft)
            self.exercises.append(draft.done("softmax"))
        if topic == "cross-entropy":
            draft = self._draft()
            answers.cross_entropy(self.source, draft, self._softmax)
            self.exercises.append(draft.done(topic))
        elif topic == "gradient":
            draft = self._draft()
            self._deltas = answers.at_logits(self.source, draft, self._softmax)
            self.exercises.append(draft.done(topic))

    def _other_answer(self, topic: str) -> None:
        """Of several labels sigmoids, of numbers differences; then the loss, and its gradient."""
        labels = "sigmoid" in self._own
        first, make = (
            ("sigmoid", other_answers.sigmoid)
            if labels
            else ("squared-error", other_answers.squared_error)
        )
        if self._outputs is None:
            draft = self._draft()
            self._outputs = make(self.source, draft)
            self.exercises.append(draft.done(first))
        if topic == first:
            return
        draft = self._draft()
        if topic == "binary-cross-entropy":
            other_answers.binary_cross_entropy(self.source, draft, self._outputs)
        else:
            self._deltas = other_answers.at_outputs(
                self.source, draft, self._outputs, labels=labels
            )
        self.exercises.append(draft.done(topic))

    def _last_layer(self, topic: str) -> None:
        nodes = gradients.output_layer(self.source)
        if not nodes or self.source.activations.model.task.of_map:
            self.left_out.append((topic, "none"))
            return
        if not self.source.gradient(nodes[0].name).any():
            self.left_out.append((topic, "settled"))
            return
        make = gradients.dense_update if topic == "dense-update" else gradients.through_dense
        draft = self._draft()
        make(self.source, draft, nodes[0], self._deltas)
        self.exercises.append(draft.done(topic))

    def _draft(self) -> Draft:
        return Draft(len(self.exercises) + 1, self._known)


_ANSWERS = {topic for topics in OF_ANSWERS.values() for topic in topics}

_OTHER = {"sigmoid": "labels", "binary-cross-entropy": "labels", "squared-error": "numbers"}
"""Why a topic is left out that is about another kind of answers than one class."""

QUANTISED = (
    "quantise", "quantised_conv2d", "quantised_dense", "bfloat16_conv2d", "bfloat16_dense",
)  # fmt: skip
"""Operations that have no gradients."""
