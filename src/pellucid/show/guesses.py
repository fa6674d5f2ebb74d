"""Pictures above their likeliest classes, the right one marked."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import bare, draw_picture, drawable, new_figure
from pellucid.show.palette import GREEN, GREY, PROBABILITY
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.evaluation.answer_forms import Bar
    from pellucid.evaluation.guesses import Guess, Guesses

MOST_DRAWN = 12
"""Pictures on a figure."""

ACROSS = 4
_WIDTH, _PICTURE, _ROW, _TITLE = 2.6, 2.5, 0.22, 0.5  # inches

SIDE = 224
"""CSS pixels of a picture's longer side on a page."""

BOXED_SIDE = 480
"""The same of pictures with boxes, whose words are to be read."""

LONGEST = 28
"""Letters of a name in a figure."""

PALE = 0.4
"""Opacity of bars, so that names on them can be read."""


def guesses_document(guesses: Guesses) -> d.Document:
    """The answers, each picture beside its guesses."""
    left = guesses.count - len(guesses.guesses)
    more = [d.Text(f"And {counted(left, f'more {guesses.noun}')}.")] if left else []
    return d.Document(
        title(guesses),
        [*(_section(each) for each in guesses.guesses), *more],
        drawing=lambda: draw_guesses(guesses),
    )


def title(guesses: Guesses) -> str:
    """``photo.jpg: traffic light  91.26%``; of several pictures how many were answered rightly."""
    if len(guesses.guesses) == 1 == guesses.count:
        (only,) = guesses.guesses
        return f"{_short(only.picture)}: {only.answer}"
    pictures = counted(guesses.count, guesses.noun)
    if not guesses.known:
        return pictures
    among = f", {guesses.among} among {guesses.top}" if guesses.top > 1 else ""
    return f"{pictures}: {guesses.right} of {guesses.known} right{among}"


def _section(guess: Guess) -> d.Section:
    pixels = guess.pixels
    words = "the picture as it is in its file" if guess.boxed else "what the network sees"
    side = BOXED_SIDE if guess.boxed else SIDE
    shown = d.Pictures([d.Picture(lambda: pixels, (words,))], side)
    return d.Section(guess.picture, [d.Beside([shown, rows_part(guess.rows, guess.threshold)])])


def rows_part(rows: Sequence[Bar], threshold: float | None = None) -> d.Part:
    """An answer's rows: bars of what has a share, or facts of what has none."""
    bars = _bars(rows)
    facts = [(name, words, note) for name, words, share, note in rows if share is None]
    return d.Facts(facts) if facts else d.Bars("probabilities", bars, mark=threshold)


def _bars(rows: Sequence[Bar]) -> list[d.Bar]:
    return [
        d.Bar(name, share, words, note) for name, words, share, note in rows if share is not None
    ]


def draw_guesses(guesses: Guesses) -> Figure:
    """The first pictures in rows, each above its bars; the bar of the right class is green."""
    chosen = guesses.guesses[:MOST_DRAWN]
    across = max(1, min(ACROSS, len(chosen)))
    down = max(1, -(-len(chosen) // across))
    rows = max([1, *(len(each.rows) for each in chosen)])
    heights = [_PICTURE, _ROW * rows]
    figure = new_figure(_WIDTH * across, down * (sum(heights) + _TITLE))
    grid = figure.subplots(
        2 * down, across, squeeze=False, gridspec_kw={"height_ratios": heights * down}
    )
    for axes in grid.flat:
        axes.set_axis_off()
    for k, guess in enumerate(chosen):
        row, column = divmod(k, across)
        _draw_picture(grid[2 * row, column], guess)
        _draw_rows(grid[2 * row + 1, column], guess, rows)
    return figure


def _draw_picture(axes: Axes, guess: Guess) -> None:
    axes.set_axis_on()
    if guess.pixels is not None:
        draw_picture(axes, guess.pixels)
    name = _fitting(_short(guess.picture))
    right = "" if guess.true is None else f"\nright: {_fitting(guess.true)}"
    bare(axes, f"{name}{right}")


def _draw_rows(axes: Axes, guess: Guess, rows: int) -> None:
    """The names on their bars, which are as wide as the picture where they are certain."""
    axes.set(xlim=(0.0, 1.0), ylim=(rows - 0.5, -0.5))
    for k, (name, words, share, _) in enumerate(guess.rows):
        true = name == guess.true
        if share is not None:
            colour = GREEN if true else PROBABILITY if guess.true is None else GREY
            axes.barh(k, share, 0.86, color=colour, alpha=PALE)
        weight = "bold" if true else "normal"
        axes.text(0.02, k, _fitting(name), fontsize=9.0, va="center", weight=weight)
        axes.text(0.99, k, words, fontsize=8.0, va="center", ha="right")


def _short(picture: str) -> str:
    return printable(PurePath(picture).name or picture)


def _fitting(name: str) -> str:
    """A name that has room, in letters that the font has."""
    plain = printable(name)
    if not drawable(plain):
        plain = plain.encode("ascii", "backslashreplace").decode("ascii")
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"
