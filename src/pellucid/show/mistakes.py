"""Mistakes: pictures that are answered otherwise than they are labelled, or how far off."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import bare, draw_picture, drawable, new_figure
from pellucid.text import counted, printable
from pellucid.transfer.wrong_numbers import FEWEST, OUTLYING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.evaluation.mistake import Mistake, PartCount
    from pellucid.evaluation.mistakes import Mistakes

LINES = d.Limit(20, 1_000_000, "more", "--json, --csv and --html list more")
"""Mistakes that a terminal prints."""

PAIRS = d.Limit(12, 60, "more pairs")

MOST_SHOWN = 200
"""Mistakes on a page."""

MOST_DRAWN, ACROSS = 12, 4
"""Pictures on a figure, and in its rows."""

SIDE = 112
"""CSS pixels of a picture's longer side on a page."""

HOW = {
    "network": "by the network, which did not learn from them",
    "folds": "by heads on its features, each of which did not learn from the pictures it answered",
}
"""Who answered a part, in words."""

_LONGEST = 26


def mistakes_document(mistakes: Mistakes) -> d.Document:
    """How many there are of each part and pair, and the pictures, with the nearest of training."""
    pictures = counted(sum(each.pictures for each in mistakes.parts), "picture")
    some = f", {len(mistakes)} of them here" if len(mistakes) < mistakes.of else ""
    what = (
        f"Errors of {pictures}"
        if mistakes.unit
        else f"{counted(mistakes.of, 'mistake')} in {pictures}"
    )
    return d.Document(
        f"{what}{some}: {mistakes.data}",
        (
            d.Items([*(_part(each, mistakes.unit) for each in mistakes.parts), *mistakes.notes]),
            *(_numbers(mistakes) if mistakes.unit else _pairs(mistakes)),
            *_rows(mistakes),
        ),
        drawing=lambda: draw_mistakes(mistakes),
    )


def _part(each: PartCount, unit: str) -> str:
    if each.wrong is None:
        error = "" if each.error is None else f", {each.error:.3g} {unit} off on average"
        return f"{each.part}: {each.pictures} answered{error}, {HOW[each.by]}"
    return (
        f"{each.part}: {each.wrong} of {each.pictures} answered otherwise than labelled, "
        f"{HOW[each.by]}"
    )


def _pairs(mistakes: Mistakes) -> Iterator[d.Part]:
    """How many mistakes there are of each pair of label and answer."""
    if not len(mistakes):
        yield d.Text("Every picture is answered as it is labelled.")
        return
    doubted = [each.pair for each in mistakes.suspicious]
    rows = [
        (true, answered, str(count), str(doubted.count((true, answered))))
        for (true, answered), count in mistakes.pairs.items()
    ]
    heads = ("labelled", "answered", "mistakes", "labels likely wrong")
    table = d.Table("Mistakes by label and answer", heads, rows, left=2, limit=PAIRS)
    yield d.Section("Label and answer", [table])


def _numbers(mistakes: Mistakes) -> Iterator[d.Part]:
    """How far off each number is in each part, and from where on a label is likely wrong."""
    rows = [
        (
            part.part, each.name, "–" if each.r2 is None else f"{each.r2:.4f}",
            f"{each.mean_absolute_error:.4g}", f"{each.deviation:.4g}", str(each.outlying),
        )
        for part in mistakes.parts
        for each in part.numbers
    ]  # fmt: skip
    if not rows:
        return
    heads = (
        "part", "number", "R²", "mean absolute error", "robust deviation", "labels likely wrong",
    )  # fmt: skip
    table = d.Table("Errors by part and number", heads, rows, left=2)
    how = d.Text(
        "a label is likely wrong where the answer less the label is more than "
        f"{OUTLYING:g} robust deviations from the median of its part; of fewer than {FEWEST} "
        "pictures none is doubted",
    )
    yield d.Section("Numbers", [table, how])


def _rows(mistakes: Mistakes) -> Iterator[d.Part]:
    if not len(mistakes):
        return
    move = "move, to the number that is right" if mistakes.unit else "move"
    advice = d.Text(
        f"look at each: where the label is wrong, {move}; where the picture does not belong, leave "
        "it out; where it is right, keep it (pellucid mistakes --csv, then train --decisions)",
        "What to do:",
    )
    lines = [line for each in mistakes.rows for line in _lines(each)]
    shown = [_box(mistakes, each) for each in mistakes.rows[:MOST_SHOWN]]
    left = len(mistakes) - len(shown)
    more = [d.Text(f"And {left} more; --json and --csv list all.")] if left else []
    farthest = "Errors, the largest first"
    yield d.Section(
        farthest if mistakes.unit else "Mistakes, those first of which it was surest",
        [
            d.Only("terminal", [d.Items(lines, LINES), advice]),
            d.Only("page", [advice, *shown, *more]),
        ],
    )


def _lines(mistake: Mistake) -> Iterator[str]:
    decided = f"; decided: {mistake.decision}" if mistake.decision else ""
    yield f"{mistake.line}{decided}"
    if mistake.neighbours:
        near = ", ".join(map(str, mistake.neighbours))
        yield f"  nearest in training: {near}"


def _box(mistakes: Mistakes, mistake: Mistake) -> d.Box:
    """A mistake with its guesses or numbers, beside the nearest training pictures."""
    own = d.Pictures([_picture(mistakes, mistake.path, (f"{mistake.part}: {mistake.path}",))], SIDE)
    near = [
        _picture(mistakes, each.name, (each.label, f"similarity {each.similarity:.3f}", each.name))
        for each in mistake.neighbours or ()
    ]
    beside: list[d.Part] = [d.Section("", [own]), d.Section("", [_answers(mistake)])]
    if near:
        beside.append(d.Section("Nearest in training", [d.Pictures(near, SIDE)]))
    decided = f" Decided: {mistake.decision}." if mistake.decision else ""
    doubt = " The label is likely wrong." if mistake.suspicious else ""
    words = (
        f"labelled {mistake.true}, answered {mistake.answered} ({mistake.measure}).{doubt}{decided}"
    )
    return d.Box([d.Text(words), d.Beside(beside)], "warn" if mistake.suspicious else "note")


def _answers(mistake: Mistake) -> d.Part:
    """The most probable classes; or each number, with how far out the answer is."""
    if not mistake.numbers:
        guesses = [d.Bar(name, share, f"{share:.1%}") for name, share in mistake.guesses]
        return d.Bars("probabilities", guesses)
    rows = [
        (
            each.name, f"{each.true:g}", f"{each.answered:.4g}",
            f"{each.deviations:.1f}{', likely wrong' if each.outlying else ''}",
        )
        for each in mistake.numbers
    ]  # fmt: skip
    heads = "number", "labelled", "answered", "robust deviations off"
    return d.Table("numbers", heads, rows)


def _picture(mistakes: Mistakes, path: str, lines: tuple[str, ...]) -> d.Picture:
    return d.Picture(lambda: mistakes.picture(path), lines)


def draw_mistakes(mistakes: Mistakes) -> Figure:
    """The first mistakes in rows, each below what it is labelled with and what was answered."""
    chosen = mistakes.rows[:MOST_DRAWN]
    across = max(1, min(ACROSS, len(chosen)))
    down = max(1, -(-len(chosen) // across))
    figure = new_figure(2.6 * across, 3.1 * down)
    grid = figure.subplots(down, across, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, mistake in zip(grid.flat, chosen, strict=False):
        axes.set_axis_on()
        image = mistakes.picture(mistake.path)
        if image is not None:
            draw_picture(axes, image)
        bare(axes, "\n".join(_titles(mistake)))
    return figure


def _titles(mistake: Mistake) -> tuple[str, str, str]:
    """The lines above a picture: its name, what it is labelled with, and what was answered."""
    name = _fitting(PurePath(mistake.path).name or mistake.path)
    label, answer = f"labelled {_fitting(mistake.true)}", _fitting(mistake.answered)
    if mistake.error is None:
        return name, label, f"{answer} {mistake.measure}"
    return f"{name}: {mistake.error:.3g} SD off", label, answer  # several numbers fill a line


def _fitting(name: str) -> str:
    """A name that has room, in letters that the font has."""
    plain = printable(name)
    if not drawable(plain):
        plain = plain.encode("ascii", "backslashreplace").decode("ascii")
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
