"""A report's tables as CSV files (UTF-8, commas, a header), for spreadsheets and scripts.

Names that a spreadsheet would compute are defused, see :mod:`pellucid.csv_text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.text import printable

if TYPE_CHECKING:
    from pellucid.evaluation.judgement import Row
    from pellucid.evaluation.report import Report

TABLES = ("summary.csv", "confusion.csv", "per_class.csv", "wrong.csv")
"""Their names, in their order."""


def of_report(report: Report) -> list[list[Row]]:
    r"""The rows of the four tables.

    ``summary.csv`` has a row for each judge and the columns ``measure``, ``value``, ``low``,
    ``high`` (the 95 % interval) and ``guessing``, see :mod:`pellucid.metrics.chance`.
    ``confusion.csv`` has a row for each true class and a column for each predicted one; the first
    row and column hold the names, the corner ``true \ predicted``. ``per_class.csv`` and
    ``wrong.csv`` have the columns of :class:`~pellucid.evaluation.report.ClassRow` and
    :class:`~pellucid.evaluation.report.Wrong`, without commands if there are none; shares and
    probabilities have six decimals.
    """
    return [_summary(report), _confusion(report), _per_class(report), _wrong(report)]


def _summary(report: Report) -> list[Row]:
    chance = report.chance
    rows: list[tuple[str, float, float | None, float | None, float | None]] = [
        ("accuracy", report.accuracy, chance.low, chance.high, chance.guessing),
        (
            "classification error",
            report.error, 1.0 - chance.high, 1.0 - chance.low, 1.0 - chance.guessing,
        ),
    ]  # fmt: skip
    rows += [
        (f"top-{k} accuracy", accuracy, *report.top_k_chance(k))
        for k, accuracy in report.top_k.items()
        if 1 < k < len(report.classes)
    ]
    rows.append(("mean squared error", report.mean_squared_error, None, None, None))
    rows.append(("cross-entropy", report.cross_entropy, None, None, None))
    rows.append(("calibration error", report.calibration.expected_error, None, None, None))
    return [
        ["measure", "value", "low", "high", "guessing"],
        *([name, *("" if v is None else f"{v:.6f}" for v in values)] for name, *values in rows),
        [f"{report.noun}s", report.count, "", "", ""],
        ["always answering", printable(chance.guess), "", "", ""],
    ]


def _confusion(report: Report) -> list[Row]:
    rows: list[Row] = [["true \\ predicted", *map(printable, report.classes)]]
    for name, counts in zip(report.classes, report.confusion.tolist(), strict=True):
        rows.append([printable(name), *counts])
    return rows


def _per_class(report: Report) -> list[Row]:
    rows: list[Row] = [["name", "precision", "recall", "f1", "support"]]
    for row in report.per_class:
        shares = (f"{share:.6f}" for share in (row.precision, row.recall, row.f1))
        rows.append([printable(row.name), *shares, row.support])
    return rows


def _wrong(report: Report) -> list[Row]:
    explained = any(w.command for w in report.wrong)
    head = ["index", "path", "true", "predicted", "confidence"]
    rows: list[Row] = [[*head, "command"] if explained else head]
    for w in report.wrong:
        texts = printable(w.name), printable(w.true), printable(w.predicted), f"{w.confidence:.6f}"
        rows.append([w.index, *texts, *([w.command] if explained else [])])
    return rows
