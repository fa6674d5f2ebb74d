"""Figures become files as Matplotlib makes them, in less time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.show.drawing import DOTS_PER_INCH, draw_map, in_style, new_figure, png, style, svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def drawn() -> Figure:
    """Axes with long labels, with a map, and with a bar of its colours: each takes room."""
    figure = new_figure(6.0, 3.0)
    left, right = figure.subplots(1, 2)
    left.plot([1, 10, 100], [1e-7, 3.0, 2.0], label="loss")
    left.set_xlabel("epoch")
    left.set_ylabel("cross-entropy\nper picture")
    left.legend()
    map_ = draw_map(right, np.arange(12.0).reshape(3, 4) - 5.0)
    right.set_title("a map")
    figure.colorbar(map_, ax=right)
    figure.suptitle("above all")
    return figure


def save(figure: Figure, kind: str) -> bytes:
    """What ``savefig`` makes of a figure by itself."""
    content = io.BytesIO()
    options = {"transparent": True, "metadata": {"Date": None, "Creator": None}}
    with style():
        figure.savefig(
            content, format=kind, **(options if kind == "svg" else {"dpi": DOTS_PER_INCH})
        )
    return content.getvalue()


@pytest.mark.parametrize("kinds", [("svg", "png"), ("png", "svg")])
def test_files_are_matplotlibs_own(kinds: tuple[str, ...]) -> None:
    """One after the other of the same figure, which stays as it is."""
    ours, theirs = in_style(drawn), in_style(drawn)
    before = ours.canvas, ours.get_layout_engine(), ours.get_dpi()
    for kind in kinds:
        found = svg(ours).encode() if kind == "svg" else png(ours)
        assert found == save(theirs, kind)
    assert (ours.canvas, ours.get_layout_engine(), ours.get_dpi()) == before


@pytest.mark.parametrize("make", [svg, png])
def test_everything_is_drawn_once(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.axes import Axes

    figure, counted, draw = in_style(drawn), [], Axes.draw

    def counting(axes: Axes, renderer: object) -> None:
        counted.append(axes)
        draw(axes, renderer)  # type: ignore[arg-type]

    monkeypatch.setattr(Axes, "draw", counting)
    assert callable(make)
    make(figure)
    assert len(counted) == len({*counted}) == len(figure.axes) == 3
