"""The loss of a map of anchors: by hand, against PyTorch's words, and on every engine."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from pellucid.engines import ENGINES, Step, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Network, initial_weights
from pellucid.layers import Conv2D, Sequential
from pellucid.ops import AnchorLoss
from pellucid.ops.anchor_loss import wanted_anchors
from pellucid.optimizers import SGD
from tests.ops.two_stages import (
    ANCHOR_LOSS,
    BOXES,
    anchor_boxes,
    check_anchor_loss,
    iou,
    maps,
)


def test_two_anchors_by_hand() -> None:
    """The box is the first one's, twice as high; the second is far from it."""
    loss = AnchorLoss(32, (16,), (1,), boxes=1, sample=2)
    z = np.zeros((1, 1, 2, 5))
    z[0, 0, :, 0] = log(3.0), log(1.0 / 3)
    z[0, 0, 0, 4] = log(2.0) - 1.0
    boxes = np.array([[(8.0, 0.0, 24.0, 32.0, 0.0, 0.0)]])
    value, slopes = loss.value_and_gradient(z, boxes)
    assert value == pytest.approx((-log(0.75) + 1 - 1 / 18 - log(0.75)) / 2, rel=1e-12)
    np.testing.assert_allclose(slopes[0, 0, :, 0], [-0.125, 0.125])
    np.testing.assert_allclose(slopes[0, 0, 0, 1:], [0, 0, 0, -0.5])


def test_each_box_has_the_anchor_that_is_nearest() -> None:
    """Even where none overlaps it by 0.7; and what is between counts for neither."""
    wanted = wanted_anchors(ANCHOR_LOSS, maps().shape[1:], BOXES[1])
    every = anchor_boxes(6, 8, 8, ANCHOR_LOSS.scales, ANCHOR_LOSS.ratios)
    for box in BOXES[1, :2]:
        near = [iou(anchor, box) for anchor in every]
        assert int(np.argmax(near)) in wanted.positive
    assert 0 < len(wanted.positive) < 20
    assert not wanted.negative[wanted.positive].any()
    assert wanted.negative.sum() + len(wanted.positive) < len(every)


def test_against_pytorchs_words() -> None:
    check_anchor_loss(ANCHOR_LOSS)
    each = ANCHOR_LOSS.per_image(maps(), BOXES)
    assert each.mean() == pytest.approx(ANCHOR_LOSS.value_and_gradient(maps(), BOXES)[0])


def test_all_engines_learn_the_same() -> None:
    graph = Sequential([Conv2D(30, 8, stride=8)]).graph((48, 64, 3))
    network = Network(graph, initial_weights(graph, 3))
    pixels = np.random.default_rng(1).uniform(0, 1, (5, 48, 64, 3)).astype(np.float32)
    after = {}
    for name in ENGINES:
        program = get_engine(name).load(network, Step.of(graph, ANCHOR_LOSS, SGD()))
        losses = [program.train_step(pixels, BOXES, 1e-2).loss for _ in range(3)]
        assert losses[0] > losses[2]
        after[name] = (losses, program.weights())
    for name in ENGINES:
        np.testing.assert_allclose(after[name][0], after["reference"][0], rtol=1e-4)
        for weight, array in after["reference"][1].items():
            np.testing.assert_allclose(after[name][1][weight], array, rtol=1e-3, atol=1e-5)


def test_what_is_refused() -> None:
    for settings in ({"boxes": 0}, {"sample": 1}, {"stride": 300}, {"ratios": (200.0,)}):
        with pytest.raises(ArgumentError):
            AnchorLoss(**settings)
    for shapes in (((6, 8, 31), (4, 6)), ((30,), (4, 6)), ((6, 8, 30), (3, 6)), ((6, 8, 30),)):
        with pytest.raises(ShapeError):
            ANCHOR_LOSS.check_inputs(*shapes)
