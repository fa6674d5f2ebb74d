"""The confusion matrix as a picture: which class is taken for which.

Shades show mistakes alone, as shares of a true class' pictures, since beside a hundred right
answers no shade could show one wrong. The right ones stand on the diagonal, grey and framed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.evaluation.pages.figures import drawable, png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from numpy.typing import NDArray

MOST_NUMBERED = 25
"""With more classes, cells have no room for a number."""

LONGEST_NAME = 14
"""Letters of a class name that can stand beside the matrix; else numbers stand for all."""

_CELL, _LEAST, _MOST = 0.5, 4.8, 14.0  # inches
_RIGHT = "#ececec"


def confusion_chart(confusion: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    """A confusion matrix as a PNG.

    Args:
        confusion: Pictures by true class (row) and predicted class (column), (K, K).
        classes: The K names.
    """
    width = chart_width(len(classes))
    return png(
        lambda figure: draw_confusion(figure, confusion, classes), width=width, height=0.88 * width
    )


def chart_width(classes: int) -> float:
    """How wide the picture for so many classes is, in inches."""
    return min(max(_LEAST, 1.6 + _CELL * classes), _MOST)


def class_labels(classes: Sequence[str]) -> list[str] | None:
    """Names to stand beside the matrix; none if any is too long, or has letters no font here has.

    They are also left out where there are more than :data:`MOST_NUMBERED`.
    """
    if len(classes) > MOST_NUMBERED:
        return None
    fitting = all(len(name) <= LONGEST_NAME and drawable(name) for name in classes)
    return list(classes) if fitting else None


def draw_confusion(figure: Figure, confusion: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Draw a confusion matrix on an empty figure."""
    from matplotlib import colormaps
    from matplotlib.ticker import FuncFormatter

    axes = figure.add_subplot()
    support = confusion.sum(axis=1, keepdims=True)
    shares = confusion / np.maximum(support, 1)
    np.fill_diagonal(shares, np.nan)
    largest = float(np.nanmax(shares)) if len(classes) > 1 else 0.0
    shades = colormaps["Blues"].with_extremes(bad=_RIGHT)
    image = axes.imshow(np.ma.masked_invalid(shares), cmap=shades, vmin=0.0, vmax=largest or 1.0)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
    bar.set_label("mistakes, of the true class", fontsize=10)
    axes.grid(visible=False)
    _name_axes(axes, classes)
    for k in range(len(classes)):
        axes.add_patch(_frame(k))
    if len(classes) <= MOST_NUMBERED:
        _write_counts(axes, confusion, shares, largest)


def _name_axes(axes: Axes, classes: Sequence[str]) -> None:
    labels = class_labels(classes)
    numbered = "" if labels else " (number)"
    axes.set_xlabel(f"predicted class{numbered}")
    axes.set_ylabel(f"true class{numbered}")
    if labels is None and len(classes) > MOST_NUMBERED:
        return
    ticks = range(len(classes))
    labels = labels or [str(k) for k in ticks]
    turned = max(map(len, labels)) > 2
    axes.set_xticks(ticks, labels, fontsize=10, rotation=90 if turned else 0)
    axes.set_yticks(ticks, labels, fontsize=10)


def _frame(k: int) -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((k - 0.5, k - 0.5), 1.0, 1.0, fill=False, edgecolor="#333333", linewidth=1.0)


def _write_counts(
    axes: Axes, confusion: NDArray[np.int64], shares: NDArray[np.float64], largest: float
) -> None:
    """Each count in its cell, dark on light or light on dark; nothing where it is 0."""
    digits = len(str(int(confusion.max())))
    size = 9.0 if digits <= 3 else 9.0 * 3.4 / digits
    for (row, column), count in np.ndenumerate(confusion):
        if row == column:
            axes.text(
                column, row, str(count), ha="center", va="center", fontsize=size, weight="bold"
            )
        elif count:
            dark = shares[row, column] > 0.7 * largest
            axes.text(
                column, row, str(count), ha="center", va="center", fontsize=size,
                color="white" if dark else "black",
            )  # fmt: skip
