"""The lecture's story of one picture in one network: step by step, with one value followed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.explain.activations import Activations
from pellucid.explain.backward import differentiated
from pellucid.explain.judges import judges_of
from pellucid.explain.path import answer_gradients, followed, telling_value
from pellucid.explain.records import number, numbers, record
from pellucid.explain.score import choose_score
from pellucid.explain.trace import Trace
from pellucid.explain.value_terms import ValueTerms
from pellucid.explain.windows import FLAT, frame, windows_of
from pellucid.graph import INPUT
from pellucid.ops.finding import PROBABILITY
from pellucid.record import Record
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, check_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.explain.activations import Position
    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.path import Waypoint
    from pellucid.explain.steps import Step
    from pellucid.explain.truth import Right
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.tasks.found_box import FoundBox

WINDOW = 7
"""Rows and columns of the pixels that a story shows."""


@short_repr
@dataclass(frozen=True, eq=False)
class PixelWindow:
    """The pixels that a story looks at.

    Attributes:
        first: The first row and column.
        last: The last of each.
        pixels: (rows, columns, channels), uint8 0..255.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    pixels: NDArray[np.uint8]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        described = {"first": list(self.first), "last": list(self.last)}
        return {**described, "pixels": self.pixels.tolist()}


@dataclass(frozen=True, eq=False)
class StoryStep:
    """One step of a story.

    Attributes:
        step: What the layer made of what it was given.
        full: Whether it is shown in full: the first of its kind; else a line is enough.
        opened: The value that is looked at: the followed one where it passes here, else the
            strongest of a step that is shown in full; none for the picture and for other steps.
        before: The waypoint that the followed value comes from; none where it does not pass, or
            begins here.
        passes: Whether the followed value passes here.
    """

    step: Step
    full: bool
    opened: ValueTerms | None = None
    before: Waypoint | None = None
    passes: bool = False

    @property
    def term(self) -> int | None:
        """The number of the term that the followed value is in this one; none if it is none."""
        if self.opened is None or self.before is None:
            return None
        for i in range(len(self.opened)):
            if self.opened.source(i) == self.before:
                return i
        return None

    @property
    def zeroed(self) -> int:
        """How many values this layer set to 0, by place; 0 where its shape is another."""
        if self.step.node is None:
            return 0
        x = self.step.activations.inputs_of(self.step.node)[0]
        y = self.step.values
        return int(((x != 0) & (y == 0)).sum()) if x.shape == y.shape else 0

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values; see ``docs/lecture.md``."""
        described = self.step.to_dict(values=False)
        described |= {
            "full": self.full,
            "passes": self.passes,
            "term": self.term,
            "zeroed": self.zeroed,
        }
        opened = self.opened
        described["at"] = None if opened is None else list(opened.at)
        described["value"] = None if opened is None else number(opened.value)
        described["opened"] = opened.to_dict() if opened is not None and self.full else None
        return described


@short_repr
@dataclass(frozen=True, eq=False)
class Story(Record):
    """The lecture's steps on one picture in one network.

    Attributes:
        trace: Every value on the way to the answer.
        backward: Every gradient of the backward pass.
        path: The layers and places that the followed value passes, up to the logits where it gets
            so far.
        answer_at: The place of the output that the story leads to: of a row (k,), the likeliest
            class or label or the first number; of boxes the logit of the most probable one; of
            speech that of the most probable word or character.
    """

    record_kind: ClassVar[str] = "story"
    trace: Trace
    backward: Backward
    path: tuple[Waypoint, ...]
    answer_at: Position

    subject = OldAttribute("activations")
    told = OldAttribute("steps")

    @property
    def activations(self) -> Activations:
        """The picture in its network."""
        return self.trace.activations

    @property
    def label_given(self) -> bool:
        """Whether the truth was given; else it is taken to be the network's own answer."""
        return self.backward.truth.given

    @property
    def answer(self) -> str:
        """What the story leads to: a class, a label, a number's name, a word or a character."""
        return self.activations.model.task.output_at(self.answer_at).name

    @cached_property
    def box(self) -> FoundBox:
        """Of detectors, the box whose class the story leads to."""
        return next(each for each in self.activations.boxes if each.logit == self.answer_at)

    @cached_property
    def read_at(self) -> Position:
        """The place of the answer among what users read, as a trace has it last."""
        activations = self.activations
        if not activations.model.task.of_boxes:
            return self.answer_at
        rows = activations.model.task.boxes_of(
            np.asarray(activations.values[activations.logits], np.float64)
        )
        return [each.logit for each in rows].index(self.answer_at), PROBABILITY

    @property
    def truth(self) -> str:
        """What is taken to be right: a class, labels, or numbers."""
        return self.backward.label

    @cached_property
    def start(self) -> ValueTerms:
        """The value that the story begins with, of the first convolution if there is one."""
        return ValueTerms.of(self.activations, *self.path[0])

    @property
    def has_convolution(self) -> bool:
        """Whether it begins with a convolution, and not with a dense layer for want of one."""
        return self.start.node.operation.family == "convolution"

    @property
    def is_flat(self) -> bool:
        """Whether it begins with pixels that are all alike, since there are no others."""
        if not self.has_convolution:
            return False
        layer, at = self.path[0]
        return float(windows_of(self.activations, layer).contrast[at[:2]]) < FLAT

    @cached_property
    def steps(self) -> tuple[StoryStep, ...]:
        """Every step in order, the picture first and the answer last."""
        logits, read = self.activations.logits, self.activations.graph.output
        always = {logits: self.answer_at, read: self.read_at, self.start.layer: self.start.at}
        places: dict[str, Position] = dict(self.path)
        before = {layer: self.path[i] for i, (layer, _) in enumerate(self.path[1:])}
        if self.path[-1] == (logits, self.answer_at):
            places[read] = self.read_at
            before[read] = self.path[-1]
            votes = self._votes.layer, self._votes.at
            if votes in self.path[1:]:  # through layers that hand its sum on to the logits
                before[logits] = self.path[self.path.index(votes) - 1]
        return tuple(
            self._step(step, always, places, before.get(step.name)) for step in self.trace.steps
        )

    @cached_property
    def _votes(self) -> ValueTerms:
        """The answer's logit in the layer that computes it."""
        if self.activations.model.task.of_map:
            return self.trace.computed(self.answer_at)
        return ValueTerms.of(self.activations, self.activations.logits, self.answer_at)

    @cached_property
    def window(self) -> PixelWindow:
        """Pixels around the middle of what the first value sees."""
        row, column, _ = _pixel_behind(self.start)
        whole = ((0, size) for size in self.activations.pixels.shape[:2])
        top, left = (
            _first_shown(at, own if own[0] <= at < own[1] and own[1] - own[0] >= WINDOW else side)
            for at, own, side in zip(
                (row, column), frame(self.activations.pixels), whole, strict=True
            )
        )
        pixels = self.activations.pixels[top : top + WINDOW, left : left + WINDOW]
        last = top + pixels.shape[0] - 1, left + pixels.shape[1] - 1
        return PixelWindow((top, left), last, pixels)

    @cached_property
    def judges(self) -> Any:
        """What the judges of the task say of the answer, see :mod:`pellucid.explain.judges`."""
        return judges_of(self.backward)

    @cached_property
    def weight(self) -> GradientTerms:
        """The gradient of the weight that made the largest product of the first value."""
        start = self.start
        for i in start.largest(1):
            named = start.weights[i]
            assert named is not None  # a convolution's or a dense layer's factors are weights
            return self.backward.weight(*named)
        name = f"{start.layer}.kernel"  # a window that lies wholly in the padding
        shape = self.activations.model.network.weights[name].shape
        return self.backward.weight(name, (*(0 for _ in shape[:-1]), start.at[-1]))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/lecture.md``."""
        gone = self.backward
        return record(
            "story",
            classes=list(self.activations.classes),
            engine=self.activations.engine,
            answer=self.answer,
            task=self.activations.model.task.kind,
            answers=self.trace.answer,
            truth=self.truth,
            truth_given=self.label_given,
            window={**self.window.to_dict(), "flat": self.is_flat},
            path=[
                {
                    "layer": layer,
                    "at": list(at),
                    "value": number(self.activations.values[layer][at]),
                }
                for layer, at in self.path
            ],
            steps=[described.to_dict() for described in self.steps],
            guesses=[
                {"class": guess.name, "probability": number(guess.probability)}
                for guess in self.trace.guesses()
            ],
            judges=self.judges.to_dict(),
            learning={
                "loss": number(gone.loss),
                "y": None if gone.of_numbers or gone.of_map else numbers(gone.probabilities),
                "z": numbers(gone.outputs),
                "t": gone.targets.tolist(),
                "difference": numbers(gone.differences),
                "at_logits": numbers(gone.at_logits),
                "settled": gone.settled,
                "weight": self.weight.to_dict(),
            },
        )

    def _step(
        self,
        step: Step,
        always: dict[str, Position],
        places: dict[str, Position],
        before: Waypoint | None,
    ) -> StoryStep:
        name = step.name
        if name == INPUT:
            return StoryStep(step, full=True)
        full = name in always or self._first_of_kind.get(step.kind) == name
        place = always.get(name, places.get(name))
        if step.kind == "normalise" and len(step.shape) == 3:
            place = _pixel_behind(self.start)
        if step.kind == "propose" and self.activations.model.task.of_regions:
            place = self.answer_at[0], 0
        passes = places.get(name) == place is not None
        if place is None and full:
            strongest = np.nan_to_num(step.values).argmax()
            place = tuple(int(n) for n in np.unravel_index(strongest, step.shape))
        opened = None
        if place is not None:
            is_answer = name == self.activations.logits
            opened = self._votes if is_answer else ValueTerms.of(self.activations, name, place)
        return StoryStep(step, full, opened, before if passes else None, passes)

    @cached_property
    def _first_of_kind(self) -> dict[str, str]:
        """The layer that stands for its kind: the first that the value passes, or else the first.

        Two kinds have theirs already: where the story begins, and the logits.
        """
        passed = {layer for layer, _ in self.path}
        logits = self.activations.graph[self.activations.logits]
        already = {self.start.node.operation.kind, logits.operation.kind}
        found: dict[str, str] = {}
        for passing in (True, False):
            for step in self.trace.steps[1:]:
                if (step.name in passed) == passing and step.kind not in already:
                    found.setdefault(step.kind, step.name)
        return found


def story(source: Model | Classifier, picture: Picture, label: Right | None = None) -> Story:
    """Tell the lecture's story of a picture in a network.

    Args:
        source: A classifier, whose engine computes; or a model.
        picture: See :meth:`pellucid.explain.activations.Activations.of`.
        label: What is right, see :func:`pellucid.explain.truth.truth_of`; none: the network's own
            answer is taken to be right.

    Raises:
        ArgumentError: If there is no such class or label, or other numbers are expected; or if the
            network has no layer with weights to tell of; or no box or word is found.
    """
    activations = Activations.of(source, picture)
    check_row(activations.model.task, "the lecture's story", boxes=True)
    gone = differentiated(activations, label)
    at = _answer(activations)
    gradients = answer_gradients(activations, at)
    path = followed(activations, gradients, telling_value(activations, gradients))
    return Story(Trace(activations), gone, path, at)


def _answer(activations: Activations) -> Position:
    """The place of the output that a story leads to."""
    task = activations.model.task
    if task.of_map:
        return choose_score(activations).at
    return (0,) if isinstance(task, Regression) else (int(activations.answer.argmax()),)


def _first_shown(middle: int, span: tuple[int, int]) -> int:
    """The first row (or column) of a window of pixels about one of them, within a span."""
    return max(span[0], min(middle - WINDOW // 2, span[1] - WINDOW))


def _pixel_behind(opened: ValueTerms) -> Position:
    """A pixel in the middle of what a value sees: that of its middle or its largest terms."""
    found: Any = opened
    while isinstance(found, ValueTerms):
        if not len(found):
            return (0, 0, 0)  # a window that lies wholly in the padding
        middle = found.node.operation.family == "convolution"
        found = found.input(len(found) // 2 if middle else found.largest(1)[0])
    return tuple(found.at)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
