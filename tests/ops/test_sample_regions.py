"""Regions that are drawn to learn from: which they may be, how many, and the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import ENGINES, Step, get_engine
from pellucid.engines.step import with_loss
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, Node, initial_weights
from pellucid.ops import AnchorLoss, Conv2D, Propose, SampleRegions
from pellucid.ops.operation import Mode
from pellucid.ops.types import Type
from pellucid.optimizers import SGD
from tests.ops.two_stages import BOXES, iou, lies_in_ignored, taken_for


def drawn(proposals: np.ndarray, boxes: np.ndarray, op: SampleRegions, step: int = 0) -> np.ndarray:
    rows, _ = op.forward([proposals[None], boxes[None]], {}, Mode(seed=3, step=step, stream=5))
    return np.asarray(rows[0])


def some(count: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    low = random.uniform(0, 30, (count, 2))
    sizes = random.uniform(6, 30, (count, 2))
    rows = np.concatenate([low, low + sizes, random.uniform(0, 1, (count, 1))], axis=1)
    return np.concatenate([rows, np.zeros((count, 1))], axis=1)


@pytest.mark.parametrize("picture", range(4))  # the last has two boxes at one place
def test_positive_ones_first_and_no_more_than_their_share(picture: int) -> None:
    op, boxes = SampleRegions(rows=12, positive=0.25), BOXES[picture].astype(np.float64)
    proposals = some(40, picture)
    proposals[5, 5] = -1
    known = {tuple(row) for row in proposals[:, :4]} - {tuple(proposals[5, :4])}
    known |= {tuple(row[:4]) for row in boxes if row[4] >= 0 and not row[5]}
    may = sum(taken_for(box, boxes)[0] >= 0.5 for box in known)
    rows = drawn(proposals, boxes, op)
    positive = [taken_for(row, boxes)[0] >= 0.5 for row in rows]
    assert sum(positive) == min(may, 3)
    assert positive == sorted(positive, reverse=True)
    assert (rows[:, 5] == 0).all()
    assert len({tuple(row[:4]) for row in rows}) == 12
    for row, own in zip(rows, positive, strict=True):
        assert tuple(row[:4]) in known
        assert own or not lies_in_ignored(row, boxes)


def test_the_boxes_themselves_are_drawn_where_nothing_else_is_positive() -> None:
    boxes = BOXES[1].astype(np.float64)
    rows = drawn(some(1, 0) + np.array([200, 200, 200, 200, 0, 0]), boxes, SampleRegions(rows=8))
    assert {tuple(row) for row in rows[:2]} == {(*row[:4], 1.0, 0.0) for row in boxes[:2]}
    assert rows[2, 5] == 0
    np.testing.assert_array_equal(rows[3:], [[0, 0, 0, 0, 0, -1]] * 5)


def test_each_is_drawn_as_often() -> None:
    """Of 20 that are background, 5 a step: each about a quarter of the time."""
    proposals, empty = some(20, 1), BOXES[2].astype(np.float64)
    op = SampleRegions(rows=5)
    counts = np.zeros(20)
    for step in range(400):
        rows = drawn(proposals, empty, op, step)
        counts += [any((row[:4] == own[:4]).all() for row in rows) for own in proposals]
    assert counts.sum() == 2000
    assert abs(counts - 100).max() < 40
    np.testing.assert_array_equal(drawn(proposals, empty, op, 7), drawn(proposals, empty, op, 7))


def test_every_engine_draws_the_same() -> None:
    propose, sample = Propose(8, (12, 20), (1,), most=9), SampleRegions(rows=6)
    graph = Graph(
        {"input": Type((48, 64, 3)), "targets": Type((4, 6))},
        [
            Node("map", Conv2D(10, (8, 8), stride=(8, 8)), ("input",)),
            Node("proposals", propose, ("map",)),
            Node("regions", sample, ("proposals", "targets")),
        ],
    )
    network = Network(graph, initial_weights(graph, 2))
    pixels = np.random.default_rng(0).uniform(0, 1, (5, 48, 64, 3)).astype(np.float32)
    loss = AnchorLoss(8, (12, 20), (1,), boxes=4)
    step = Step(with_loss(graph, loss, of="map", against="targets"), SGD())
    feeds = {"input": pixels, "targets": BOXES}
    found = {name: get_engine(name).load(network, step).step(feeds, 0.1) for name in ENGINES}
    for name in ENGINES:
        np.testing.assert_allclose(
            found[name]["regions"], found["reference"]["regions"], rtol=1e-4, atol=1e-4
        )
    assert any(iou(row, BOXES[1, 0]) >= 0.5 for row in found["native"]["regions"][1])


def test_what_is_refused() -> None:
    for settings in ({"rows": 0}, {"positive": 1.1}, {"overlap": 0.0}):
        with pytest.raises(ArgumentError):
            SampleRegions(**settings)
    for shapes in (((4, 6),), ((4, 6), (4, 5)), ((4, 6, 1), (4, 6))):
        with pytest.raises(ShapeError):
            SampleRegions().output_shape(*shapes)
