"""Charts: what is drawn is what was measured, whatever classes are called and however many."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from pellucid.evaluation.calibration import calibrate
from pellucid.show.confusion import MOST_NUMBERED, class_labels, draw_confusion
from pellucid.show.curves import draw_accuracy, draw_loss, draw_rate
from pellucid.show.drawing import drawable, in_style, new_figure, png
from pellucid.show.reliability import draw_reliability
from tests.evaluation.judged import epoch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from pellucid.training.history import Epoch

HISTORY = [epoch(1, 2.0, 1.5), epoch(2, 1.0, 1.2), epoch(3, 0.5, 1.4)]


def opened(content: bytes) -> NDArray[np.uint8]:
    return np.array(Image.open(io.BytesIO(content)).convert("RGB"))


def confusion_chart(confusion: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    return png(in_style(lambda: draw_confusion(confusion, classes)))


def lines(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    return {
        str(line.get_label()): [tuple(point) for point in np.asarray(line.get_xydata()).tolist()]
        for line in axes.lines
    }


# ------------------------------------------------------------------------------------- curves


def test_losses_stand_where_they_belong() -> None:
    figure = in_style(lambda: draw_loss(HISTORY, best=2))
    (axes,) = figure.axes
    drawn = lines(axes)
    assert drawn["training"] == [(1, 2.0), (2, 1.0), (3, 0.5)]
    assert drawn["validation"] == [(1, 1.5), (2, 1.2), (3, 1.4)]
    assert [x for x, _ in drawn["kept: epoch 2"]] == [2, 2]
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0.0


def test_accuracies_are_percent() -> None:
    figure = in_style(lambda: draw_accuracy(HISTORY))
    drawn = lines(figure.axes[0])
    assert dict(drawn["training"]) == pytest.approx({1: 100 / 3, 2: 50.0, 3: 200 / 3})
    assert drawn["validation"][0][1] == pytest.approx(40.0)


def test_learning_rates() -> None:
    figure = in_style(lambda: draw_rate(HISTORY))
    (points,) = lines(figure.axes[0]).values()
    assert points == [(1, 0.1), (2, 0.05), (3, pytest.approx(0.1 / 3))]


def test_training_and_validation_differ_by_more_than_colour() -> None:
    figure = in_style(lambda: draw_loss(HISTORY))
    one, other = figure.axes[0].lines
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_marker() != other.get_marker()
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]


def test_losses_far_apart_are_drawn_logarithmically() -> None:
    figure = in_style(lambda: draw_loss([epoch(1, 5e4, 3.0), epoch(2, 2.0, 2.0)]))
    axes = figure.axes[0]
    assert axes.get_yscale() == "log"
    figure.canvas.draw()
    assert "100" in [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize(
    "history",
    [
        [epoch(1, 2.0)],
        [epoch(1, 0.0), epoch(2, 0.0)],
        [epoch(1, 1e30, 2.0), epoch(2, 1.0, 1e-9)],
        [epoch(n, 1.0 / n, 1.0 / n) for n in range(1, 120)],
    ],
)
def test_any_history_can_be_drawn(history: list[Epoch]) -> None:
    for draw in (
        lambda: draw_loss(history, 1),
        lambda: draw_accuracy(history),
        lambda: draw_rate(history),
    ):
        assert opened(png(in_style(draw))).std() > 3.0


# ---------------------------------------------------------------------------------- confusion


def test_every_mistake_is_written_into_its_cell() -> None:
    confusion = np.array([[50, 3, 0], [0, 0, 7], [1, 2, 40]])
    figure = in_style(lambda: draw_confusion(confusion, ("cat", "dog", "bird")))
    axes = figure.axes[0]
    written = {text.get_position(): text.get_text() for text in axes.texts}
    for (row, column), count in np.ndenumerate(confusion):
        shown = written.get((column, row), "0" if row != column else "missing")
        assert shown == str(count)
    array = axes.images[0].get_array()
    assert array is not None
    shades = np.ma.getdata(array)
    assert shades[0, 1] == pytest.approx(3 / 53)
    assert shades[1, 2] == 1.0
    assert np.isnan(shades.diagonal()).all()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "bird"]
    assert axes.get_xlabel() == "predicted class"


@pytest.mark.parametrize("count", [1, 2, MOST_NUMBERED, MOST_NUMBERED + 1, 120])
def test_any_number_of_classes_can_be_drawn(count: int) -> None:
    random = np.random.default_rng(count)
    confusion = random.integers(0, 40, (count, count)) + np.diag(np.full(count, 90_000))
    content = confusion_chart(confusion, [str(k) for k in range(count)])
    height, width, _ = opened(content).shape
    assert 600 < height < width < 2200


def test_no_pictures_of_a_class_and_no_mistakes() -> None:
    assert len(confusion_chart(np.diag([5, 0, 3]), "abc")) > 1000


@pytest.mark.parametrize(
    "name", ["고양이", "$\\frac{1}{0}$", "a\nb", "\x1b[31m", "x" * 200, "\udcff", "\u202eabc"]
)
def test_hostile_names(name: str) -> None:
    """Nothing is parsed, no letter is missing in the font, nothing pushes the matrix away."""
    content = confusion_chart(np.array([[5, 1], [0, 4]]), (name, "dog"))
    assert opened(content).shape == opened(confusion_chart(np.eye(2, dtype=int), "ab")).shape


def test_names_or_numbers() -> None:
    assert class_labels(("Äpfel", "$5")) == ["Äpfel", "$5"]
    assert class_labels(("cat", "고양이")) is None
    assert class_labels(("cat", "x" * 20)) is None
    assert class_labels([str(k) for k in range(MOST_NUMBERED + 1)]) is None
    figure = in_style(lambda: draw_confusion(np.eye(2, dtype=int), ("cat", "고양이")))
    axes = figure.axes[0]
    assert axes.get_xlabel() == "predicted class (number)"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1"]


def test_letters_of_the_font() -> None:
    assert drawable("Straße – Ελλάδα")
    for text in ("고양이", "a\nb", "\udcff"):
        assert not drawable(text)


# -------------------------------------------------------------------------------- reliability


def test_bars_are_accuracies_and_pale_where_answers_are_few() -> None:
    confidence = np.array([0.45, *[0.95] * 12])
    right = np.array([True, *[True, False] * 6])
    calibration = calibrate(confidence, right, bins=10)
    above, below = in_style(lambda: draw_reliability(calibration)).axes
    few, few_gap, many, many_gap = (each[0] for each in above.containers)
    assert [(bar.get_x(), bar.get_height()) for bar in (few, many)] == [(40.0, 100.0), (90.0, 50.0)]
    ends = [bar.get_y() + bar.get_height() for bar in (few_gap, many_gap)]
    assert ends == pytest.approx([45.0, 95.0])
    assert few.get_alpha() < many.get_alpha() == 1.0
    assert [bar[0].get_height() for bar in below.containers] == [1, 12]


# ---------------------------------------------------------------------------------- the style


def test_the_users_own_style_does_not_matter_and_is_left_alone() -> None:
    plain = png(in_style(lambda: draw_loss(HISTORY)))
    with mpl.rc_context({"font.size": 40, "axes.facecolor": "black"}):
        assert png(in_style(lambda: draw_loss(HISTORY))) == plain
        assert mpl.rcParams["font.size"] == 40


def test_dollars_are_dollars() -> None:
    """Matplotlib would else read what is between two of them as mathematics, or fail."""

    def draw() -> Figure:
        figure = new_figure(4.0, 3.0)
        figure.text(0.1, 0.5, "$\\nothing{ $")
        return figure

    assert len(png(in_style(draw))) > 1000
