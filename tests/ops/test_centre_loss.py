"""The loss of detectors: by hand, against PyTorch's words, finite differences, on every engine."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from pellucid.engines import Step, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, ReLU, Sequential
from pellucid.ops import CentreLoss
from pellucid.ops.centre_loss import wanted_of
from pellucid.optimizers import SGD
from tests.ops.centre_loss_oracle import BOXES, LOSS, check_centre_loss, outputs


def test_one_box_on_one_cell_by_hand() -> None:
    """A box of its cell, found too large by half in one direction: IoU 2/3, and no other hull."""
    loss = CentreLoss(stride=8, boxes=1)
    z = np.array([log(0.75 / 0.25), log(0.5), log(0.5), log(1.0), log(0.5)]).reshape(1, 1, 1, 5)
    boxes = np.array([[(0.0, 0.0, 8.0, 8.0, 0.0, 0.0)]])
    value, _ = loss.value_and_gradient(z, boxes)
    expected = -(0.25**2) * log(0.75) + 5.0 * (1 - 2 / 3)
    assert value == pytest.approx(expected, rel=1e-12)
    assert loss.per_image(z, boxes) == pytest.approx([expected])


def test_what_boxes_ask_of_cells() -> None:
    """The smaller of two boxes keeps its cells; a bell's width follows the box's."""
    wanted = wanted_of(LOSS, (6, 8, 7), BOXES[1])
    assert wanted.boxes_wanted == 2
    assert [tuple(place) for place in np.argwhere(wanted.centres)] == [(2, 3, 1), (3, 4, 1)]
    small = (wanted.boxes == BOXES[1, 1, :4]).all(axis=2)
    assert [tuple(place) for place in np.argwhere(small)] == [(2, 3)]
    width, height = 0.54 * 56 / 8 / 6, 0.54 * 40 / 8 / 6
    expected = exp(-(2**2) / (2 * width**2) - 1 / (2 * height**2))
    assert wanted.heat[4, 6, 1] == pytest.approx(expected)


def test_against_pytorchs_words() -> None:
    check_centre_loss(LOSS)
    each = LOSS.per_image(outputs(), BOXES)
    alone = [LOSS.value_and_gradient(outputs()[n, None], BOXES[n, None])[0] for n in range(6)]
    np.testing.assert_allclose(each, alone)


def test_a_picture_without_boxes_is_background() -> None:
    value, slopes = LOSS.value_and_gradient(outputs()[2:3], BOXES[2:3])
    assert value > 0
    assert (slopes[..., :3] > 0).all()
    assert not slopes[..., 3:].any()


def test_all_engines_learn_the_same() -> None:
    graph = Sequential(
        [Conv2D(6, 3, stride=4, padding="same"), ReLU(), Conv2D(7, 3, stride=2, padding="same")]
    ).graph((48, 64, 3))
    network = Network(graph, initial_weights(graph, 3))
    pixels = np.random.default_rng(1).integers(0, 256, (6, 48, 64, 3)).astype(np.uint8)
    after = {}
    for name in ("reference", "native", "torch"):
        program = get_engine(name).load(network, Step.of(graph, LOSS, SGD()))
        losses = [program.train_step(pixels, BOXES, 1e-5).loss for _ in range(3)]
        assert losses[0] > losses[2]
        after[name] = (losses, program.weights())
    for name in ("native", "torch"):
        np.testing.assert_allclose(after[name][0], after["reference"][0], rtol=1e-4)
        for weight, array in after["reference"][1].items():
            np.testing.assert_allclose(after[name][1][weight], array, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("boxes", "error"),
    [
        (BOXES[:2], ShapeError),
        (BOXES[:, :2], ShapeError),
        (np.where(BOXES == 40, np.nan, BOXES), ArgumentError),
        (np.where(BOXES == 40, 3, BOXES), ArgumentError),
    ],
    ids=["too few images", "too few boxes", "not finite", "no width"],
)
def test_refuses(boxes: np.ndarray, error: type[Exception]) -> None:
    with pytest.raises(error):
        LOSS.check_targets(boxes, 6, (4, 6))


def test_takes_no_flat_outputs() -> None:
    with pytest.raises(ShapeError):
        LOSS.check_inputs((7,), (4, 6))
    with pytest.raises(ShapeError):
        LOSS.check_inputs((6, 8, 4), (4, 6))
