"""Documents: every kind of record has one, and each medium renders every part, whole and safe."""

from __future__ import annotations

import io
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from pellucid.layers import ReLU, Sequential
from pellucid.record import Record
from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.html import fragment, page
from pellucid.show.records import DOCUMENTS
from pellucid.show.terminal import print_document
from tests.show.reading import HOSTILE, Reader, check_safe, picture, read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIMIT = d.Limit(2, 3, "more names", "--all", "the file has all")


def drawn() -> Figure:
    figure = new_figure(3.0, 2.0)
    figure.add_subplot().set_title(HOSTILE.split("\n", maxsplit=1)[0])
    return figure


def every_part() -> d.Document:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    values = np.linspace(-2.0, 1.0, 32).reshape(4, 4, 2)
    parts: list[d.Part] = [
        d.Text(f"words {HOSTILE}", "lead"),
        d.Text("prose " * 40, prose=True, indent=2, hanging=2),
        d.Items([f"line {k} {HOSTILE}" for k in range(5)], LIMIT),
        d.Table("a table", ("name", "n"), [(HOSTILE, "1"), ("b", "2"), ("sum", "3")], totals=1),
        d.Facts([("accuracy", "98%", HOSTILE), ("loss", "1", "")]),
        d.Bars("probabilities", [d.Bar(HOSTILE, 0.75, "75%"), d.Bar("dog", 0.25, "25%", "yes")]),
        d.Bars("shares", [d.Bar("a", -1.0, "−1"), d.Bar("b", 3.0, "3")], signed=True),
        d.Figure(drawn, f"a chart of {HOSTILE}", 300),
        d.Diagram(Sequential([ReLU(name="a b")]).graph((2, 2, 1)), HOSTILE),
        d.Pictures(
            [d.Picture(lambda: pixels, (HOSTILE, "below"), command="run this")] * 4, limit=LIMIT
        ),
        d.Maps(values, "two maps"),
        d.Maps(values[:, 0, 0], "a vector", "weights"),
        d.Grids({"3×2": [[1.0, None], [-2.5, 3.0]]}),
        d.Arrays(
            [
                d.Array(HOSTILE, [[HOSTILE, "1"], ["2", d.Blank("1a")]], ("x", "y"), ("r", "s")),
                d.Array("filled", [[d.Blank("1b", "3.5")]], sign="×"),
            ]
        ),
        d.Question(HOSTILE, d.Blank("1c")),
        d.Fields(("Name", HOSTILE)),
        d.Code(f"{{\n {HOSTILE}}}"),
        d.Box([d.Text("grave")], "grave"),
        d.Beside([d.Text("one"), d.Text("other")]),
        d.Folded("folded", [d.Text("within")]),
        d.Only("page", [d.Text("a page alone")]),
        d.Only("terminal", [d.Text("a terminal alone")]),
        d.Section(f"inner {HOSTILE}", [d.Section("innermost", [d.Text("deep")])], "warn"),
    ]
    return d.Document(HOSTILE, [d.Section("outer", parts)])


def printed(document: d.Document, *, width: int = 80, full: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False, markup=False, soft_wrap=True)
    print_document(console, document, full=full)
    return file.getvalue()


def test_a_page_of_every_part() -> None:
    found = read(page(every_part()))
    assert found.text.count("<script>alert(2)</script>\\n\\x1b[31m고양이") >= 9
    shown = HOSTILE.replace("\n", "\\n").replace("\x1b", "\\x1b")
    assert found.charts == [f"a chart of {shown}", shown]
    assert [len(found.all(tag)) for tag in ("h1", "h2", "h3", "h4")] == [1, 1, 1, 1]
    assert len(found.all("img")) == 3 + 2
    assert picture(found.all("img")[0]["src"]).size == (4, 4)
    assert "And 2 more names, the file has all." in found.text
    assert "a page alone" in found.text
    assert "a terminal alone" not in found.text
    assert "−2" in found.text  # the end of the maps' scale


def test_a_fragment_for_a_notebook_is_the_same_without_a_frame() -> None:
    content = fragment(every_part())
    found = Reader(content)
    check_safe(content, found)
    assert not found.all("h1")
    assert not found.all("main")
    assert len(found.all("h2")) == 1


def test_every_part_is_printed_or_left_out() -> None:
    text = printed(every_part())
    assert "\x1b" not in text
    for words in (
        "lead words", "line 1", "and 3 more names (--all)", "accuracy  98% (", "75%", "███",
        "run this", "____ (1a)", "× filled", "3.5 (1b)", "____ (1c)",
        "3×2", "−2.5", "grave", "other", "a terminal alone", "▲ inner", "deep",
    ):  # fmt: skip
        assert words in text, words
    for words in ("line 2", "within", "a page alone", "{"):
        assert words not in text, words
    assert "line 4" in printed(every_part(), full=True)


def test_what_is_made_for_paper_is_black_on_white_in_its_language() -> None:
    parts = [d.Question("L =", d.Blank("1a"))]
    content = page(d.Document("t", parts, language="ko", paper=True))
    assert read(content).all("main") == [{"class": "pellucid paper", "lang": "ko"}]
    assert "color-scheme: light;" in content
    assert "color-scheme: light;" not in page(d.Document("t", parts))


def test_figures_take_the_colour_of_the_pages_text() -> None:
    content = page(every_part())
    assert "currentColor" in content
    assert "#1a1a1b" not in content
    assert page(every_part()) == content  # the same document gives the same page


def test_identities_within_figures_are_their_own() -> None:
    """Two figures on a page do not clip each other."""
    one, other = d.Figure(drawn, "first figure"), d.Figure(lambda: new_figure(2.0, 2.0), "another")
    found = read(page(d.Document("t", [one, other])))
    identities = [a["id"] for _, a in found.tags if "id" in a]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_numbers_of_a_table_stay_whole_where_words_can_be_broken(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [("a long name of a layer " * 3, f"{k}.123456789", "conv2d") for k in range(3)]
    document = d.Document("t", [d.Table("x", ("name", "value", "operation"), rows)])
    text = printed(document, width=width)
    assert max(map(len, text.splitlines())) <= width
    for k in range(3):
        assert f"{k}.123456789" in text
    assert text.count("conv2d") == 3
    assert "…" not in text


def test_bars_of_signed_numbers_begin_at_0() -> None:
    rows = [d.Bar("a", -1.0, "−1"), d.Bar("b", 3.0, "3"), d.Bar("c", float("nan"), "NaN")]
    content = page(d.Document("t", [d.Bars("x", rows, signed=True)]))
    minus, zero, plus = Reader(content).all("i")[:3]
    assert minus["style"] == "left:0.00%;width:25.00%"
    assert zero["style"] == "left:25.00%"
    assert plus["style"] == "left:25.00%;width:75.00%"


def test_every_kind_of_record_has_a_document() -> None:
    def kinds(of: type[Record]) -> set[str]:
        own = {of.record_kind} if hasattr(of, "record_kind") else set()
        return own.union(*map(kinds, of.__subclasses__()))

    assert kinds(Record) <= set(DOCUMENTS)
    for place in DOCUMENTS.values():
        module, _, function = place.rpartition(".")
        assert callable(getattr(import_module(f"pellucid.show.{module}"), function))


def test_only_words_wrap_on_a_telephone() -> None:
    """A number stays in one piece, 1e-07 too, which browsers would break at its hyphen."""
    rows = [("b1", "conv2d", "1e-07", "0 to 9")]
    html = page(d.Document("t", [d.Table("x", ("", "", "", ""), rows, left=2)]))
    assert '<td class="left">conv2d</td><td>1e-07</td><td class="words">0 to 9</td>' in html
