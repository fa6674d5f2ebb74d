"""What is asked of a network: why this score, for this picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.explain.held import held
from pellucid.explain.place import place_in
from pellucid.known_names import find_name
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, check_row
from pellucid.tasks.found_box import BACKGROUND
from pellucid.tasks.output import of_all
from pellucid.text import counted, listed, printable, quoted

if TYPE_CHECKING:
    from pellucid.engines import Precision, Program
    from pellucid.explain.activations import Activations, Position
    from pellucid.graph import Graph, Network
    from pellucid.ops.operation import Array
    from pellucid.tasks import Task
    from pellucid.tasks.found_box import FoundBox
    from pellucid.tasks.output import Output


@short_repr
@dataclass(frozen=True, eq=False)
class Score:
    """A picture in a network, and the score that is to be explained.

    Attributes:
        activations: The picture in its network.
        target: Which of the network's outputs is explained, by its place: (k,) of a row, the logit
            of a class or label or the number of a column; of a detector's map (row, column,
            channel), the logit of a class in a cell or one of the four distances.
        against: The place of the logit that is subtracted; none: the target alone.
        box: Of detectors, the box that is asked about; none where a place was asked for.
        held: Of boxes that are found in regions, the picture in the network that looks into the
            box's region only (:mod:`pellucid.explain.held`), where the score is computed; the
            places above are in its output then.
    """

    activations: Activations
    target: Position
    against: Position | None = None
    box: FoundBox | None = None
    held: Activations | None = None

    subject = OldAttribute("activations")
    score = OldAttribute("of_logits")
    score_gradient = OldAttribute("gradient")
    scores_of = OldAttribute("of_images")

    @property
    def network(self) -> Network:
        """Graph and weights."""
        return self.computed.model.network

    @property
    def graph(self) -> Graph:
        """The network's graph; it ends in logits."""
        return self.network.graph

    @property
    def program(self) -> Program:
        """The network on its engine, for forward passes."""
        return self.computed.program

    @property
    def computed(self) -> Activations:
        """The picture in the network that computes the score."""
        return self.activations if self.held is None else self.held

    @property
    def at(self) -> Position:
        """The target's place in the output of the network that found the box."""
        return self._found_at(self.target)

    @property
    def held_words(self) -> str:
        """That a region is held, in words; no text where none is."""
        if self.held is None or self.box is None:
            return ""
        return (
            f"{self.box.words} is held where it lies: why it was proposed is no part of the score"
        )

    def _found_at(self, place: Position) -> Position:
        return place if self.box is None else (*self.box.logit[:-1], place[-1])

    @property
    def image(self) -> Array:
        """The pixels, uint8 (H, W, C)."""
        return self.activations.pixels

    @property
    def target_name(self) -> str:
        """The class or label whose logit is the score, or what its number is called."""
        return self.output.name

    @property
    def against_name(self) -> str | None:
        """The class or label whose logit is subtracted."""
        other = self.against
        return None if other is None else self._task.output_at(self._found_at(other)).name

    @property
    def wording(self) -> str:
        """In words: ``logit of cat``, ``logit of cat − logit of dog``; of numbers ``angle``."""
        text, other = self.output.words, self.against
        if other is None:
            return text
        return f"{text} − {self._task.output_at(self._found_at(other)).words}"

    @property
    def output(self) -> Output:
        """What the target stands for."""
        return self._task.output_at(self.at)

    @property
    def is_number(self) -> bool:
        """Whether the score is a number (of detectors a distance's logarithm), and no logit."""
        return self.output.is_number

    @property
    def factor(self) -> float:
        """What the output is multiplied with: 1 for logits, of numbers their deviation."""
        return self.output.factor

    @property
    def constant(self) -> float:
        """What is added to that: 0 for logits, of numbers their mean in the training data."""
        return self.output.constant

    @property
    def _task(self) -> Task:
        return self.activations.model.task

    def of_logits(self, logits: Array) -> Array:
        """The score of each image's outputs, batch axis first: (N,), in float64."""
        rows = logits.astype(np.float64)
        less = 0.0 if self.against is None else rows[of_all(self.against)]
        return np.asarray(self.factor * rows[of_all(self.target)] + self.constant - less)

    def read_of(self, logits: Array) -> Array:
        """What users read of the target, of each image's outputs: probability or number, (N,)."""
        return self._task.read_at(logits.astype(np.float64), self.target)

    def gradient(self, count: int, precision: Precision = "float64") -> Array:
        """∂score/∂outputs for each of ``count`` images, batch axis first."""
        gradient = np.zeros((count, *self.graph.output_shape), precision)
        gradient[of_all(self.target)] = self.factor
        if self.against is not None:
            gradient[of_all(self.against)] = -1.0
        return gradient

    def of_images(self, images: Array) -> Array:
        """The score of each of many images (N, H, W, C), by the engine: (N,)."""
        return self.of_logits(forward(self.program, images))


def choose_score(
    activations: Activations,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    compared: bool = False,
    box: int | None = None,
    number: str | None = None,
    place: tuple[float, float] | None = None,
    word: int | None = None,
    second: float | None = None,
) -> Score:
    """What is asked, by names or places.

    Args:
        activations: The picture in its network.
        target: The class, label or column in question; none: the likeliest, or the first column.
        against: The class or label to compare it with; none: no other, or, if ``compared``, of
            several classes of which one is right the likeliest other one.
        compared: Whether the score should be a difference of two logits, where classes rule each
            other out.
        box: Of detectors, which of the boxes that were found, from 0 by falling probability; none:
            the most probable. Its own class is the target where none is given.
        number: Of detectors, one of the box's numbers instead of its logit: ``"left"``, ``"top"``,
            ``"right"`` or ``"bottom"``, the distance of that edge from the middle of the cell; of
            boxes in regions ``"x"``, ``"y"``, ``"width"`` or ``"height"``.
        place: Of detectors, x and y in pixels of the picture: what is asked about is the most
            probable box that covers this place, found or not (:mod:`pellucid.explain.place`), of
            the target where one is given.
        word: Of speech to text, which of the words (or characters) that were written, from 0; none:
            the most probable. A target or a class to compare it with is one of the same step.
        second: Of speech to text, a time instead, and the class that is the likeliest then.

    Raises:
        ArgumentError: If a class is unknown, or compared with itself; or if numbers are compared;
            or if there is no such box or number.
    """
    task = activations.model.task
    check_row(task, "an explanation", boxes=True)
    if task.of_steps or word is not None or second is not None:
        if box is not None or number is not None:
            find_box(activations, box)  # which says that there are none
        if place is not None:
            place_in(activations, place)  # which says so, too
        return _of_step(activations, word, second, target, against, compared=compared)
    if place is not None:
        if box is not None:
            raise ArgumentError("a box and a place are two questions; give one of them")
        chosen_box = _candidate(activations, place, target)
        return _of_box(activations, chosen_box, target, against, number, compared=compared)
    if task.of_boxes or box is not None or number is not None:
        chosen_box = find_box(activations, box)
        return _of_box(activations, chosen_box, target, against, number, compared=compared)
    if isinstance(task, Regression):
        if against is not None:
            raise ArgumentError(
                "numbers have nothing to be compared with (against), each has its own unit; "
                f"explain one of them: {listed(task.columns)}"
            )
        return Score(activations, (0 if target is None else activations.class_index(target),))
    logits = activations.program.forward(activations.pixels[None])[0]
    ranked = [int(k) for k in np.argsort(-logits, kind="stable")]
    chosen = ranked[0] if target is None else activations.class_index(target)
    other = None if against is None else activations.class_index(against)
    if other == chosen:
        raise ArgumentError(
            f"{quoted(activations.classes[chosen], 80)} cannot be compared with itself; give "
            "another class as target or against"
        )
    if compared and other is None and task.of_one_class:
        other = next((k for k in ranked if k != chosen), None)
    return Score(activations, (chosen,), None if other is None else (other,))


def find_box(activations: Activations, box: int | None) -> FoundBox:
    """One of the boxes that were found in a picture; none: the most probable.

    Raises:
        ArgumentError: If there is no such box, or the model finds none at all.
    """
    found = activations.boxes
    if not found:
        raise ArgumentError(
            "no box was found in this picture, so that there is none to be explained; give another "
            "picture, or find boxes of less probability: with_threshold(0.001)"
        )
    place = 0 if box is None else box
    if type(place) is not int or not 0 <= place < len(found):
        asked = place + 1 if type(place) is int else place
        raise ArgumentError(
            f"{counted(len(found), 'box')} found in this picture, numbered by falling "
            f"probability: there is no number {asked!r:.40}; give --box 1 to {len(found)} "
            f"(in Python box=0 to {len(found) - 1})"
        )
    return found[place]


def _candidate(
    activations: Activations, place: tuple[float, float], target: str | int | None
) -> FoundBox:
    """The most probable box that covers a place, of a class if one is given."""
    name = None
    if target is not None and (target != BACKGROUND or target in activations.classes):
        name = activations.classes[activations.class_index(target)]
    for each in place_in(activations, place).candidates:
        if name in (None, each.found.name):
            return each.found
    raise ArgumentError(
        f"no box of {'any class' if name is None else printable(name)} covers this place, however "
        "improbable; give another place, or a box"
    )


def _of_step(
    activations: Activations,
    word: int | None,
    second: float | None,
    target: str | int | None,
    against: str | int | None,
    *,
    compared: bool,
) -> Score:
    """The logit of a word, a character or the blank at one step of a recording."""
    from pellucid.explain.heard import asked_output, unit_class

    activations.written  # noqa: B018 - which says that nothing is written
    chosen = asked_output(activations, word, second, target)
    *step, place = chosen
    other = None if against is None else unit_class(activations, against)
    if other == place:
        raise ArgumentError(
            f"{quoted(str(against), 80)} cannot be compared with itself; give another word "
            "as target or against"
        )
    if compared and other is None:
        row = activations.values[activations.logits][tuple(step)]
        other = next(int(k) for k in np.argsort(-row, kind="stable") if k != place)
    return Score(activations, chosen, None if other is None else (*step, other))


def _of_box(
    activations: Activations,
    box: FoundBox,
    target: str | int | None,
    against: str | int | None,
    number: str | None,
    *,
    compared: bool,
) -> Score:
    """The logit of a class where a box was found, or one of its numbers."""
    if number is not None:
        if target is not None or against is not None:
            raise ArgumentError(
                "a number of a box has no class to be compared with; give number, or target and "
                "against"
            )
        at = box.numbers[find_name("number", number, box.numbers)]
        return _in_region(Score(activations, at, box=box))
    name = box.name if target is None else _class_of(activations, box, target)
    other = None if against is None else _class_of(activations, box, against)
    if other == name:
        raise ArgumentError(
            f"{quoted(name, 80)} cannot be compared with itself; give another class as target "
            "or against"
        )
    if compared and other is None and BACKGROUND in box.logits:
        outputs = activations.values[activations.logits]
        others = [each for each in box.logits if each != name]
        other = max(others, key=lambda each: float(outputs[box.logits[each]]))
    rival = None if other is None else box.logits[other]
    return _in_region(Score(activations, box.logits[name], rival, box))


def _in_region(score: Score) -> Score:
    """The same with the region held where the box was found, where there are regions."""
    if not score.activations.model.task.of_regions:
        return score
    (region, column), other = score.target, score.against
    return replace(
        score,
        target=(0, column),
        against=None if other is None else (0, other[-1]),
        held=held(score.activations, region),
    )


def _class_of(activations: Activations, box: FoundBox, name: str | int) -> str:
    """The class that a name or place means; or background, where that has a logit of its own."""
    if name == BACKGROUND and name in box.logits:
        return BACKGROUND
    return activations.classes[activations.class_index(name)]


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
