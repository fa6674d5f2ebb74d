"""The lecture's story of one picture in one network: step by step, with one value followed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.pillow import MAX_PIXELS
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.judges import judges_of
from pellucid.explain.path import answer_gradients, followed, telling_value
from pellucid.explain.records import number, numbers, record
from pellucid.explain.trace import Trace
from pellucid.explain.value_terms import ValueTerms
from pellucid.explain.windows import FLAT, frame, windows_of
from pellucid.graph import INPUT
from pellucid.record import Record
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, check_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Program
    from pellucid.explain.activations import Position
    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.path import Waypoint
    from pellucid.explain.steps import Step
    from pellucid.explain.truth import Right
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier

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
    """

    record_kind: ClassVar[str] = "story"
    trace: Trace
    backward: Backward
    path: tuple[Waypoint, ...]

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
        """The likeliest class or label, or the first number: what the story leads to."""
        return self.activations.classes[self.answer_index]

    @property
    def answer_index(self) -> int:
        """Its output."""
        return _answer(self.activations)

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
        answer = (self.answer_index,)
        always = {
            self.activations.logits: answer,
            self.activations.graph.output: answer,
            self.start.layer: self.start.at,
        }
        places: dict[str, Position] = dict(self.path)
        before = {layer: self.path[i] for i, (layer, _) in enumerate(self.path[1:])}
        if self.path[-1] == (self.activations.logits, answer):
            places[self.activations.graph.output] = answer
            before[self.activations.graph.output] = self.path[-1]
        return tuple(
            self._step(step, always, places, before.get(step.name)) for step in self.trace.steps
        )

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
                "y": None if gone.of_numbers else numbers(gone.probabilities),
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
        passes = places.get(name) == place is not None
        if place is None and full:
            strongest = np.nan_to_num(step.values).argmax()
            place = tuple(int(n) for n in np.unravel_index(strongest, step.shape))
        opened = None if place is None else ValueTerms.of(self.activations, name, place)
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
            network has no layer with weights to tell of.
    """
    activations = Activations.of(source, picture)
    check_row(activations.model.task, "the lecture's story")
    loaded = _Loaded(activations.model, activations.program)
    gone = backward(loaded, activations.pixels, label)
    gradients = answer_gradients(gone.activations, _answer(gone.activations))
    path = followed(gone.activations, gradients, telling_value(gone.activations, gradients))
    return Story(Trace(gone.activations), gone, path)


@dataclass(frozen=True, eq=False)
class _Loaded:
    """A model with a program that has it already."""

    model_: Model
    program_: Program
    max_pixels: int = MAX_PIXELS


def _answer(activations: Activations) -> int:
    """The output that a story leads to: of the likeliest class or label, or the first number."""
    if isinstance(activations.model.task, Regression):
        return 0
    return int(activations.answer.argmax())


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
