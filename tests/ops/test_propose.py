"""Boxes that are proposed: by hand, against a plain loop, and what is refused."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from pellucid.engines import ENGINES, get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Network, graph_from_dict, graph_to_dict, initial_weights
from pellucid.layers import Conv2D, Layer, Sequential
from pellucid.ops import Propose
from pellucid.ops.anchors import anchors, decoded, encoded
from tests.ops.two_stages import anchor_boxes, proposals


def found(op: Propose, z: np.ndarray) -> np.ndarray:
    rows = op.forward([z[None]], {})[0][0]
    return np.asarray(rows[rows[:, 5] >= 0])


def test_one_anchor_by_hand() -> None:
    """A square of 16 around the middle of a cell of 8, moved, made wider, and cut off above."""
    op = Propose(8, (16,), (1,), most=3)
    z = np.full((2, 2, 5), -9.0)
    z[..., 1:] = 0.0
    z[0, 1] = log(3.0), -0.25, 0.5, log(0.5), log(0.25)
    rows, _ = op.forward([z[None]], {})
    assert rows.shape == (1, 3, 6)
    # the anchor is 4, −4, 20, 12: its middle moves to 8, 12, and it becomes 8 wide and 4 high
    np.testing.assert_allclose(rows[0, 0], [4, 10, 12, 14, 0.75, 0])


def test_rows_without_a_box_say_so() -> None:
    z = np.zeros((1, 1, 5))
    z[..., 1] = 9.0  # far out of the picture, where nothing is left
    rows, _ = Propose(8, (16,), (1,), most=2).forward([z[None]], {})
    np.testing.assert_array_equal(rows[0], [[0, 0, 0, 0, 0, -1]] * 2)


@pytest.mark.parametrize("seed", range(3))
def test_against_a_plain_loop(seed: int) -> None:
    op = Propose(8, (12.0, 20.0), (0.5, 1.7), most=9, candidates=40, overlap=0.3)
    z = np.random.default_rng(seed).normal(0, 0.8, (5, 7, 20))
    z[0, 0, :2] = z[0, 1, :2] = 2.5  # equals: the first comes first
    expected = np.array(proposals(z, op))
    assert 5 < len(expected) <= 9
    np.testing.assert_allclose(found(op, z), expected, rtol=1e-12, atol=1e-12)


def test_anchors_cell_by_cell_and_numbers_there_and_back() -> None:
    every = anchors(3, 4, 16, (10.0, 30.0), (0.5, 2.0))
    np.testing.assert_allclose(every, anchor_boxes(3, 4, 16, (10.0, 30.0), (0.5, 2.0)))
    boxes = every[::-1] + np.array([1.0, 2.0, 5.0, 9.0])
    np.testing.assert_allclose(decoded(every, encoded(every, boxes)), boxes, rtol=1e-12)


def test_has_no_gradient_and_leaves_nan_out() -> None:
    op = Propose(8, (16,), (1,), most=4)
    z = np.random.default_rng(0).normal(size=(2, 3, 3, 5))
    z[0, 0, 0] = np.nan
    rows, saved = op.forward([z], {})
    assert np.isfinite(rows).all()
    (gradient,), _ = op.backward(np.ones(rows.shape), saved, {})
    assert gradient.shape == z.shape
    assert not gradient.any()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_proposes_the_same(engine: str) -> None:
    op = Propose(4, (6, 12), (0.5, 2), most=5)
    layers = [Conv2D(20, 4, stride=4), Layer(op, "proposals")]
    graph = graph_from_dict(graph_to_dict(Sequential(layers).graph((16, 20, 3))))
    network = Network(graph, initial_weights(graph, 1))
    pixels = np.random.default_rng(1).integers(0, 9, (3, 16, 20, 3)).astype(np.float32)
    expected = get_engine("reference").load(network).forward(pixels)
    assert (expected[..., 5] == 0).any()
    np.testing.assert_allclose(
        get_engine(engine).load(network).forward(pixels), expected, rtol=1e-4, atol=1e-4
    )


def test_what_is_refused() -> None:
    for settings in (
        {"stride": 0}, {"most": 0}, {"candidates": 0}, {"overlap": 1.5}, {"scales": ()},
        {"scales": (0,)}, {"scales": 16}, {"ratios": ("1",)}, {"scales": (16,) * 22},
    ):  # fmt: skip
        with pytest.raises(ArgumentError):
            Propose(**settings)
    with pytest.raises(ShapeError, match="45"):
        Propose().output_shape((4, 4, 44))
    with pytest.raises(ShapeError):
        Propose().output_shape((45,))
