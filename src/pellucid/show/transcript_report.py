"""The judgement of a speech recognizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.evaluation.transcription import NOTHING
from pellucid.metrics.word_error import align
from pellucid.show import document as d
from pellucid.show.confusion import draw_confusion
from pellucid.show.sound_axes import heard_words
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.transcription import RecordingRow, TranscriptReport

MOST_DRAWN = 24
"""Words that the figure has, those with most errors."""

LIMIT = d.Limit(10, 12, "more", "--json lists them all", "see the tables beside this page")


def transcript_document(report: TranscriptReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the recordings are called.
    """
    of = f"of {counted(report.count, 'recording')}{f': {name}' if name else ''}"
    remark = report.remark
    return d.Document(
        f"word error {report.word_error:.2%} {of}",
        (
            d.Facts(numbers(report)),
            *([d.Text(f"what stands out: {remark}")] if remark else ()),
            _confusions(report),
            _recordings(report),
        ),
        drawing=lambda: draw_words(report),
    )


def transcript_sections(report: TranscriptReport, recordings: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = (
        f"Rows: words that were said; columns: words that were heard. {NOTHING} stands for no "
        "word: its column has words that were left out, its row those that were added."
    )
    yield d.Section(
        "Words",
        [_words(report), _confusions(report), d.Figure(lambda: draw_words(report), words, 640)],
    )
    yield d.Section(
        "Texts with most errors",
        [
            d.Text(
                "Wrong words are in brackets, [said → heard]. Errors of texts that are wrong in "
                "the data show here, too: listen to these."
            ),
            _recordings(report),
            *(() if recordings.sound is None else (d.Text(heard_words(recordings.sound)),)),
            d.Pictures(
                [_picture(row, recordings) for row in report.recordings if row.errors],
                360,
                LIMIT,
            ),
        ],
    )  # fmt: skip


def numbers(report: TranscriptReport) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    low, high = report.word_error_interval
    unknown = f"{report.unknown} {report.units} of the texts are none that the network can write"
    return [
        ("word error", f"{report.word_error:.2%}", f"95 % interval {low:.2%} to {high:.2%}"),
        (
            "taken for others, left out, added",
            f"{report.substitutions}, {report.deletions}, {report.insertions}",
            f"of {counted(report.words, 'word')}",
        ),
        ("character error", f"{report.character_error:.2%}", ""),
        ("texts without an error", f"{report.whole} of {report.count}", ""),
        *([("unknown", str(report.unknown), unknown)] if report.unknown else ()),
    ]  # fmt: skip


def draw_words(report: TranscriptReport) -> Figure:
    """Which words were taken for which, with those left out and added."""
    wrong = {row.word: row.substituted + row.deleted + row.inserted for row in report.per_word}
    said = {row.word: row.said for row in report.per_word}
    drawn = sorted(wrong, key=lambda word: (-wrong[word], -said[word], word))[:MOST_DRAWN]
    places = {word: place for place, word in enumerate(sorted(drawn))}
    places_of: dict[str | None, int] = {None: len(places), **{word: places[word] for word in drawn}}
    counts = np.zeros((len(places) + 1, len(places) + 1), np.int64)
    for row in report.per_word:
        if row.word in places:
            counts[places[row.word], places[row.word]] = row.heard
    for each in report.confusions:
        if each.said in places_of and each.heard in places_of:
            counts[places_of[each.said], places_of[each.heard]] = each.count
    names = [printable(word) for word in places]
    axes = "word that was said", "word that was heard", "errors, of the times it was said"
    return draw_confusion(counts, [*names, NOTHING], axes)


def _words(report: TranscriptReport) -> d.Table:
    heads = ("word", "said", "heard", "taken for others", "left out", "added")
    rows = [
        (printable(row.word), *map(str, (row.said, row.heard, row.substituted, row.deleted,
                                         row.inserted)))
        for row in report.per_word
    ]  # fmt: skip
    return d.Table("Words", heads, rows, limit=LIMIT)


def _confusions(report: TranscriptReport) -> d.Table:
    rows = [
        (printable(each.said or NOTHING), printable(each.heard or NOTHING), str(each.count))
        for each in report.confusions
    ]
    return d.Table("Confusions", ("said", "heard", "times"), rows, left=2, limit=LIMIT, titled=True)


def _recordings(report: TranscriptReport) -> d.Table:
    wrong = [row for row in report.recordings if row.errors]
    rows = [(printable(row.name), compared(row), str(row.errors)) for row in wrong]
    heads = ("recording", "text", "errors")
    return d.Table("Texts with errors", heads, rows, left=2, limit=LIMIT, titled=True)


def compared(row: RecordingRow) -> str:
    """A text with its wrong words in brackets: ``one [two → three] four``."""
    return " ".join(
        printable(said or "") if said == heard
        else f"[{printable(said or NOTHING)} → {printable(heard or NOTHING)}]"
        for said, heard in align(row.said.split(), row.heard.split())
    )  # fmt: skip


def _picture(row: RecordingRow, recordings: Dataset) -> d.Picture:
    from pellucid.data.check.fingerprint import image_of

    words = compared(row)
    return d.Picture(
        lambda: image_of(recordings.images[row.index]), (words, row.name), f"{row.name}: {words}"
    )
