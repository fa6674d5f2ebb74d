"""What an explanation is headed with: file, answer, probability, and ``7 rather than 3``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.numerals import percent
from pellucid.show import document as d

if TYPE_CHECKING:
    from pellucid.explain.activations import Activations
    from pellucid.explain.score import Score

MOST_CLASSES = 10
"""Classes whose probabilities are shown, the likeliest first."""


def headline(activations: Activations, picture: str = "") -> str:
    """``digits/3.png: 7, 99.98%``.

    Args:
        activations: The picture in its network.
        picture: What the picture is called; empty: as the activations have it.
    """
    name = picture or activations.name
    probabilities = activations.values[activations.graph.output]
    k = int(probabilities.argmax())
    answer = f"{activations.classes[k]}, {percent(float(probabilities[k]))}"
    return f"{name}: {answer}" if name else answer


def score_headline(score: Score, picture: str = "") -> str:
    """The same, and what was asked: ``…; why 7 rather than 3``."""
    against = "" if score.against_name is None else f" rather than {score.against_name}"
    return f"{headline(score.activations, picture)}; why {score.target_name}{against}"


def probability_bars(activations: Activations, most: int = MOST_CLASSES) -> d.Bars:
    """The likeliest classes with their probabilities."""
    probabilities = activations.values[activations.graph.output]
    order = (-probabilities).argsort(kind="stable")[:most]
    rows = [
        d.Bar(activations.classes[k], float(probabilities[k]), percent(float(probabilities[k])))
        for k in order
    ]
    return d.Bars("probabilities", rows)


def probabilities_section(activations: Activations) -> d.Only:
    """The same under a heading, where there is room."""
    return d.Only("page", [d.Section("Probabilities", [probability_bars(activations)])])
