"""The kernel of proposals: the reference's boxes, also of equals, NaN and what lies outside."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.graph import Graph, Network, Node
from pellucid.layers import Normalise
from pellucid.ops import Propose

OPERATIONS = [
    Propose(8, (12.0, 20.0), (0.5, 1.7), most=9, candidates=40, overlap=0.3),
    Propose(8, (12.0, 20.0, 31.0), (0.5, 1.0, 1.7), most=700, candidates=1000, overlap=0.9),
    Propose(16, (30.0,), (1.0,), most=1, candidates=1, overlap=0.0),
]


def maps(op: Propose, size: tuple[int, int]) -> np.ndarray:
    of_cell = op.anchors_of_cell
    x = np.random.default_rng(1).normal(0, 0.8, (7, *size, 5 * of_cell)).astype(np.float32)
    x[0, ..., :of_cell] = np.round(x[0, ..., :of_cell])  # many equals
    x[1, ..., :of_cell] = np.where(x[1, ..., :of_cell] > 0, 0.0, -0.0)  # which are equal, too
    x[2, 0, :, :of_cell] = np.nan
    x[2, -1, :, of_cell::3] = np.nan
    x[3, ..., of_cell::4] = 99.0  # out of the picture, where nothing is left
    x[4, ..., of_cell:] *= 99.0
    x[5, ..., of_cell::7] = np.inf
    x[6, ..., :of_cell] *= 1e30
    return x


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
@pytest.mark.parametrize("size", [(5, 7), (1, 1)])
def test_as_the_reference(op: Propose, size: tuple[int, int]) -> None:
    shape = (*size, 5 * op.anchors_of_cell)
    plain = Normalise((0.0,) * shape[2], (1.0,) * shape[2]).operation
    network = Network(
        Graph(shape, [Node("map", plain, ("input",)), Node("proposals", op, ("map",))]), {}
    )
    x = maps(op, size)
    with np.errstate(all="ignore"):
        (expected, _) = op.forward([x], {})
    program = get_engine("native").load(network)
    found = program.forward(x)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=0)
    np.testing.assert_array_equal(program.forward(x[:1]), found[:1])
