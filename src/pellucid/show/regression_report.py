"""The judgement of a network that predicts numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.regression_details import PREVIOUS
from pellucid.show import document as d
from pellucid.show.drawing import new_figure
from pellucid.show.film_strip import draw_film_strip
from pellucid.show.palette import BLUE, GREY
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.regression import Error, RegressionReport

WRONG = d.Limit(10, 24, "more", "--json lists them all", "see wrong.csv")

MOST_DRAWN = 6
"""Numbers that have a chart in the figure."""


def regression_document(report: RegressionReport, *, name: str = "") -> d.Document:
    """The judgement without pictures.

    Args:
        report: The judgement.
        name: What the pictures are called.
    """
    of = f"of {counted(report.count, report.noun)}{f': {name}' if name else ''}"
    remark = report.remark
    pictures = [_picture(each, None) for each in report.wrong]
    return d.Document(
        f"R² {report.r2:.4f} {of}",
        (
            d.Facts(numbers(report)),
            *([d.Text(f"what stands out: {remark}")] if remark else ()),
            *_columns(report),
            *_guesses(report),
            *_bands(report),
            d.Only("terminal", [d.Pictures(pictures, limit=WRONG)]),
        ),
        drawing=lambda: draw_predictions(report),
    )


def regression_sections(report: RegressionReport, pictures: Dataset) -> Iterator[d.Part]:
    """What a run's page says of the judgement, besides the numbers."""
    words = "Predicted numbers by true ones: on the line, both are the same."
    yield d.Section(
        "Predictions",
        [
            d.Figure(lambda: draw_predictions(report), words, 560),
            *_columns(report),
            *_guesses(report),
            *_bands(report),
        ],
    )
    words = (
        f"True and predicted numbers {report.noun} by {report.noun}, and predicted less true ones "
        f"(residuals); above, some of the {report.noun}s with their places."
    )
    yield d.Section(
        "In the order of the data",
        [d.Figure(lambda: draw_film_strip(report, pictures), words, 960)],
    )
    described = d.Text("The worst first. Numbers that are wrong in the data often show here.")
    shown = [_picture(each, pictures) for each in report.wrong]
    yield d.Section("The worst predictions", [described, d.Pictures(shown, limit=WRONG)])


def numbers(report: RegressionReport) -> list[tuple[str, str, str]]:
    """What the network is judged by: name, value, and a remark."""
    found = [
        ("R²", f"{report.r2:.4f}", "1: perfect; 0: as good as predicting the mean of these"),
        (
            "mean absolute error",
            f"{report.mean_absolute_error:.4g}",
            f"always predicting the mean: {report.mean_absolute_error_of_mean:.4g}",
        ),
    ]
    if len(report.per_column) == 1:
        (row,) = report.per_column
        found += [
            ("root mean squared error", f"{row.root_mean_squared_error:.4g}", ""),
            ("true numbers", f"{row.lowest:.4g} to {row.highest:.4g}", ""),
        ]
    return found


def draw_predictions(report: RegressionReport) -> Figure:
    """Predicted numbers by true ones, a chart for each."""
    columns = report.per_column[:MOST_DRAWN]
    figure = new_figure(4.4 * min(len(columns), 3), 4.2 * (1 + (len(columns) - 1) // 3))
    for k, row in enumerate(columns):
        axes = figure.add_subplot(1 + (len(columns) - 1) // 3, min(len(columns), 3), k + 1)
        true = [each.true[k] for each in report.wrong]
        predicted = [each.predicted[k] for each in report.wrong]
        ends = min(*true, *predicted), max(*true, *predicted)
        axes.plot(ends, ends, color=GREY, linestyle="--", linewidth=1.2)
        axes.plot(true, predicted, ".", color=BLUE, alpha=0.6, markersize=5)
        axes.set_title(printable(row.name)[:40], loc="left")
        axes.set_xlabel("true")
        axes.set_ylabel("predicted")
        axes.grid()
    return figure


def _columns(report: RegressionReport) -> Iterator[d.Table]:
    if len(report.per_column) == 1:
        return
    heads = (
        "number", "R²", "mean absolute error", "predicting the mean", "lowest", "highest",
    )  # fmt: skip
    rows = [
        (
            row.name, "–" if row.r2 is None else f"{row.r2:.4f}",
            f"{row.mean_absolute_error:.4g}", f"{row.mean_absolute_error_of_mean:.4g}",
            f"{row.lowest:.4g}", f"{row.highest:.4g}",
        )
        for row in report.per_column
    ]  # fmt: skip
    yield d.Table("Numbers", heads, rows)


def _guesses(report: RegressionReport) -> Iterator[d.Table]:
    """Guesses that need no picture; one that only suits a sequence is left out where it is poor."""
    rows = [
        (
            guess.name, f"{guess.r2:.4f}", f"{guess.mean_absolute_error:.4g}",
            "–" if guess.error_ratio is None else f"{guess.error_ratio:.3g}",
        )
        for guess in report.baselines
        if guess.name != PREVIOUS or guess.r2 > 0
    ]  # fmt: skip
    if rows:
        heads = "guess", "its R²", "its mean absolute error", "squared error, network ÷ guess"
        yield d.Table(f"Guesses without the {report.noun}s", heads, rows, titled=True)


def _bands(report: RegressionReport) -> Iterator[d.Table]:
    if not report.bands:
        return
    signs = any(band.right_sign is not None for band in report.bands)
    heads = (
        "true number", f"{report.noun}s", "mean absolute error", "predicting the mean",
        *(("right sign",) if signs else ()),
    )  # fmt: skip
    rows = [
        (
            printable(band.words), str(band.count), f"{band.mean_absolute_error:.4g}",
            f"{band.mean_absolute_error_of_mean:.4g}",
            *(("–" if band.right_sign is None else f"{band.right_sign:.1%}",) if signs else ()),
        )
        for band in report.bands
    ]  # fmt: skip
    yield d.Table("Errors by the true number", heads, rows, titled=True)


def _picture(error: Error, pictures: Dataset | None) -> d.Picture:
    true, predicted = (
        "; ".join(f"{value:.4g}" for value in values) for values in (error.true, error.predicted)
    )
    return d.Picture(
        lambda: None if pictures is None else pictures.images[error.index],
        (f"{true}, predicted {predicted}", error.name),
        f"worst: {error.name} is {true}, predicted {predicted}",
    )
