"""Two sets of answers as figures: of one picture, and of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.pictures import new_figure, plain
from pellucid.text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pellucid.evaluation.comparison import Comparison
    from pellucid.evaluation.edit_effect import PictureEffect

MOST_CLASSES = 10
"""Classes that are drawn, the likeliest before the change first."""


def picture_figure(effect: PictureEffect) -> Figure:
    """The probabilities of the likeliest classes, before and after."""
    before, after = effect.probabilities
    chosen = (-before).argsort(kind="stable")[:MOST_CLASSES]
    figure = new_figure(6.0, 1.2 + 0.35 * len(chosen))
    axes = figure.subplots()
    places = np.arange(len(chosen))
    axes.barh(places - 0.2, before[chosen], 0.38, color="#0072b2", label="before")
    axes.barh(places + 0.2, after[chosen], 0.38, color="#d55e00", hatch="//", label="after")
    axes.set_yticks(places, [plain(printable(effect.classes[k])) for k in chosen], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("probability", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.legend(fontsize=8, loc="lower right")
    return figure


def comparison_figure(numbers: Comparison, names: tuple[str, str]) -> Figure:
    """How many pictures each answers right, and how far each one's confidence can be trusted."""
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2)
    counts = [
        len(group)
        for group in (
            numbers.both_right, numbers.only_first, numbers.only_second, numbers.both_wrong,
        )
    ]  # fmt: skip
    first, second = (plain(printable(name)) for name in names)
    left.barh(range(4), counts, color="#0072b2")
    left.set_yticks(
        range(4), ["both right", f"only {first} right", f"only {second} right", "both wrong"],
        fontsize=8,
    )  # fmt: skip
    left.invert_yaxis()
    for k, count in enumerate(counts):
        left.annotate(str(count), (count, k), (3, 0), textcoords="offset points", va="center")
    left.margins(x=0.15)
    left.set_xlabel(f"of {len(numbers)} pictures", fontsize=8)
    right.plot([0, 1], [0, 1], color="#595959", linewidth=0.8, label="calibrated")
    for name, answers, marker in ((first, numbers.first, "o"), (second, numbers.second, "s")):
        calibration = answers.calibration
        bins = [each for each in calibration.bins if each.count]
        right.plot(
            [each.confidence for each in bins], [each.accuracy for each in bins],
            marker=marker, markersize=4, linewidth=1,
            label=f"{name}: expected calibration error {calibration.expected_error:.1%}",
        )  # fmt: skip
    right.set_xlabel("confidence", fontsize=8)
    right.set_ylabel("share that is right", fontsize=8)
    right.legend(fontsize=7)
    for axes in (left, right):
        axes.tick_params(labelsize=8)
    return figure
