"""Words or characters that were heard: in a line, as a table, and in the outputs of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import figure as written
from pellucid.numerals import percent
from pellucid.show import document as d
from pellucid.tasks.transcript import step_seconds
from pellucid.tasks.transcription import THE_BLANK, Transcription

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations
    from pellucid.tasks import Task

UNITS = d.Limit(12, 100, "more")
"""Words or characters in a table, in their order."""


def text_words(task: Task, read: NDArray[Any]) -> str:
    """What was heard, in quotes.

    Args:
        task: The recognizer's.
        read: Logits, or probabilities, of each step, (1, T, K + 1) or (T, K + 1).
    """
    text = str(task.described(read))
    return f"“{text}”" if text else "nothing heard"


def units_table(activations: Activations) -> d.Table:
    """What was written, with the steps at which it was the likeliest, in order."""
    sound = activations.model.preprocessing.sound
    steps = activations.shape(activations.logits)[-2]
    assert sound is not None  # a recognizer hears
    length = step_seconds(sound, steps)
    task = activations.model.task
    assert isinstance(task, Transcription)
    rows = [
        (
            str(n),
            each.name if each.name.strip() else "(blank between words)",
            percent(each.probability),
            f"{each.first * length:.2f}–{each.behind * length:.2f}",
            f"{each.first}–{each.behind - 1}" if each.behind > each.first + 1 else str(each.first),
            written(float(activations.values[activations.logits][each.logit])),
        )
        for n, each in enumerate(activations.written, 1)
    ]
    heads = ("number", task.units.removesuffix("s"), "probability", "seconds", "steps", "logit")
    return d.Table("written", heads, rows, left=2, limit=UNITS)


def steps_words(activations: Activations) -> str:
    """How a text comes of the outputs, in a sentence."""
    steps = activations.shape(activations.logits)[-2]
    return (
        f"Each of {steps} steps is read as its likeliest class; repeats count once, and "
        f"{THE_BLANK} writes nothing."
    )


def units_parts(activations: Activations) -> list[d.Part]:
    """The table, and how it was read."""
    return [units_table(activations), d.Text(steps_words(activations))]
