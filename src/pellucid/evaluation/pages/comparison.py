"""The comparison of two models as one web page that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.check.fingerprint import image_of
from pellucid.data.web_page import web_page
from pellucid.evaluation.pages import markup
from pellucid.evaluation.pages.markup import text
from pellucid.evaluation.pages.reliability import reliability_chart
from pellucid.evaluation.pages.style import STYLE
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.evaluation.comparison import Comparison
    from pellucid.evaluation.model_comparison import ModelComparison

MOST_PICTURES = 48
"""Pictures that are shown; ``comparison.csv`` lists all."""

_CHART = 440  # CSS pixels
_PICTURE = 112


def judges(numbers: Comparison) -> list[tuple[str, str, str]]:
    """What both networks are judged by: its name, the first's number and the second's."""
    a, b = numbers.first, numbers.second
    first, second = (f"{low:.2%} to {high:.2%}" for low, high in (a.interval, b.interval))
    guessing = f"{numbers.guessing:.2%}"
    return [
        ("accuracy", f"{a.accuracy:.2%}", f"{b.accuracy:.2%}"),
        ("95% interval", first, second),
        ("always the most frequent class", guessing, guessing),
    ] + [
        (name, form.format(x), form.format(y))
        for name, form, x, y in (
            ("classification error", "{:.2%}", a.classification_error, b.classification_error),
            ("mean squared error", "{:.4f}", a.mean_squared_error, b.mean_squared_error),
            ("cross-entropy", "{:.4f}", a.cross_entropy, b.cross_entropy),
            ("mean confidence", "{:.2%}", a.calibration.mean_confidence,
             b.calibration.mean_confidence),
            ("expected calibration error", "{:.2%}", a.calibration.expected_error,
             b.calibration.expected_error),
        )
    ]  # fmt: skip


def verdict(numbers: Comparison) -> list[str]:
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
    third = "this tells of these two networks, not of how they were trained: other seeds would vary"
    found = [first, second, third] if len(numbers) > 1 else [first, third]
    for letter, answers in (("A", numbers.first), ("B", numbers.second)):
        if answers.interval[0] <= numbers.guessing < 1.0:
            found.append(
                f"{letter} is no better than guessing: the 95% interval of its accuracy does not "
                f"lie above {numbers.guessing:.2%}, the share of the most frequent class"
            )
    return found


def comparison_page(comparison: ModelComparison) -> str:
    """The page; it needs no network and runs no script, and all names are escaped."""
    title = "A and B, compared"
    body = ("<main>", f"<h1>{title}</h1>", *_parts(comparison), "</main>")
    return web_page(title, STYLE, body)


def comparison_fragment(comparison: ModelComparison) -> str:
    """The same for a notebook."""
    return "\n".join(("<div>", *_parts(comparison), "</div>"))


def _parts(comparison: ModelComparison) -> Iterable[str]:
    numbers, (a, b) = comparison.numbers, comparison.names
    count = counted(len(numbers), "picture")
    yield f"<p>A is {text(a)}. B is {text(b)}. Judged by {count}: {text(comparison.pictures.name)}."
    yield "</p>"
    if comparison.notes:
        yield f"<ul>{''.join(f'<li>{text(note)}</li>' for note in comparison.notes)}</ul>"
    yield "<h2>Judges</h2>"
    yield markup.table("Judges", ("", "A", "B"), judges(numbers))
    yield f"<ul>{''.join(f'<li>{text(line)}.</li>' for line in verdict(numbers))}</ul>"
    yield "<h2>Who is right</h2>"
    groups = [(in_letters(words), str(n)) for words, n in numbers.groups().items()]
    yield markup.table("Who is right", ("", "pictures"), groups)
    yield from _pictures(comparison)
    yield '<h2>Calibration</h2><div class="charts">'
    for letter, answers in (("A", numbers.first), ("B", numbers.second)):
        found = answers.calibration
        words = f"Reliability diagram of {letter}. Expected error {found.expected_error:.2%}."
        chart = markup.chart(reliability_chart(found), words, _CHART)
        yield f"<div><h3>{letter}</h3>{chart}</div>"
    yield "</div>"


def in_letters(words: str) -> str:
    """``only first`` as ``only A``."""
    return words.replace("first", "A").replace("second", "B")


def _pictures(comparison: ModelComparison) -> Iterable[str]:
    numbers = comparison.numbers
    yield "<h2>Where they disagree</h2>"
    every = numbers.disagree.tolist()
    if not every:
        yield "<p>Nowhere: both give the same answer to every picture.</p>"
        return
    gap = abs(numbers.first.cross_entropies - numbers.second.cross_entropies)
    every.sort(key=lambda i: -gap[i])
    yield (
        f"<p>{counted(len(every), 'picture')}, those first whose cross-entropies differ most. "
        "✓ is right, ✗ is wrong; pictures as A sees them.</p>"
    )
    yield '<ul class="pictures">'
    for i in every[:MOST_PICTURES]:
        yield f"<li>{_picture(comparison, i)}</li>"
    yield "</ul>"
    if len(every) > MOST_PICTURES:
        yield f"<p>And {len(every) - MOST_PICTURES} more, see comparison.csv.</p>"


def _picture(comparison: ModelComparison, i: int) -> str:
    numbers, pictures = comparison.numbers, comparison.pictures
    lines = [f"true: <strong>{text(pictures.classes[numbers.labels[i]])}</strong>"]
    for letter, answers in (("A", numbers.first), ("B", numbers.second)):
        guess = text(pictures.classes[answers.predicted[i]])
        lines.append(
            f"{letter} {'✓' if answers.right[i] else '✗'} {guess} ({answers.confidence[i]:.1%})"
        )
    lines.append(f'<span class="name">{text(pictures.picture_name(i))}</span>')
    return markup.picture(image_of(pictures.images[i]), _PICTURE) + "<br>".join(lines)
