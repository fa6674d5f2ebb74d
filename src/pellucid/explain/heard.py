"""Which output is asked about, where what is heard is written step by step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.tasks.transcript import step_seconds
from pellucid.tasks.transcription import BLANK, THE_BLANK, Transcription
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations, Position
    from pellucid.tasks.written_unit import WrittenUnit


def find_unit(activations: Activations, word: int | None) -> WrittenUnit:
    """One of the words or characters that were written; none: the most probable.

    Args:
        activations: The recording in its network.
        word: Its place among those that were written, from 0.

    Raises:
        ArgumentError: If there is no such place, or nothing was written at all.
    """
    found = activations.written
    if not found:
        raise ArgumentError(
            "nothing was heard in this recording, so that there is no word to be explained; give a "
            "time: --second 0.5"
        )
    if word is None:
        return max(found, key=lambda each: each.probability)
    if type(word) is not int or not 0 <= word < len(found):
        asked = word + 1 if type(word) is int else word
        task = activations.model.task
        what = task.units.removesuffix("s") if isinstance(task, Transcription) else "word"
        raise ArgumentError(
            f"{counted(len(found), what)} written of this recording: there is "
            f"no number {asked!r:.40}; give --word 1 to {len(found)} (in Python word=0 to "
            f"{len(found) - 1})"
        )
    return found[word]


def asked_output(
    activations: Activations,
    word: int | None = None,
    second: float | None = None,
    target: str | int | None = None,
) -> Position:
    """The place of the logit that is asked about.

    Args:
        activations: The recording in its network.
        word: Which of the written words or characters, from 0; none: the most probable.
        second: A time instead: the step then, and the likeliest class in it.
        target: Another word or character at that step; ``"the blank"`` for the blank.

    Raises:
        ArgumentError: If there is no such word, time or class.
    """
    outputs = np.asarray(activations.values[activations.logits])
    if second is None:
        at = find_unit(activations, word).logit
    else:
        if word is not None:
            raise ArgumentError("word and second both say which step is meant; give one of them")
        lead = (0,) * (outputs.ndim - 2)
        step = _step_at(activations, second)
        at = (*lead, step, int(outputs.reshape(-1, outputs.shape[-1])[step].argmax()))
    return at if target is None else (*at[:-1], unit_class(activations, target))


def unit_class(activations: Activations, name: str | int) -> int:
    """The class of a word or character, by its name or its place in the vocabulary, from 0."""
    if name == THE_BLANK and name not in activations.classes:
        return BLANK
    return 1 + activations.class_index(name)


def _step_at(activations: Activations, second: float) -> int:
    """The step of a network's output at a time."""
    sound = activations.model.preprocessing.sound
    steps = int(activations.shape(activations.logits)[-2])
    assert sound is not None  # a recognizer hears
    length = step_seconds(sound, steps)
    if not math.isfinite(second) or not 0 <= second < steps * length:
        raise ArgumentError(
            f"{printable(str(second))!s:.40} is no time that the network hears: give seconds from "
            f"0 to below {steps * length:g}"
        )
    return min(int(second / length), steps - 1)
