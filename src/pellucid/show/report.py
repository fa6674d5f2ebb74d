"""The judgement of a network: printed and in notebooks without pictures, as a page with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show import document as d
from pellucid.show.confusion import MOST_NUMBERED, chart_width, draw_confusion
from pellucid.show.reliability import FADED_BELOW, draw_reliability
from pellucid.show.sound_axes import heard_words
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.report import Report, Wrong

MOST_PRINTED, MOST_MISTAKES = 10, 24
"""Mistakes that are printed, and that a page shows as pictures; ``wrong.csv`` lists all."""

MOST_CONFUSIONS = 10
"""Pairs of classes that are listed."""

MOST_CLASSES = 60
"""With more classes, none is listed that did not occur, and a terminal shows no matrix."""

_CHART = 460  # CSS pixels


def report_document(report: Report, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    remark = report.chance.remark
    return d.Document(
        _title(report, name),
        (
            d.Facts(numbers(report)),
            *([d.Text(f"what stands out: {remark}")] if remark else ()),
            _classes(report),
            d.Only("terminal", [_printed(report), d.Pictures(_mistakes(report), limit=_WRONG)]),
        ),
        drawing=lambda: draw_confusion(report.confusion, report.classes),
    )


def report_sections(report: Report, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    yield d.Section("Confusion", list(_confusion(report)))
    yield d.Section("Classes", [_classes(report)])
    yield d.Section("The worst mistakes", list(_worst(report, pictures)))
    yield d.Section("Calibration", list(_calibration(report)))


def _title(report: Report, name: str) -> str:
    of = f"of {counted(report.count, report.noun)}"
    return f"{report.accuracy:.2%} right {of}{f': {name}' if name else ''}"


def numbers(report: Report) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    chance = report.chance
    numbers = [
        ("accuracy", f"{report.accuracy:.2%}", chance.interval),
        ("guessing", f"{chance.guessing:.2%}", chance.always),
        ("classification error", f"{report.error:.2%}", ""),
    ]
    for k, accuracy in report.top_k.items():
        if 1 < k < len(report.classes):  # the others say nothing new
            low, high, guessing = report.top_k_chance(k)
            beside = (
                f"95% interval {low:.2%} to {high:.2%}; the {k} most frequent classes: "
                f"{guessing:.2%}"
            )
            numbers.append((f"top-{k} accuracy", f"{accuracy:.2%}", beside))
    return [
        *numbers,
        ("mean squared error", f"{report.mean_squared_error:.4f}", ""),
        ("cross-entropy", f"{report.cross_entropy:.4f}", ""),
        ("calibration error", f"{report.calibration.expected_error:.2%}", ""),
    ]


def _classes(report: Report) -> d.Table:
    counts = report.confusion
    occurs = (counts.sum(axis=0) + counts.sum(axis=1) > 0) | (len(counts) <= MOST_CLASSES)
    rows = [
        (
            str(k),
            row.name,
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            str(row.support),
        )
        for k, row in enumerate(report.per_class)
        if occurs[k]
    ]
    heads = ("number", "class", "precision", "recall", "F1", f"{report.noun}s")
    limit = d.Limit(MOST_CLASSES, noun="more classes", terminal_hint="--json lists them all")
    return d.Table("Classes", heads, rows, left=2, limit=limit)


def _confusion(report: Report) -> Iterator[d.Part]:
    yield d.Text(
        "Rows are true classes, columns predicted ones; right answers are on the diagonal. "
        "The shade of a cell is the share of its row that is mistaken so."
    )
    mistakes = list(_frequent(report))
    words = "Confusion matrix. " + (
        f"Most frequent: {mistakes[0][0]} taken for {mistakes[0][1]}, "
        f"{counted(int(mistakes[0][2]), 'time')}."
        if mistakes
        else "There are no mistakes."
    )
    width = round(96 * chart_width(len(report.classes)))
    yield d.Figure(lambda: draw_confusion(report.confusion, report.classes), words, width)
    if mistakes:
        heads = ("true class", "taken for", f"{report.noun}s", "of the class")
        table = d.Table("Most frequent mistakes", heads, mistakes, left=2)
        yield d.Section("Most frequent mistakes", [table])
    if len(report.classes) <= MOST_NUMBERED:
        yield d.Folded("The matrix as a table", [confusion_table(report)])


def _frequent(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """The most frequent mistakes, of equals in the order of the classes."""
    counts = report.confusion.copy()
    np.fill_diagonal(counts, 0)
    support = report.confusion.sum(axis=1)
    for cell in np.argsort(-counts, axis=None, kind="stable")[:MOST_CONFUSIONS].tolist():
        true, predicted = divmod(cell, len(report.classes))
        count = int(counts[true, predicted])
        if count:
            share = f"{count / support[true]:.1%}"
            yield report.classes[true], report.classes[predicted], str(count), share


TOO_WIDE = "the confusion matrix is wider than this terminal: see --out or --json"


def _printed(report: Report) -> d.Part:
    """The matrix on a terminal; of very many classes, trying whether it has room takes minutes."""
    return confusion_table(report) if len(report.classes) <= MOST_CLASSES else d.Text(TOO_WIDE)


def confusion_table(report: Report) -> d.Table:
    """With names over its columns, or, where there is no room, with numbers."""
    cells = [[str(n) if n else "·" for n in row] for row in report.confusion.tolist()]

    def table(names: Sequence[str], heads: Sequence[str], narrow: d.Table | None) -> d.Table:
        rows = [(name, *row) for name, row in zip(names, cells, strict=True)]
        return d.Table(
            "confusion: rows true, columns predicted", ("", *heads), rows, narrow=narrow,
            too_wide=TOO_WIDE,
            titled=True,
        )  # fmt: skip

    numbers = [str(k) for k in range(len(cells))]
    numbered = [f"{k} {name}" for k, name in zip(numbers, report.classes, strict=True)]
    return table(report.classes, report.classes, table(numbered, numbers, None))


_WRONG = d.Limit(MOST_PRINTED, MOST_MISTAKES, "more", "--json lists them all", "see wrong.csv")


def _mistakes(report: Report, pictures: Dataset | None = None) -> list[d.Picture]:
    return [_mistake(wrong, pictures) for wrong in report.wrong]


def _mistake(wrong: Wrong, pictures: Dataset | None) -> d.Picture:
    return d.Picture(
        lambda: None if pictures is None else pictures.images[wrong.index],
        (wrong.true, f"taken for {wrong.predicted} ({wrong.confidence:.1%})", wrong.name),
        f"wrong: {wrong.name} is {wrong.true}, taken for {wrong.predicted} "
        f"({wrong.confidence:.1%})",
        wrong.command,
    )


def _worst(report: Report, pictures: Dataset) -> Iterator[d.Part]:
    if not report.wrong:
        yield d.Text("There are none.")
        return
    explained = (
        " The command below each shows why it was answered so." if report.wrong[0].command else ""
    )
    yield d.Text(
        f"{counted(len(report.wrong), 'mistake')} in all, the most confident first. "
        f"Labels that are wrong in the data often show here.{explained}"
    )
    if pictures.sound is not None:
        yield d.Text(heard_words(pictures.sound))
    yield d.Pictures(_mistakes(report, pictures), limit=_WRONG)


def _calibration(report: Report) -> Iterator[d.Part]:
    found = report.calibration
    difference = found.mean_confidence - report.accuracy
    manner = "more" if difference > 0 else "less"
    yield d.Text(
        f"The network is {found.mean_confidence:.2%} sure on average, and right in "
        f"{report.accuracy:.2%}: {abs(difference):.2%} {manner} sure than right. The expected "
        f"calibration error is {found.expected_error:.2%}. Bars of fewer than {FADED_BELOW} "
        "answers are pale: they say little."
    )
    words = (
        "Reliability diagram: accuracy by confidence. Expected calibration error "
        f"{found.expected_error:.2%}."
    )
    yield d.Figure(lambda: draw_reliability(found), words, _CHART)
    rows = [
        (f"{b.low:.1%} to {b.high:.1%}", str(b.count), f"{b.confidence:.2%}", f"{b.accuracy:.2%}")
        for b in found.bins
        if b.confidence is not None and b.accuracy is not None
    ]
    heads = ("confidence", "answers", "mean confidence", "right")
    yield d.Folded("The diagram as a table", [d.Table("Calibration", heads, rows)])
