"""How charts look, and how they become PNG files.

Colours are of the Okabe-Ito palette, which people with any colour vision can tell apart, and each
goes with a line style or a hatch of its own. Sizes suit a telephone: text is legible where a chart
is 330 pixels wide. Matplotlib is imported late, and its windows and current figure (pyplot) never.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#595959"

WIDTH, HEIGHT = 4.8, 3.4
"""Of a usual chart, in inches."""

DOTS_PER_INCH = 200

_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 12.0,
    "grid.alpha": 0.4,
    "lines.linewidth": 2.0,
    "text.parse_math": False,  # a class may be called "$5"
}


def png(draw: Callable[[Figure], None], *, width: float = WIDTH, height: float = HEIGHT) -> bytes:
    """A drawing as the bytes of a PNG file.

    Args:
        draw: Draws on the empty figure that it is given.
        width: In inches.
        height: In inches.
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    content = io.BytesIO()
    with style.context(["default", _STYLE]):  # whatever the user's own style is
        figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        figure.savefig(content, format="png", dpi=DOTS_PER_INCH)
    return content.getvalue()


def drawable(text: str) -> bool:
    """Whether the charts' font has every letter of a text, which must stand on one line."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans")))  # it comes with Matplotlib
    return text.isprintable() and all(font.get_char_index(ord(letter)) for letter in text)


def plain_numbers(axis_name: str, axes: Axes) -> None:
    """Write an axis' numbers as 0.001 and 1e-07, also where it is logarithmic.

    Args:
        axis_name: ``x`` or ``y``.
        axes: Whose axis it is.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis = axes.xaxis if axis_name == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
