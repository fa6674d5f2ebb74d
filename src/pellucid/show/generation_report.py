"""The judgement of a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.evaluation.collapse import generator_faults
from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.palette import BLUE, GREY, VERMILION
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.generation import GenerationReport, Judged, Pairs

MOST_DRAWN = 30
"""Classes that the figure has, those that were learned most."""

BINS = 50

SHOWN = d.Limit(0, 64, "more", "", "pellucid generate makes others")

CLOSEST = d.Limit(0, 24, "more", "", "see nearest.csv")


def generation_document(report: GenerationReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    of = f"{counted(report.count, 'generated picture')}{f': {name}' if name else ''}"
    return d.Document(
        of,
        (
            d.Facts(numbers(report)),
            *(d.Text(f"what stands out: {each.words}") for each in generator_faults(report)),
            *_classes(report.judged),
        ),
        drawing=lambda: draw_generation(report),
    )


def generation_sections(report: GenerationReport, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = (
        "Distances from generated pictures and from real ones that were not learned to the nearest "
        "learned picture"
    )
    if report.judged is not None:
        words = f"How often the judge sees each class. {words}"
    width = 430 if report.judged is None else 860
    figure = d.Figure(lambda: draw_generation(report), f"{words}.", width)
    yield d.Section("Classes and distances", [figure, *_classes(report.judged)])
    yield d.Section(
        "Generated pictures",
        [
            d.Text("The first ones, left; right of each the nearest that was learned."),
            d.Pictures(_pairs(report.first, report, pictures), 168, SHOWN),
        ],
    )
    yield d.Section(
        "Nearest to what was learned",
        [
            d.Text(
                "Those that are nearest to a learned picture, which is right of each: copies, if "
                "there are any, are here."
            ),
            d.Pictures(_pairs(report.copies, report, pictures), 168, CLOSEST),
        ],
    )


def numbers(report: GenerationReport) -> list[tuple[str, str, str]]:
    """What the generator is judged by: name, value, and a remark."""
    found = []
    if (judged := report.judged) is not None:
        found = [
            (
                "total variation", f"{judged.total_variation:.3f}",
                "between the classes of generated and of learned pictures; 0: as often",
            ),
            (
                "confidence", f"{judged.confidence:.1%}",
                f"of {printable(judged.judge)}; in real pictures {judged.confidence_of_test:.1%}",
            ),
            (
                "Fréchet distance", f"{judged.frechet:.2f}",
                f"in its {judged.features} features; of real pictures {judged.frechet_of_test:.2f}",
            ),
        ]  # fmt: skip
    return [
        *found,
        (
            "nearest learned picture", f"{report.distance:.1f} grey levels",
            f"real ones {report.distance_of_test:.1f} (medians)"
            + (f", ratio {report.distance_ratio:.2f}" if report.distance_ratio is not None else ""),
        ),
        ("nearer than 99 % of real ones", f"{report.nearer:.1%}", "of real pictures 1 %"),
        ("variety", f"{report.variety:.2f}", "distances among them, by those among learned ones"),
        (
            "pictures", f"{report.count:,}",
            f"{report.learned:,} learned, {report.test:,} real ones to compare with",
        ),
    ]  # fmt: skip


def draw_generation(report: GenerationReport) -> Figure:
    """Shares of classes, as far as there is a judge, and distances to what was learned."""
    charts = 1 if report.judged is None else 2
    figure = new_figure(4.8 * charts, 3.6)
    if report.judged is not None:
        _draw_classes(figure.add_subplot(1, charts, 1), report.judged)
    _draw_distances(figure.add_subplot(1, charts, charts), report)
    return figure


def _draw_classes(axes: Axes, judged: Judged) -> None:
    rows = judged.per_class
    if len(rows) > MOST_DRAWN:
        rows = tuple(sorted(rows, key=lambda row: -row.share_of_learned)[:MOST_DRAWN])
    places = np.arange(len(rows))
    axes.bar(places, [100.0 * row.share for row in rows], color=BLUE, label="generated")
    axes.plot(
        places, [100.0 * row.share_of_learned for row in rows], "_", color=VERMILION,
        markersize=16, markeredgewidth=3, label="learned",
    )  # fmt: skip
    axes.set_xticks(places, [printable(row.name)[:14] for row in rows])
    if max(len(row.name) for row in rows) > 3:
        axes.tick_params(axis="x", rotation=60)
    axes.set_title("Classes, in %", loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)


def _draw_distances(axes: Axes, report: GenerationReport) -> None:
    ends = report.distances.max(), report.distances_of_test.max()
    edges = np.linspace(0.0, max(*ends, 1e-9), BINS + 1)
    for values, colour, stroke, label in (
        (report.distances, BLUE, "-", "generated"),
        (report.distances_of_test, VERMILION, "--", "real, not learned"),
    ):
        axes.stairs(
            _shares(values, edges), edges, color=colour, linestyle=stroke, linewidth=1.8,
            label=label,
        )  # fmt: skip
        axes.axvline(float(np.median(values)), color=colour, linestyle=":", linewidth=1.2)
    axes.set_xlim(0.0, float(edges[-1]))
    axes.set_ylim(bottom=0.0)
    axes.set_title("Distance to the nearest learned picture", loc="left")
    axes.set_xlabel("grey levels; dotted: medians")
    axes.set_ylabel("pictures, in %")
    axes.legend(loc="upper right", frameon=False)
    axes.axhline(0.0, color=GREY, linewidth=0.8)


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts, _ = np.histogram(values, edges)
    return 100.0 * counts / len(values)


def _classes(judged: Judged | None) -> Iterator[d.Table]:
    if judged is None:
        return
    heads = "class", "generated", "learned"
    rows = [
        (printable(row.name), f"{row.share:.1%}", f"{row.share_of_learned:.1%}")
        for row in judged.per_class
    ]
    yield d.Table("Classes", heads, rows, limit=d.Limit(30, noun="more", page_hint=""))


def _pairs(pairs: Pairs, report: GenerationReport, pictures: Dataset) -> list[d.Picture]:
    return [
        _pair(place, nearest, report, pictures)
        for place, nearest in zip(pairs.places, pairs.nearest, strict=True)
    ]


def _pair(
    place: int, nearest: NDArray[np.uint8], report: GenerationReport, pictures: Dataset
) -> d.Picture:
    return d.Picture(
        lambda: np.concatenate([pictures.images[place], nearest], axis=1),
        (f"{report.distances[place]:.1f} apart", f"picture {place}"),
    )
