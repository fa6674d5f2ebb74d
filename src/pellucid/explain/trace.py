"""The trace: every number between a picture and the network's answer, in the lecture's order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.explain.activations import Activations
from pellucid.explain.heard import asked_output
from pellucid.explain.place import Place, anchors_of, place_in
from pellucid.explain.records import number as finite
from pellucid.explain.records import record
from pellucid.explain.score import find_box
from pellucid.explain.steps import Step
from pellucid.explain.value_terms import ValueTerms
from pellucid.graph import INPUT
from pellucid.known_names import find_name
from pellucid.record import Record
from pellucid.renamed import OldAttribute
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, check_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.preprocessing import Picture
    from pellucid.explain.activations import Position
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier


@dataclass(frozen=True)
class Guess:
    """One of the network's guesses.

    Attributes:
        name: The class, or the label.
        probability: 0 to 1.
    """

    name: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"class": self.name, "probability": finite(self.probability)}


@short_repr
@dataclass(frozen=True, eq=False)
class Trace(Record):
    """Every number between a picture and the network's answer.

    Attributes:
        activations: The picture in its network.
    """

    record_kind: ClassVar[str] = "trace"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json", ".png", ".xlsx")
    activations: Activations

    subject = OldAttribute("activations")

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The picture, then every layer after those it takes its inputs from, then the answer.

        The last is the softmax of the logits, or of labels the sigmoid of each; of numbers it
        brings them back to their units.
        """
        nodes = (None, *self.activations.graph.nodes)
        return tuple(Step(self.activations, node) for node in nodes)

    def __getitem__(self, layer: str) -> Step:
        """The step of that layer, or of the ``input``.

        Raises:
            ArgumentError: If there is none; the message names the nearest.
        """
        return (
            self.steps[0]
            if layer == INPUT
            else Step(self.activations, self.activations.node(layer))
        )

    def value(self, layer: str, at: Sequence[int]) -> ValueTerms:
        """Open one value into all its terms.

        Args:
            layer: A layer's name; ``"probabilities"`` for the softmax (of labels the sigmoid) of
                the logits, ``"numbers"`` for numbers in their units.
            at: (row, column, channel) or (unit,), from 0.

        Raises:
            ArgumentError: If there is no such layer, or the position lies outside its output.
        """
        return ValueTerms.of(self.activations, layer, at)

    def guesses(self, top: int = 5) -> list[Guess]:
        """The likeliest classes, or labels, first; nothing of others, which are no guesses."""
        task = self.activations.model.task
        if isinstance(task, Regression) or task.of_boxes or task.of_steps or task.makes_pictures:
            return []
        probabilities = self.activations.answer
        order = (-probabilities).argsort(kind="stable")[:top]
        return [Guess(self.activations.classes[k], float(probabilities[k])) for k in order]

    def box(self, box: int | None = None, number: str | None = None) -> ValueTerms:
        """Open the score of a box, or one of its numbers, in the layer that computes it.

        Args:
            box: Which of the boxes that were found, from 0 by falling probability; none: the most
                probable.
            number: ``"left"``, ``"top"``, ``"right"`` or ``"bottom"``; none: the logit of its
                class.

        Raises:
            ArgumentError: If there is no such box or number, or the model finds no boxes.
        """
        found = find_box(self.activations, box)
        at = found.logit
        if number is not None:
            at = found.numbers[find_name("number", number, found.numbers)]
        return self.computed(at)

    def word(self, word: int | None = None, second: float | None = None) -> ValueTerms:
        """Open the logit of a word (or character) that was written, in the layer that computes it.

        Args:
            word: Which of those that were written, from 0; none: the most probable.
            second: A time instead, and what is the likeliest then.

        Raises:
            ArgumentError: If there is no such word or time, or the model writes none.
        """
        self.activations.written  # noqa: B018 - which says that nothing is written
        return self.computed(asked_output(self.activations, word, second))

    def computed(self, at: Position) -> ValueTerms:
        """One of the network's outputs, in the layer that computes it."""
        opened = self.value(self.activations.logits, at)
        while len(opened) == 1 and opened.terms.rule == "sum" and opened.terms.weight is None:
            opened = self.value(*opened.source(0))  # through layers that only hand values on
        return opened

    def place(self, x: float, y: float) -> Place:
        """What may be at a place of the picture, and why there is a box, or none.

        Args:
            x: In pixels of the picture as it was given, from the left.
            y: From the top.

        Raises:
            ArgumentError: If the place lies outside the picture, or the model finds no boxes.
        """
        return place_in(self.activations, (x, y))

    @property
    def answer(self) -> Any:
        """The class; the labels given; numbers by their names; boxes that are shown; or pixels."""
        return self.activations.model.task.described(self.activations.answer)

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/records.md``.

        Args:
            values: Whether all numbers are written, and not only their ranges.
        """
        return record(
            "trace",
            classes=list(self.activations.classes),
            task=self.activations.model.task.kind,
            answer=self.answer,
            engine=self.activations.engine,
            steps=[step.to_dict(values=values) for step in self.steps],
            guesses=[guess.to_dict() for guess in self.guesses()],
            boxes=self._boxes() if self.activations.model.task.of_boxes else None,
            written=[each.to_dict() for each in self.activations.written]
            if self.activations.model.task.of_steps
            else None,
        )

    def _boxes(self) -> list[dict[str, Any]]:
        """The boxes as JSON values; of those in regions with the anchor that became the region."""
        found = self.activations.boxes
        if not self.activations.model.task.of_regions:
            return [box.to_dict() for box in found]
        anchors = anchors_of(self.activations, [box.logit[0] for box in found])
        return [
            {**box.to_dict(), "anchor": anchor.to_dict()}
            for box, anchor in zip(found, anchors, strict=True)
        ]


def trace(source: Model | Classifier, picture: Picture, *, whole: bool = False) -> Trace:
    """Trace a picture through a network; arguments as for :meth:`Activations.of`."""
    return traced(Activations.of(source, picture, whole=whole))


def traced(activations: Activations) -> Trace:
    """The trace of what is known of a picture already, or of noise."""
    made = Trace(activations)
    check_row(made.activations.model.task, "a trace", boxes=True)
    _ = made.activations.values  # now, so that what follows only reads
    return made
