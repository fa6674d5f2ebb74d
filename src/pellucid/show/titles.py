"""What an explanation is headed with: file, answer, probability, and ``7 rather than 3``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.show import document as d
from pellucid.show.found_boxes import boxes_parts, boxes_words
from pellucid.show.written_units import text_words, units_parts
from pellucid.tasks import Generation, MultiLabel, Regression
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations
    from pellucid.explain.score import Score
    from pellucid.tasks import Task

MOST_CLASSES = 10
"""Classes whose probabilities are shown, the likeliest first."""

MOST_LABELS = 5
"""Labels, or numbers, that a headline names."""


def headline(activations: Activations, picture: str = "") -> str:
    """``digits/3.png: 7, 99.98%``; ``platelets 97.31%, crowded 80.2%``; ``angle 12.5``.

    Args:
        activations: The picture in its network.
        picture: What the picture is called; empty: as the activations have it.
    """
    name = picture or activations.name
    answer = answer_words(activations.model.task, activations.answer)
    return f"{name}: {answer}" if name else answer


def answer_words(task: Task, read: NDArray[Any]) -> str:
    """An answer in a line.

    Args:
        task: The model's.
        read: What users read, (K,): probabilities, or numbers in their units.
    """
    if task.of_boxes:
        return boxes_words(task, read)
    if task.makes_pictures:
        height, width, channels = read.shape
        levels = "grey" if channels == 1 else "colour"
        return f"{width}×{height}, {levels}, levels {read.min():.0f} to {read.max():.0f}"
    if task.of_steps:
        return text_words(task, read)
    if isinstance(task, Regression):
        numbers = zip(task.names, read.tolist(), strict=True)
        named = [f"{name} {written(value, '.5g')}" for name, value in numbers]
        return _first(named, "number")
    order = (-read).argsort(kind="stable")
    if not isinstance(task, MultiLabel):
        return f"{task.names[order[0]]}, {percent(float(read[order[0]]))}"
    given = [k for k in order if read[k] >= task.threshold]
    if not given:
        return f"none of {counted(len(read), 'label')}"
    return _first([f"{task.names[k]} {percent(float(read[k]))}" for k in given], "label")


def _first(words: list[str], noun: str) -> str:
    more = len(words) - MOST_LABELS
    rest = [f"{counted(more, f'more {noun}')}"] if more > 0 else []
    return ", ".join([*words[:MOST_LABELS], *rest])


def score_headline(score: Score, picture: str = "") -> str:
    """The same, and what was asked: ``…; why 7 rather than 3``."""
    against = "" if score.against_name is None else f" rather than {score.against_name}"
    of_box = "" if score.box is None else f" of {_box_words(score)}"
    if score.activations.model.task.of_steps:
        of_box = f" at step {score.target[-2]}"
    return f"{headline(score.activations, picture)}; why {score.target_name}{against}{of_box}"


def _box_words(score: Score) -> str:
    """The box that is asked about: ``box 2 (RBC, 97%)``."""
    box = score.box
    assert box is not None
    number = next(
        (n for n, each in enumerate(score.activations.boxes, 1) if each.logit == box.logit), 0
    )
    if not number:
        return f"what may be in the {box.words} ({box.name}, {percent(box.probability)})"
    return f"box {number} ({box.name}, {percent(box.probability)})"


def answer_bars(activations: Activations, limit: int = MOST_CLASSES) -> d.Bars | d.Facts:
    """The likeliest classes or labels with their probabilities; or the numbers.

    A line crosses the bars of labels at the threshold from which on they are given.
    """
    task, read = activations.model.task, activations.answer
    if isinstance(task, Regression):
        return number_facts(task, read)
    order = (-read).argsort(kind="stable")[:limit]
    threshold = task.threshold if isinstance(task, MultiLabel) else None
    rows = [
        d.Bar(
            task.names[k],
            float(read[k]),
            percent(float(read[k])),
            "given" if threshold is not None and read[k] >= threshold else "",
        )
        for k in order
    ]
    return d.Bars("probabilities", rows, mark=threshold)


def number_facts(task: Regression, read: NDArray[Any]) -> d.Facts:
    """Numbers with their names, and the mean of those that were learned beside them."""
    return d.Facts(
        [
            (name, written(value, ".5g"), f"mean of those learned: {written(mean, '.5g')}")
            for name, value, mean in zip(task.names, read.tolist(), task.mean, strict=True)
        ]
    )


def answer_section(activations: Activations) -> d.Only:
    """The same under a heading, where there is room."""
    task = activations.model.task
    title = "Numbers" if isinstance(task, Regression) else "Probabilities"
    title = "Boxes" if task.of_boxes else "Picture" if task.makes_pictures else title
    title = "Text" if task.of_steps else title
    return d.Only("page", [d.Section(title, [*answer_parts(activations)])])


def answer_parts(activations: Activations, limit: int = MOST_CLASSES) -> list[d.Part]:
    """The bars or numbers, and below what the line across them means."""
    task = activations.model.task
    if task.of_boxes:
        return boxes_parts(activations)
    if isinstance(task, Generation):
        picture = task.rounded(activations.answer)
        seen = d.Picture(lambda: picture, ("the picture that is made",))
        return [d.Only("page", [d.Pictures([seen], 168)])]
    if task.of_steps:
        return units_parts(activations)
    bars: list[d.Part] = [answer_bars(activations, limit)]
    if isinstance(task, MultiLabel):
        words = (
            f"each label is a question of its own, given from {task.threshold:.1%} on (the line)"
        )
        bars.append(d.Text(words))
    return bars
