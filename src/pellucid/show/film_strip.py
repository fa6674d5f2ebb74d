"""Predicted and true numbers in the order of the data, above them some of the pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY, INK
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.regression import RegressionReport

FRAMES = 8
"""Pictures in the strip."""

WIDTH = 9.0
"""Of the figure, in inches."""

MOST_DRAWN = 3
"""Numbers that have charts in the figure."""


def draw_film_strip(report: RegressionReport, pictures: Dataset | None = None) -> Figure:
    """A strip of pictures, the numbers over the order of the data, and their residuals.

    Args:
        report: The judgement.
        pictures: What was judged; None: without the strip.
    """
    rows = report.in_order
    columns = report.per_column[:MOST_DRAWN]
    heights = [h for _ in columns for h in (2.1, 1.1)]
    if pictures is not None:
        height, width, _ = pictures.image_shape
        heights.insert(0, min(1.6, WIDTH / FRAMES * height / width + 0.3))
    figure = new_figure(WIDTH, sum(heights) + 0.4)
    grid = figure.add_gridspec(len(heights), FRAMES, height_ratios=heights)
    first = 0
    if pictures is not None:
        first = 1
        for k, place in enumerate(_places(len(rows))):
            axes = figure.add_subplot(grid[0, k])
            image = pictures.images[rows[place].index]
            axes.imshow(image[..., 0] if image.shape[-1] == 1 else image, cmap="grey", vmin=0,
                        vmax=255)  # fmt: skip
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(str(place), fontsize=8)
    for k, column in enumerate(columns):
        true = np.array([row.true[k] for row in rows])
        predicted = np.array([row.predicted[k] for row in rows])
        axes = figure.add_subplot(grid[first + 2 * k, :])
        axes.plot(true, color=GREY, linewidth=2.4, label="true")
        axes.plot(predicted, color=BLUE, linewidth=1.1, linestyle="--", label="predicted")
        axes.set_title(printable(column.name)[:40], loc="left")
        axes.legend(loc="upper right", ncols=2, fontsize=8, bbox_to_anchor=(1.0, 1.22))
        axes.grid()
        axes.tick_params(labelbottom=False)
        beside = figure.add_subplot(grid[first + 2 * k + 1, :], sharex=axes)
        beside.axhline(0.0, color=GREY, linewidth=0.8)
        beside.plot(predicted - true, ".", color=INK, markersize=2.5)
        beside.set_ylabel("residual", fontsize=8)
        beside.grid()
        axes.set_xlim(-0.5, max(len(rows) - 0.5, 0.5))
        if k == len(columns) - 1:
            beside.set_xlabel("picture, in the order of the data", fontsize=9)
    return figure


def _places(count: int) -> Sequence[int]:
    """Places of the pictures that a strip has, evenly over all."""
    return sorted({round(k * (count - 1) / (FRAMES - 1)) for k in range(FRAMES)})
