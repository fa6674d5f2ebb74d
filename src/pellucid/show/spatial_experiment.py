"""The experiment with spatial transformers: errors, and what was looked at, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.text import counted

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.experiments.spatial import SpatialOutcome


def spatial_document(outcome: SpatialOutcome) -> d.Document:
    """The question, a row a kind of distortion, the verdict, and pictures before and after."""
    first = next(iter(outcome.outcomes.values()))
    pictures = (
        f"learned from {counted(first.learned, 'distorted picture')}, judged by {first.judged}"
    )
    return d.Document(
        first.experiment.question,
        (
            d.Text(f"{pictures}; {counted(first.seeds, 'seed')}"),
            d.Table("errors by kind of distortion", HEADS, _rows(outcome)),
            d.Text(outcome.verdict, strong=True),
            d.Figure(
                lambda: draw_looked(outcome),
                "pictures to judge by, and below each the part that the transformer took of it",
            ),
            d.Text(first.experiment.caution),
            d.Text(first.experiment.source, "source:"),
        ),
        drawing=lambda: draw_looked(outcome, first.experiment.question),
    )


HEADS = ("distortion", "plain network", "spatial transformer", "÷ plain", "weights")


def _rows(outcome: SpatialOutcome) -> list[tuple[str, ...]]:
    return [
        (
            row["kind"],
            _errors(row["plain"], row["plain_runs"]),
            _errors(row["transformer"], row["transformer_runs"]),
            "–" if row["ratio"] is None else f"{row['ratio']:.2f}",
            " and ".join(f"{count:,}" for count in row["weights"].values()),
        )
        for row in outcome.table
    ]


def _errors(middle: float, runs: list[float]) -> str:
    if len(runs) == 1:
        return f"{middle:.2%}"
    return f"{middle:.2%} ({min(runs):.2%} to {max(runs):.2%})"


def draw_looked(outcome: SpatialOutcome, question: str = "") -> Figure:
    """Two rows a kind: pictures, and what went on."""
    kinds = outcome.looked
    most = max((len(each.before) for each in kinds.values()), default=1)
    figure = new_figure(1.05 * most + 0.6, 2.35 * max(1, len(kinds)) + 0.5)
    figure.suptitle(question)
    if not kinds:
        return figure
    grid = figure.subplots(2 * len(kinds), most, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for number, (kind, looked) in enumerate(kinds.items()):
        for k, (before, after) in enumerate(zip(looked.before, looked.after, strict=True)):
            _draw(grid[2 * number, k], before)
            _draw(grid[2 * number + 1, k], after)
        words = f"{kind}; below: what goes on"
        axes = grid[2 * number, 0]
        title = axes.text(0.0, 1.04, words, transform=axes.transAxes, fontsize=9)
        title.set_in_layout(False)  # it may be wider than its column
    return figure


def _draw(axes: Axes, image: NDArray[np.uint8]) -> None:
    grey = image.shape[-1] == 1
    axes.imshow(image[..., 0] if grey else image, cmap="grey", vmin=0, vmax=255)
