"""Records and pages that show themselves: printed, or displayed in a notebook."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.trace import Trace
from pellucid.layers import Dense, Flatten
from tests.explain.activations import hand_made
from tests.page.pages import small_page

if TYPE_CHECKING:
    import pytest


def trace() -> Trace:
    weights = {"dense1.kernel": np.eye(4, 2), "dense1.bias": np.array([0.0, 3.0])}
    return Trace(hand_made([Flatten(), Dense(2)], weights, np.full((2, 2, 1), 7.0)))


def test_a_record_is_printed_where_there_is_no_notebook(
    capsys: pytest.CaptureFixture[str],
) -> None:
    trace().show()
    out = capsys.readouterr().out
    assert "dense1" in out
    assert "<" not in out


def test_a_record_is_displayed_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    displayed: list[object] = []
    shell = SimpleNamespace(kernel=object())
    interactive, display = ModuleType("IPython"), ModuleType("IPython.display")
    interactive.__dict__["get_ipython"] = lambda: shell
    display.__dict__["display"] = displayed.append
    monkeypatch.setitem(sys.modules, "IPython", interactive)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    record = trace()
    record.show()
    assert displayed == [record]
    assert capsys.readouterr().out == ""


class Frames(HTMLParser):
    """The frames of a fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "iframe"
        self.found.append(dict(attrs))


def test_a_page_is_displayed_in_a_frame_that_can_do_nothing_but_compute() -> None:
    page = small_page()
    frames = Frames()
    frames.feed(page._repr_html_())
    (frame,) = frames.found
    assert frame["srcdoc"] == page.to_html()
    assert frame["title"] == "Small <b>network</b>"
    assert set((frame["sandbox"] or "").split()) == {"allow-scripts", "allow-downloads"}
