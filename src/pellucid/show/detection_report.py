"""The judgement of a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.boxed import SIDE, DrawnBox, boxed
from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.detection import DetectionReport, PictureRow

LIMIT = d.Limit(10, 12, "more", "--json lists them all", "see boxes.csv")

MOST_DRAWN = 30
"""Classes that the figure has, those with most boxes."""


def detection_document(report: DetectionReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    of = f"of {counted(report.count, 'picture')}{f': {name}' if name else ''}"
    remark = report.remark
    pictures = [_picture(each, None) for each in report.wrong if each.faults]
    return d.Document(
        f"mAP {report.map50:.1%} at IoU 0.5 {of}",
        (
            d.Facts(numbers(report)),
            *([d.Text(f"what stands out: {remark}")] if remark else ()),
            _classes(report),
            d.Only("terminal", [d.Pictures(pictures, limit=LIMIT)]),
        ),
        drawing=lambda: draw_precisions(report),
    )


def detection_sections(report: DetectionReport, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = "Average precision of each class at an IoU of 0.5, and its mean from 0.5 to 0.95."
    yield d.Section(
        "Classes",
        [
            _classes(report),
            d.Figure(lambda: draw_precisions(report), words, 560),
        ],
    )
    described = d.Text(
        "Those with most faults first. Blue: found; vermilion and doubled: shown, and no box of "
        "the data; grey and broken: missed. Boxes that are wrong or missing in the data often show "
        "here."
    )
    shown = [_picture(each, pictures) for each in report.wrong if each.faults]
    yield d.Section("Misses and false alarms", [described, d.Pictures(shown, 480, LIMIT)])
    right = [_picture(each, pictures) for each in report.wrong if not each.faults and each.hits]
    if right:
        some = d.Limit(0, 4, "more", "", "see boxes.csv")
        yield d.Section("Pictures without a fault", [d.Pictures(right, 480, some)])


def numbers(report: DetectionReport) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    low, high = report.map50_interval
    return [
        ("mAP at IoU 0.5", f"{report.map50:.1%}", f"95 % interval {low:.1%} to {high:.1%}"),
        ("mAP at IoU 0.5 to 0.95", f"{report.map:.1%}", "as COCO ranks detectors"),
        (
            "found", f"{report.found} of {counted(report.boxes, 'box')}",
            f"boxes of a probability from {report.shown:.0%} on, at IoU 0.5",
        ),
        ("false alarms", str(report.false_alarms), ""),
    ]  # fmt: skip


def draw_precisions(report: DetectionReport) -> Figure:
    """Average precision of each class, a bar each, and the mark of its mean over IoU."""
    rows = sorted(
        (row for row in report.per_class if row.average_precision_50 is not None),
        key=lambda row: -row.boxes,
    )[:MOST_DRAWN]
    figure = new_figure(6.4, 1.2 + 0.32 * max(1, len(rows)))
    axes = figure.add_subplot()
    places = range(len(rows))
    axes.barh(
        places, [row.average_precision_50 or 0.0 for row in rows], color=BLUE, label="IoU 0.5"
    )
    means = [row.average_precision or 0.0 for row in rows]
    axes.plot(means, places, "|", color=GREY, markersize=14, markeredgewidth=3,
              label="IoU 0.5 to 0.95")  # fmt: skip
    axes.set_yticks(places, [f"{printable(row.name)[:30]} ({row.boxes})" for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel("average precision")
    axes.set_title("Average precision (boxes)", loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    return figure


def _classes(report: DetectionReport) -> d.Table:
    heads = (
        "class", "boxes", "AP at IoU 0.5", "AP at 0.5 to 0.95", "precision", "recall", "missed",
        "false alarms",
    )  # fmt: skip
    rows = [
        (
            printable(row.name), str(row.boxes), _share(row.average_precision_50),
            _share(row.average_precision), _share(row.precision), _share(row.recall),
            str(row.missed), str(row.false_alarms),
        )
        for row in report.per_class
    ]  # fmt: skip
    return d.Table("Classes", heads, rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _picture(row: PictureRow, pictures: Dataset | None) -> d.Picture:
    from pellucid.data.check.fingerprint import image_of

    missed, alarms = len(row.missed), len(row.false_alarms)
    words = f"{len(row.hits)} found, {missed} missed, {counted(alarms, 'false alarm')}"
    return d.Picture(
        lambda: (
            None
            if pictures is None
            else boxed(image_of(pictures.images[row.index]), drawn(row), SIDE)
        ),
        (words, row.name),
        f"{row.name}: {words}",
    )


def drawn(row: PictureRow) -> list[DrawnBox]:
    """The boxes of a picture: what is missed below, what is wrong on top."""
    return [
        *(DrawnBox(each.box, each.name, GREY, "broken") for each in row.missed),
        *(DrawnBox(each.box, f"{each.name} {each.probability:.0%}") for each in row.hits),
        *(DrawnBox(each.box, f"{each.name} {each.probability:.0%}", VERMILION, "double")
          for each in row.false_alarms),
    ]  # fmt: skip
