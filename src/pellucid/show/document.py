"""Documents: what a record shows, as data; terminal, pages and notebooks render the same one.

A document is a title and parts. Parts hold words, numbers and arrays, never markup, so that names
are escaped in one place and every medium lays them out as suits it. What costs time (a figure, a
copy of a picture) is a function that is called when it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from matplotlib.figure import Figure as Drawing
    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.graph import Graph

T = TypeVar("T")

Mark = Literal["", "note", "warn", "grave"]
"""How much something matters: colour and sign of a heading or a box."""

Colours = Literal["signed", "weights"]
"""The scale of numbers about 0: activations and evidence, or weights; see ``show.palette``."""


@dataclass(frozen=True)
class Limit:
    """How many entries of a long list are shown, and what is said of the others.

    Attributes:
        terminal: How many are printed.
        page: How many fit on a page.
        noun: What the others are, ``smaller terms``.
        terminal_hint: Where the others are, in brackets behind their number.
        page_hint: The same on a page.
        others: How that is put, with ``{left}``, their number, and ``{noun}``.
    """

    terminal: int
    page: int = 1_000_000
    noun: str = "more"
    terminal_hint: str = ""
    page_hint: str = ""
    others: str = "and {left} {noun}"


@dataclass(frozen=True)
class Text:
    """A paragraph.

    Attributes:
        words: Plain words.
        lead: The first words, which stand out: ``It can say``.
        strong: Whether all of it stands out.
        indent: Columns that a terminal leaves free at the left.
        hanging: Columns more that it leaves free from the second line on.
        prose: Whether a terminal fills lines of 80 columns; else each paragraph is one line.
    """

    words: str
    lead: str = ""
    strong: bool = False
    indent: int = 0
    hanging: int = 0
    prose: bool = False


@dataclass(frozen=True)
class Items:
    """A list of lines.

    Attributes:
        lines: A line each.
        limit: How many are shown.
    """

    lines: Sequence[str]
    limit: Limit | None = None


@dataclass(frozen=True)
class Table:
    """Rows of words under headings; the first ``left`` columns are flush left, the others right.

    Attributes:
        name: What it shows, for those who come to it by keyboard.
        heads: One a column.
        rows: Their cells.
        left: How many columns hold words and no numbers.
        totals: How many rows at the end are sums of those above.
        limit: How many rows are shown.
        narrow: The same with shorter words, for a terminal where this one has no room.
        too_wide: What a terminal prints where neither has room; none: lines are broken.
        titled: Whether a terminal prints the name above.
        listing: Whether a terminal draws no lines and keeps to its width, as lists of files do.
    """

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    totals: int = 0
    limit: Limit | None = None
    narrow: Table | None = None
    too_wide: str = ""
    titled: bool = False
    listing: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with their values: ``accuracy``, ``98.20%``, and remarks."""

    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Bar:
    """A named number.

    Attributes:
        name: What it is.
        value: Its length.
        written: The number in words.
        note: What else is said of it.
    """

    name: str
    value: float
    written: str
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """Named numbers with a bar each: probabilities, 0 to 1, or signed numbers about 0.

    Attributes:
        name: What they are.
        rows: From above.
        signed: Whether bars go both ways, as far as the largest; else 1 is the full width.
        limit: How many are shown.
        mark: Where a line crosses all bars, e.g. a threshold; none: nowhere.
    """

    name: str
    rows: Sequence[Bar]
    signed: bool = False
    limit: Limit | None = None
    mark: float | None = None


@dataclass(frozen=True)
class Figure:
    """A Matplotlib figure; a terminal leaves it out.

    Attributes:
        draw: Makes it, when it is needed.
        alt: What it shows, for those who cannot see it.
        width: In CSS pixels, where there is room.
    """

    draw: Callable[[], Drawing]
    alt: str
    width: int = 960


@dataclass(frozen=True)
class Diagram:
    """A network's graph, drawn; a terminal leaves it out.

    Attributes:
        graph: The graph.
        alt: What it shows, for those who cannot see it.
    """

    graph: Graph
    alt: str


@dataclass(frozen=True)
class Picture:
    """A picture of data with lines below.

    Attributes:
        image: Returns it: uint8 (H, W, C), or a Pillow image; none where there is no picture.
        lines: Words below; the first stands out.
        printed: The line that a terminal prints instead; none: the lines, joined.
        command: A command line that says more.
    """

    image: Callable[[], NDArray[np.uint8] | Image.Image | None]
    lines: Sequence[str]
    printed: str = ""
    command: str = ""


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side, enlarged by a whole factor so that every pixel can be seen.

    Attributes:
        items: In order.
        side: CSS pixels that the longer side of each has at most.
        limit: How many are shown.
    """

    items: Sequence[Picture]
    side: int = 112
    limit: Limit | None = None


@dataclass(frozen=True)
class Maps:
    """A layer's values as squares: feature maps with their numbers, or a vector in rows.

    Attributes:
        values: (H, W, C) or (F,).
        alt: What they are, for those who cannot see them.
        colours: The scale.
        names: What each map is called; empty: its number.
    """

    values: NDArray[Any]
    alt: str
    colours: Colours = "signed"
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Grids:
    """Small tables of numbers side by side, each under its title; None where there is no number."""

    grids: Mapping[str, Sequence[Sequence[float | None]]]
    indent: int = 2


@dataclass(frozen=True)
class Blank:
    """A place for an answer.

    Attributes:
        name: What it is called, ``2c``.
        answer: What is filled in; empty on sheets that ask for it.
    """

    name: str
    answer: str = ""

    @property
    def printed(self) -> str:
        """As a terminal prints it."""
        return f"{self.answer} ({self.name})" if self.answer else f"____ ({self.name})"


@dataclass(frozen=True)
class Array:
    """A small table of written numbers and blanks under a title.

    Attributes:
        title: What it is.
        rows: Its cells.
        heads: Above the columns; empty for none.
        sides: Beside the rows; empty for none.
        sign: What stands before it: ``×`` or ``=``.
        words: How many columns at the left hold words.
    """

    title: str
    rows: Sequence[Sequence[str | Blank]]
    heads: Sequence[str] = ()
    sides: Sequence[str] = ()
    sign: str = ""
    words: int = 0


@dataclass(frozen=True)
class Arrays:
    """Arrays side by side, as far as there is room."""

    items: Sequence[Array]


@dataclass(frozen=True)
class Question:
    """Words, and a blank for the answer behind them."""

    words: str
    blank: Blank


@dataclass(frozen=True)
class Fields:
    """Names with a line behind each to write on: of a student, of a day."""

    names: Sequence[str]


@dataclass(frozen=True)
class Code:
    """Text that is shown as it is: a configuration, a command."""

    text: str


@dataclass(frozen=True)
class Section:
    """Parts under a heading.

    Attributes:
        title: The heading; empty for none.
        parts: What follows below.
        mark: How much it matters.
        printed: Whether a terminal prints the heading, too, and not only an empty line.
    """

    title: str
    parts: Sequence[Part]
    mark: Mark = ""
    printed: bool = True


@dataclass(frozen=True)
class Box:
    """Parts that belong together, with a line at their side."""

    parts: Sequence[Part]
    mark: Mark = "note"


@dataclass(frozen=True)
class Beside:
    """Parts next to each other, as far as there is room."""

    parts: Sequence[Part]


@dataclass(frozen=True)
class Folded:
    """Parts that a page shows when their title is clicked; a terminal leaves them out."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Only:
    """Parts for one medium alone: e.g. hints at options of a command."""

    medium: Literal["terminal", "page"]
    parts: Sequence[Part]


Part = (
    Text
    | Items
    | Table
    | Facts
    | Bars
    | Figure
    | Diagram
    | Pictures
    | Maps
    | Grids
    | Arrays
    | Question
    | Fields
    | Code
    | Section
    | Box
    | Beside
    | Folded
    | Only
)


@dataclass(frozen=True)
class Document:
    """What a record shows.

    Attributes:
        title: The answer first.
        parts: Everything else, in order.
        drawing: What :meth:`pellucid.record.Record.plot` draws; none for records without figures.
        printed: Whether a terminal prints the title, too.
        language: Of its words, as pages name it: ``en``, ``ko``.
        paper: Whether it is made to be printed and written on: black on white, whatever the theme.
    """

    title: str
    parts: Sequence[Part] = field(default_factory=tuple)
    drawing: Callable[[], Drawing] | None = None
    printed: bool = True
    language: str = "en"
    paper: bool = False
