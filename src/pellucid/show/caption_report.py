"""The judgement of a captioner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.captions import TOP
from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.captions import CaptionReport, CaptionRow

LIMIT = d.Limit(10, 12, "more", "--json lists them all", "see captions.csv")


def caption_document(report: CaptionReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    of = f"of {counted(report.count, 'picture')}{f': {name}' if name else ''}"
    remark = report.remark
    return d.Document(
        f"BLEU-4 {report.bleu[-1]:.1%} {of}",
        (
            d.Facts(numbers(report)),
            *([d.Text(f"what stands out: {remark}")] if remark else ()),
            *_baselines(report),
            d.Only(
                "terminal", [d.Pictures([_picture(row, None) for row in report.rows], limit=LIMIT)]
            ),
        ),
        drawing=lambda: draw_bleu(report),
    )


def caption_sections(report: CaptionReport, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = "BLEU-1 to BLEU-4 of the captions, beside what needs no network for words."
    yield d.Section(
        "Captions beside baselines",
        [*_baselines(report), d.Figure(lambda: draw_bleu(report), words, 560)],
    )
    described = d.Text(
        "Those with the fewest words that a caption of the data has, first; in brackets a caption "
        "of the data."
    )
    shown = [_picture(row, pictures) for row in report.rows]
    yield d.Section("Captions far off", [described, d.Pictures(shown, 320, LIMIT)])
    some = d.Limit(0, 12, "more", "", "see captions.csv")
    near = [_picture(row, pictures) for row in reversed(report.rows)]
    yield d.Section("Captions near by", [d.Pictures(near, 320, some)])


def numbers(report: CaptionReport) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    low, high = report.interval
    found = [
        ("BLEU-4", f"{report.bleu[-1]:.1%}", f"95 % interval {low:.1%} to {high:.1%}"),
        (
            "BLEU-1 to BLEU-3", " / ".join(f"{value:.1%}" for value in report.bleu[:-1]),
            f"by {counted(report.references, 'caption')} of the data; beam {report.beam}",
        ),
    ]  # fmt: skip
    if report.shuffled is not None:
        found.append(
            (
                "with pictures shuffled", f"{report.shuffled:.1%}",
                "BLEU-4 where each picture has another one's caption",
            )
        )  # fmt: skip
    if report.ranked > TOP:
        words = f"of {report.ranked}, by the likelihood of captions of the data"
        found.append(
            (
                f"pictures found among the first {TOP}",
                f"{report.found:.1%}",
                f"{words}; chance {report.chance:.0%}",
            )
        )
    return found


def draw_bleu(report: CaptionReport) -> Figure:
    """BLEU-1 to BLEU-4, of the captions and of each baseline."""
    rows = [("the captions", report.bleu), *((each.name, each.bleu) for each in report.baselines)]
    figure = new_figure(6.4, 1.3 + 0.75 * len(rows))
    axes = figure.add_subplot()
    for place, (_, values) in enumerate(rows):
        colour = BLUE if place == 0 else GREY
        for n, value in enumerate(values):
            at = place + 0.19 * (n - 1.5)
            axes.barh(at, value, 0.17, color=colour, alpha=0.4 + 0.2 * n)
            axes.text(value + 0.005, at, f"BLEU-{n + 1} {value:.1%}", va="center", fontsize=7)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, max(value for _, values in rows for value in values) * 1.25 + 0.02)
    axes.set_xlabel("BLEU")
    axes.set_title("BLEU of captions", loc="left")
    return figure


def _baselines(report: CaptionReport) -> Iterator[d.Part]:
    if not report.baselines:
        yield d.Text(
            "what the captions are compared with is left out, as it is not known what was learned "
            "from; judge by the data that the model learned from a part of"
        )
        return
    heads = ("", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "beaten in", "caption")
    rows = [
        ("the captions", *(f"{value:.1%}" for value in report.bleu), "", ""),
        *(
            (
                each.name, *(f"{value:.1%}" for value in each.bleu),
                f"{each.beaten:.1%} of samples", printable(each.caption or ""),
            )
            for each in report.baselines
        ),
    ]  # fmt: skip
    yield d.Table("Beside what needs no network for words", heads, rows)


def _picture(row: CaptionRow, pictures: Dataset | None) -> d.Picture:
    from pellucid.data.check.fingerprint import image_of

    one = printable(row.references[0]) if row.references else ""
    words = f"{printable(row.caption)} ({one})"
    return d.Picture(
        lambda: None if pictures is None else image_of(pictures.images[row.index]),
        (words, row.name),
        f"{row.name}: {words}",
    )
