"""The report as one web page that needs nothing else: no network, no script, pictures inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.check.fingerprint import image_of
from pellucid.data.web_page import web_page
from pellucid.evaluation.pages import markup
from pellucid.evaluation.pages.confusion import MOST_NUMBERED, chart_width
from pellucid.evaluation.pages.curves import accuracy_chart, loss_chart, rate_chart
from pellucid.evaluation.pages.markup import text
from pellucid.evaluation.pages.reliability import reliability_chart
from pellucid.evaluation.pages.style import STYLE
from pellucid.explain.pages.page import fragment
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.report import Report, Wrong
    from pellucid.training.diagnosis import Diagnosis
    from pellucid.training.history import Epoch

MOST_MISTAKES = 24
"""Mistakes that are shown as pictures; ``wrong.csv`` lists all."""

MOST_CONFUSIONS = 10
"""Pairs of classes that are listed."""

_CHART = 460  # CSS pixels
_PICTURE = 112


@dataclass(frozen=True, eq=False)
class Contents:
    """What a page tells: see :func:`pellucid.evaluation.pages.written.write_report`."""

    report: Report
    pictures: Dataset
    history: Sequence[Epoch]
    best_epoch: int | None
    diagnoses: Sequence[Diagnosis] | None
    config: Mapping[str, Any] | None
    notes: Sequence[str]
    title: str


def html_page(contents: Contents, confusion: bytes) -> str:
    """The page, for any browser, from 360 pixels wide, and for paper.

    It needs no network and runs no script. Names are escaped, so that no file's name can add
    anything to the page.

    Args:
        contents: What it tells.
        confusion: The confusion matrix as a PNG.
    """
    body = (
        f"<header><h1>{text(contents.title)}</h1>",
        f"<p>{_judged_by(contents)}</p></header>",
        "<main>",
        *_result(contents.report),
        *_remarks(contents),
        *_training(contents),
        *_confusion(contents.report, confusion),
        *_classes(contents.report),
        *_mistakes(contents.report, contents.pictures),
        *_calibration(contents.report),
        *_origin(contents.config),
        "</main>",
    )
    return web_page(contents.title, STYLE, body)


def report_fragment(report: Report) -> str:
    """The judgement without pictures, for a notebook."""
    return fragment(
        (
            f"<p>Judged by {counted(report.count, 'picture')}.</p>",
            markup.table("Result", ("", "", ""), _numbers(report)),
            markup.table("Classes", CLASS_HEADS, _class_rows(report)),
        )
    )


def _judged_by(contents: Contents) -> str:
    count = counted(contents.report.count, "picture")
    return f"Judged by {count}: {text(contents.pictures.name)}."


def _numbers(report: Report) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and what stands beside it."""
    chance = report.chance
    numbers = [
        ("accuracy", f"{report.accuracy:.2%}", chance.interval),
        (chance.always, f"{chance.guessing:.2%}", ""),
        ("classification error", f"{report.error:.2%}", ""),
    ]
    for k, accuracy in report.top_k.items():
        if 1 < k < len(report.classes):  # the others say nothing new
            low, high, guessing = report.top_k_chance(k)
            beside = f"95% interval {low:.2%} to {high:.2%}; the {k} most frequent classes "
            numbers.append((f"top-{k} accuracy", f"{accuracy:.2%}", f"{beside}{guessing:.2%}"))
    return [
        *numbers,
        ("mean squared error", f"{report.mean_squared_error:.4f}", ""),
        ("cross-entropy", f"{report.cross_entropy:.4f}", ""),
        ("calibration error", f"{report.calibration.expected_error:.2%}", ""),
    ]


def _result(report: Report) -> Iterable[str]:
    yield '<section aria-labelledby="result"><h2 id="result">Result</h2><dl class="numbers">'
    for name, value, beside in _numbers(report):
        remark = f'<dd class="beside">{text(beside)}</dd>' if beside else ""
        yield f"<div><dt>{text(name)}</dt><dd>{value}</dd>{remark}</div>"
    yield "</dl></section>"


def _remarks(contents: Contents) -> Iterable[str]:
    if contents.diagnoses is None and not contents.notes:
        return
    yield '<section aria-labelledby="remarks"><h2 id="remarks">What stands out</h2>'
    for each in contents.diagnoses or ():
        yield f'<div class="diagnosis"><p><strong>▲ {text(each.words)}</strong></p>'
        yield f"<p>What to do: {text(each.advice)}.</p></div>"
    if contents.diagnoses is not None and not contents.diagnoses:
        yield "<p>None of the usual faults of a training shows.</p>"
    if contents.notes:
        yield f"<ul>{''.join(f'<li>{text(note)}</li>' for note in contents.notes)}</ul>"
    yield "</section>"


def _training(contents: Contents) -> Iterable[str]:
    history, best = contents.history, contents.best_epoch
    if not history:
        return
    yield '<section aria-labelledby="training"><h2 id="training">Training</h2>'
    yield '<div class="charts">'
    words = _course("Loss", [row.loss for row in history], [row.validation_loss for row in history])
    yield markup.chart(loss_chart(history, best), words, _CHART)
    words = _course(
        "Accuracy",
        [row.accuracy for row in history],
        [row.validation_accuracy for row in history],
        "{:.2%}",
    )
    yield markup.chart(accuracy_chart(history, best), words, _CHART)
    words = _course("Learning rate at the end", [row.learning_rate for row in history], [], "{:g}")
    yield markup.chart(rate_chart(history), words, _CHART)
    yield "</div>"
    heads = (
        "epoch", "loss", "accuracy", "validation loss", "validation accuracy", "learning rate",
        "images/s",
    )  # fmt: skip
    yield markup.folded("Every epoch", markup.table("Epochs", heads, map(_epoch, history)))
    yield "</section>"


def _course(
    name: str,
    training: Sequence[float],
    validation: Sequence[float | None],
    form: str = "{:.4g}",
) -> str:
    """A chart's lines in words: where they begin and end."""
    words = (
        f"{name} by epoch: {form.format(training[0])} at first, {form.format(training[-1])} at last"
    )
    judged = [value for value in validation if value is not None]
    if judged:
        words += (
            f"; validation {form.format(judged[0])} at first, {form.format(judged[-1])} at last"
        )
    return f"{words}."


def _epoch(row: Epoch) -> tuple[str, ...]:
    return (
        str(row.epoch),
        f"{row.loss:.4g}",
        f"{row.accuracy:.2%}",
        "–" if row.validation_loss is None else f"{row.validation_loss:.4g}",
        "–" if row.validation_accuracy is None else f"{row.validation_accuracy:.2%}",
        f"{row.learning_rate:.3g}",
        f"{row.images_per_second:,.0f}",
    )


def _confusion(report: Report, content: bytes) -> Iterable[str]:
    yield '<section aria-labelledby="confusion"><h2 id="confusion">Confusion</h2>'
    yield "<p>Rows are true classes, columns predicted ones; right answers stand on the diagonal."
    yield "The shade of a cell tells which share of its row is mistaken so.</p>"
    mistakes = list(_frequent(report))
    words = "Confusion matrix. " + (
        f"Most frequent: {mistakes[0][0]} taken for {mistakes[0][1]}, {mistakes[0][2]} times."
        if mistakes
        else "There are no mistakes."
    )
    width = round(96 * chart_width(len(report.classes)))
    yield '<div class="scroll" role="region" aria-label="Confusion matrix" tabindex="0">'
    yield f"{markup.chart(content, words, width, css='wide')}</div>"
    if mistakes:
        heads = ("true class", "taken for", "pictures", "of the class")
        yield "<h3>Most frequent mistakes</h3>"
        yield markup.table("Most frequent mistakes", heads, mistakes)
    if len(report.classes) <= MOST_NUMBERED:
        rows = (
            (name, *map(str, counts))
            for name, counts in zip(report.classes, report.confusion.tolist(), strict=True)
        )
        matrix = markup.table("Confusion matrix", ("true ↓, predicted →", *report.classes), rows)
        yield markup.folded("The matrix as a table", matrix)
    yield "</section>"


def _frequent(report: Report) -> Iterable[tuple[str, str, str, str]]:
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


CLASS_HEADS = ("number", "class", "precision", "recall", "F1", "pictures")


def _class_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            str(k),
            row.name,
            f"{row.precision:.3f}",
            f"{row.recall:.3f}",
            f"{row.f1:.3f}",
            str(row.support),
        )
        for k, row in enumerate(report.per_class)
    ]


def _classes(report: Report) -> Iterable[str]:
    yield '<section aria-labelledby="classes"><h2 id="classes">Classes</h2>'
    yield f"{markup.table('Classes', CLASS_HEADS, _class_rows(report))}</section>"


def _mistakes(report: Report, pictures: Dataset) -> Iterable[str]:
    yield '<section aria-labelledby="mistakes"><h2 id="mistakes">The worst mistakes</h2>'
    if not report.wrong:
        yield "<p>There are none.</p></section>"
        return
    yield f"<p>{counted(len(report.wrong), 'mistake')} in all, the most confident first."
    yield "Labels that are wrong in the data often show here."
    if report.wrong[0].command:
        yield "The command below each shows why it was answered so."
    yield "</p>"
    yield '<ul class="pictures">'
    for wrong in report.wrong[:MOST_MISTAKES]:
        yield f"<li>{_mistake(wrong, pictures)}</li>"
    yield "</ul>"
    if len(report.wrong) > MOST_MISTAKES:
        yield f"<p>And {len(report.wrong) - MOST_MISTAKES} more, see wrong.csv.</p>"
    yield "</section>"


def _mistake(wrong: Wrong, pictures: Dataset) -> str:
    image = markup.picture(image_of(pictures.images[wrong.index]), _PICTURE)
    return (
        f"{image}<strong>{text(wrong.true)}</strong>, taken for "
        f"<strong>{text(wrong.predicted)}</strong> ({wrong.confidence:.1%})"
        f'<br><span class="name">{text(wrong.name)}</span>'
        + (f'<br><code class="command">{text(wrong.command)}</code>' if wrong.command else "")
    )


def _calibration(report: Report) -> Iterable[str]:
    found = report.calibration
    yield '<section aria-labelledby="calibration"><h2 id="calibration">Calibration</h2>'
    difference = found.mean_confidence - report.accuracy
    manner = "more" if difference > 0 else "less"
    yield (
        f"<p>The network is {found.mean_confidence:.2%} sure on average, and right in "
        f"{report.accuracy:.2%}: {abs(difference):.2%} {manner} sure than right. The expected "
        f"calibration error is {found.expected_error:.2%}.</p>"
    )
    words = (
        "Reliability diagram: accuracy by confidence. Expected calibration error "
        f"{found.expected_error:.2%}."
    )
    yield markup.chart(reliability_chart(found), words, _CHART)
    rows = (
        (f"{b.low:.1%} to {b.high:.1%}", str(b.count), f"{b.confidence:.2%}", f"{b.accuracy:.2%}")
        for b in found.bins
        if b.confidence is not None and b.accuracy is not None
    )
    heads = ("confidence", "answers", "mean confidence", "right")
    yield markup.folded("The diagram as a table", markup.table("Calibration", heads, rows))
    yield "</section>"


def _origin(config: Mapping[str, Any] | None) -> Iterable[str]:
    if config is None:
        return
    yield '<section aria-labelledby="origin"><h2 id="origin">How it was made</h2>'
    lines = json.dumps(config, indent=2, ensure_ascii=False, default=str).split("\n")
    escaped = "\n".join(map(text, lines))
    yield markup.folded("Configuration", f"<pre>{escaped}</pre>")
    yield "</section>"
