"""The picture of what was simulated: times per image by number of threads, beside the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.scaling.__main__ import Row

SHADES = ("#08306b", "#2171b5", "#6baed6", "#e6851f", "#a63603")
"""Of batches, from small to large: blue to vermilion, which red–green blindness tells apart."""


def draw(rows: list[Row], file: Path) -> None:
    """One panel for each network and task; both axes are logarithmic.

    Args:
        rows: What was simulated.
        file: The picture, PNG.
    """
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(row.case for row in rows))
    tasks = list(dict.fromkeys(row.task for row in rows))
    figure = Figure(figsize=(3.0 * len(cases), 3.3 * len(tasks)), layout="constrained")
    grid = figure.subplots(len(tasks), len(cases), squeeze=False, sharex=True)
    for line, task in zip(grid, tasks, strict=True):
        for axes, case in zip(line, cases, strict=True):
            mine = [row for row in rows if (row.case, row.task) == (case, task)]
            _panel(axes, mine, f"{case}\n{'training' if task == 'train' else 'forward'}")
        line[0].set_ylabel("µs an image")
    for axes in grid[-1]:
        axes.set_xlabel("threads")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(file, dpi=100)


def _panel(axes: Axes, rows: list[Row], title: str) -> None:
    """Lines of a network's batches, and dotted their limits."""
    threads = list(dict.fromkeys(row.threads for row in rows))
    for shade, batch in zip(SHADES, dict.fromkeys(row.batch for row in rows), strict=False):
        mine = [row for row in rows if row.batch == batch]
        times = [1e6 * row.found.seconds / batch for row in mine]
        limits = [1e6 * row.found.limit / batch for row in mine]
        axes.plot(threads, times, color=shade, marker="o", markersize=3, label=f"batch {batch}")
        axes.plot(threads, limits, color=shade, linestyle=":", linewidth=1)
    axes.plot([], [], color="black", linestyle=":", linewidth=1, label="limit: work shared evenly")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(threads, [str(n) for n in threads])
    axes.set_title(title, fontsize=10)
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
