"""The judgement of a network that gives any number of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.multi_label import MultiLabelReport, WrongLabels

WRONG = d.Limit(10, 24, "more", "--json lists them all", "see wrong.csv")

MOST_DRAWN = 40
"""Labels that have a bar in the figure, those with the most pictures."""


def multi_label_document(report: MultiLabelReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    of = f"of {counted(report.count, report.noun)}{f': {name}' if name else ''}"
    pictures = [_picture(each, None) for each in report.wrong]
    return d.Document(
        f"mAP {report.mean_average_precision:.2%} {of}",
        (
            d.Facts(numbers(report)),
            _labels(report),
            d.Only("terminal", [d.Pictures(pictures, limit=WRONG)]),
        ),
        drawing=lambda: draw_labels(report),
    )


def multi_label_sections(report: MultiLabelReport, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = f"Average precision of each label, beside the share of {report.noun}s that have it."
    yield d.Section(
        "Labels",
        [d.Figure(lambda: draw_labels(report), words, 640), _labels(report)],
    )
    if not report.wrong:
        yield d.Section("The worst mistakes", [d.Text("There are none.")])
        return
    described = d.Text(
        f"{counted(len(report.wrong), report.noun)} with a wrong label, the worst first. Labels "
        "that are missing in the data often show here."
    )
    shown = [_picture(each, pictures) for each in report.wrong]
    yield d.Section("The worst mistakes", [described, d.Pictures(shown, limit=WRONG)])


def numbers(report: MultiLabelReport) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    return [
        ("mAP", f"{report.mean_average_precision:.2%}", "mean average precision of the labels"),
        ("guessing", f"{report.guessing:.2%}", "mAP of scores drawn at random"),
        ("micro F1", f"{report.micro_f1:.2%}", "of all decisions together"),
        ("macro F1", f"{report.macro_f1:.2%}", "mean of the labels"),
        ("all labels right", f"{report.exact:.2%}", ""),
        ("threshold", f"{report.threshold:.2%}", "labels are given from this probability on"),
        ("cross-entropy", f"{report.cross_entropy:.4f}", ""),
    ]


def draw_labels(report: MultiLabelReport) -> Figure:
    """Average precision of each label as a bar, with the share of pictures that have it."""
    rows = sorted(report.per_label, key=lambda row: -row.support)[:MOST_DRAWN][::-1]
    figure = new_figure(6.4, 1.2 + 0.3 * len(rows))
    axes = figure.add_subplot()
    places = range(len(rows))
    axes.barh(
        places, [row.average_precision or 0.0 for row in rows], color=BLUE, height=0.6,
        label="average precision",
    )  # fmt: skip
    axes.plot(
        [row.support / report.count for row in rows], places, "|", color=GREY, markersize=14,
        markeredgewidth=3, label=f"share of {report.noun}s: guessing",
    )  # fmt: skip
    axes.set_yticks(places, [printable(row.name)[:24] for row in rows])
    axes.set_xlim(0.0, 1.0)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    return figure


def _labels(report: MultiLabelReport) -> d.Table:
    heads = ("label", "AP", "precision", "recall", "F1", f"{report.noun}s", "given")
    rows = [
        (
            row.name,
            "–" if row.average_precision is None else f"{row.average_precision:.3f}",
            f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.f1:.3f}", str(row.support),
            str(row.given),
        )
        for row in report.per_label
    ]  # fmt: skip
    return d.Table("Labels", heads, rows)


def _picture(wrong: WrongLabels, pictures: Dataset | None) -> d.Picture:
    return d.Picture(
        lambda: None if pictures is None else pictures.images[wrong.index],
        (wrong.words, wrong.name),
        f"wrong: {wrong.name}; {wrong.words}",
    )
