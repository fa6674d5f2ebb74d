"""Two networks judged by the same pictures: numbers, verdict, and where the two disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import draw_bars, new_figure
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.show.reliability import draw_reliability
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.evaluation.comparison import Comparison
    from pellucid.evaluation.model_comparison import ModelComparison

MOST_PRINTED, MOST_PICTURES = 10, 48
"""Pictures on which the models disagree: printed, and on a page; ``comparison.csv`` lists all."""

_CHART = 440  # CSS pixels


def comparison_document(comparison: ModelComparison) -> d.Document:
    """The judges side by side, how sure one may be of the difference, and the pictures."""
    numbers, (a, b) = comparison.numbers, comparison.names
    count = counted(len(numbers), "picture")
    calibrations = [
        d.Section(
            letter,
            [
                d.Figure(
                    lambda found=found: draw_reliability(found),  # type: ignore[misc]
                    f"Reliability diagram of {letter}. Expected error {found.expected_error:.2%}.",
                    _CHART,
                )
            ],
        )
        for letter, found in (("A", numbers.first.calibration), ("B", numbers.second.calibration))
    ]
    return d.Document(
        f"A right in {numbers.first.accuracy:.2%}, B in {numbers.second.accuracy:.2%} of {count}: "
        f"{comparison.pictures.name}",
        (
            d.Text(a, "A:"),
            d.Text(b, "B:"),
            d.Only("page", [d.Items(comparison.notes)] if comparison.notes else []),
            d.Section("Judges", [d.Table("Judges", ("", "A", "B"), _judges(numbers))]),
            d.Items(_verdict(numbers)),
            d.Section("Who is right", [_groups(numbers)]),
            d.Section("Where they disagree", list(_pictures(comparison))),
            d.Only("page", [d.Section("Calibration", [d.Beside(calibrations)])]),
        ),
        drawing=lambda: draw_comparison(numbers, comparison.names),
    )


def _judges(numbers: Comparison) -> list[tuple[str, str, str]]:
    """What both networks are judged by: its name, the first's number and the second's."""
    a, b = numbers.first, numbers.second
    first, second = (f"{low:.2%} to {high:.2%}" for low, high in (a.interval, b.interval))
    guessing = f"{numbers.guessing:.2%}"
    one, two = a.calibration, b.calibration
    return [
        ("accuracy", f"{a.accuracy:.2%}", f"{b.accuracy:.2%}"),
        ("95% interval", first, second),
        ("always the most frequent class", guessing, guessing),
        *(
            (name, form.format(x), form.format(y))
            for name, form, x, y in (
                ("classification error", "{:.2%}", a.classification_error, b.classification_error),
                ("mean squared error", "{:.4f}", a.mean_squared_error, b.mean_squared_error),
                ("cross-entropy", "{:.4f}", a.cross_entropy, b.cross_entropy),
                ("mean confidence", "{:.2%}", one.mean_confidence, two.mean_confidence),
                ("expected calibration error", "{:.2%}", one.expected_error, two.expected_error),
            )
        ),
    ]


def _verdict(numbers: Comparison) -> list[str]:
    """How sure one may be of the difference, in sentences."""
    b, c, p = len(numbers.only_first), len(numbers.only_second), numbers.p_value
    if not b + c:
        first = "A and B are right and wrong on the same pictures: their errors do not differ"
    else:
        said = "chance alone would hardly do that" if p < 0.05 else "chance alone may do that"
        first = (
            f"only A is right on {counted(b, 'picture')}, only B on {c}: two equally good networks "
            f"differ so much, or more, with probability {p:.2g} (McNemar's exact test): {said}"
        )
    difference, error = numbers.cross_entropy_difference
    second = (
        f"B's cross-entropy is {abs(difference):.4f} {'above' if difference > 0 else 'below'} A's, "
        f"with a standard error of {error:.4f}"
    )
    third = "this is about these two networks, not about their recipes: other seeds would vary"
    found = [first, second, third] if len(numbers) > 1 else [first, third]
    for letter, answers in (("A", numbers.first), ("B", numbers.second)):
        if answers.interval[0] <= numbers.guessing < 1.0:
            found.append(
                f"{letter} is no better than guessing: the 95% interval of its accuracy does not "
                f"lie above {numbers.guessing:.2%}, the share of the most frequent class"
            )
    return found


def _groups(numbers: Comparison) -> d.Bars:
    """How many pictures are in each of the four groups."""
    rows = [
        d.Bar(words.replace("first", "A").replace("second", "B"), n / len(numbers), str(n))
        for words, n in numbers.groups().items()
    ]
    return d.Bars("Who is right", rows)


def _pictures(comparison: ModelComparison) -> Iterator[d.Part]:
    numbers = comparison.numbers
    every = numbers.disagree.tolist()
    if not every:
        yield d.Text("Nowhere: both give the same answer to every picture.")
        return
    gap = abs(numbers.first.cross_entropies - numbers.second.cross_entropies)
    every.sort(key=lambda i: -gap[i])
    yield d.Text(
        f"{counted(len(every), 'picture')}, those first whose cross-entropies differ most. "
        "✓ is right, ✗ is wrong."
    )
    limit = d.Limit(
        MOST_PRINTED, MOST_PICTURES, "more", "--json or --out lists them all", "see comparison.csv"
    )
    yield d.Pictures([_picture(comparison, i) for i in every], limit=limit)


def _picture(comparison: ModelComparison, i: int) -> d.Picture:
    numbers, pictures = comparison.numbers, comparison.pictures
    true, name = pictures.classes[numbers.labels[i]], pictures.picture_name(i)
    answers = [
        f"{letter} {'✓' if each.right[i] else '✗'} {pictures.classes[each.predicted[i]]} "
        f"({each.confidence[i]:.1%})"
        for letter, each in (("A", numbers.first), ("B", numbers.second))
    ]
    printed = f"they disagree: {name} is {true}; {', '.join(answers)}"
    return d.Picture(lambda: pictures.images[i], (f"true: {true}", *answers, name), printed)


def draw_comparison(numbers: Comparison, names: tuple[str, str]) -> Figure:
    """How many pictures each answers right, and how far each one's confidence can be trusted."""
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2)
    first, second = names
    groups = ("both right", f"only {first} right", f"only {second} right", "both wrong")
    counts = numbers.groups().values()
    bars = [d.Bar(name, n, str(n)) for name, n in zip(groups, counts, strict=True)]
    draw_bars(left, bars, signed=False, size=9.0)
    left.set_title(f"of {counted(len(numbers), 'picture')}")
    right.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, label="calibrated")
    for name, answers, marker, colour in (
        (first, numbers.first, "o", BLUE),
        (second, numbers.second, "s", VERMILION),
    ):
        calibration = answers.calibration
        bins = [each for each in calibration.bins if each.count]
        right.plot(
            [each.confidence for each in bins], [each.accuracy for each in bins],
            marker=marker, markersize=4, linewidth=1, color=colour,
            label=f"{name}: expected calibration error {calibration.expected_error:.1%}",
        )  # fmt: skip
    right.set_xlabel("confidence")
    right.set_ylabel("share that is right")
    right.legend(fontsize=8)
    return figure
