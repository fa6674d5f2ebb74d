"""The confusion matrix as a figure: which class is taken for which.

Shades show mistakes alone, as shares of a true class' pictures, since beside a hundred right
answers no shade could show one wrong. The right ones are on the diagonal, grey and framed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show.drawing import drawable, new_figure
from pellucid.show.palette import BLUE, GREY, INK, rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MOST_NUMBERED = 25
"""With more classes, cells have no room for a number."""

LONGEST_NAME = 14
"""Letters of a class name that fit beside the matrix; else numbers stand for all."""

_CELL, _LEAST, _MOST = 0.5, 4.8, 14.0  # inches


def chart_width(classes: int) -> float:
    """How wide the figure for a number of classes is, in inches."""
    return min(max(_LEAST, 1.6 + _CELL * classes), _MOST)


def class_labels(classes: Sequence[str]) -> list[str] | None:
    """Names to write beside the matrix; none if any is too long, or has letters no font here has.

    They are also left out where there are more than :data:`MOST_NUMBERED`.
    """
    if len(classes) > MOST_NUMBERED:
        return None
    fitting = all(len(name) <= LONGEST_NAME and drawable(name) for name in classes)
    return list(classes) if fitting else None


def draw_confusion(
    confusion: NDArray[np.int64],
    classes: Sequence[str],
    axes_of: tuple[str, str, str] = (
        "true class",
        "predicted class",
        "mistakes, of the true class",
    ),
) -> Figure:
    """Draw a confusion matrix.

    Args:
        confusion: Pictures by true class (row) and predicted class (column), (K, K).
        classes: The K names.
        axes_of: What rows and columns are, and what shades show.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import FuncFormatter

    width = chart_width(len(classes))
    figure = new_figure(width, 0.88 * width)
    axes = figure.add_subplot()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, np.nan)
    largest = float(np.nanmax(shares)) if len(classes) > 1 else 0.0
    blue = tuple(part / 255 for part in rgb(BLUE))
    shades = LinearSegmentedColormap.from_list("share", [(*blue, 0.0), (*blue, 1.0)])
    image = axes.imshow(
        np.ma.masked_invalid(shares), cmap=shades.with_extremes(bad=(0.5, 0.5, 0.5, 0.15)),
        vmin=0.0, vmax=largest or 1.0,
    )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
    bar.set_label(axes_of[2])
    _name_axes(axes, classes, axes_of[0], axes_of[1])
    for k in range(len(classes)):
        corner = (k - 0.5, k - 0.5)
        axes.add_patch(Rectangle(corner, 1.0, 1.0, fill=False, edgecolor=GREY, linewidth=1.0))
    if len(classes) <= MOST_NUMBERED:
        _write_counts(axes, confusion, shares, largest)
    return figure


def _name_axes(axes: Axes, classes: Sequence[str], rows: str, columns: str) -> None:
    labels = class_labels(classes)
    numbered = "" if labels else " (number)"
    axes.set_xlabel(f"{columns}{numbered}")
    axes.set_ylabel(f"{rows}{numbered}")
    if labels is None and len(classes) > MOST_NUMBERED:
        return
    ticks = range(len(classes))
    labels = labels or [str(k) for k in ticks]
    turned = max(map(len, labels)) > 2
    axes.set_xticks(ticks, labels, rotation=90 if turned else 0)
    axes.set_yticks(ticks, labels)


def _write_counts(
    axes: Axes, confusion: NDArray[np.int64], shares: NDArray[np.float64], largest: float
) -> None:
    """Each count in its cell, white where it is dark; nothing where it is 0."""
    digits = len(str(int(confusion.max())))
    size = 9.0 if digits <= 3 else 9.0 * 3.4 / digits
    for (row, column), count in np.ndenumerate(confusion):
        right = row == column
        if right or count:
            axes.text(
                column, row, str(count), ha="center", va="center", fontsize=size,
                weight="bold" if right else "normal",
                color="white" if not right and shares[row, column] > 0.7 * largest else INK,
            )  # fmt: skip
