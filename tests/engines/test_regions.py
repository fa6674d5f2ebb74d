"""Boxes fed beside a map: what is no box, what is not finite, and what lies far outside."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.engines import ENGINES, get_engine
from pellucid.graph import INPUT, Graph, Network, Node
from pellucid.ops import RoIAlign, RoIPool
from pellucid.ops.types import Type

MAP = np.random.default_rng(2).normal(size=(2, 5, 6, 17)).astype(np.float32)
BOX = (8.0, 0.0, 40.0, 64.0)
ROWS = [
    (*BOX, 0.9, 0.0),
    (*BOX, 0.9, -1.0),
    (8.0, 0.0, np.nan, 64.0, 0.9, 2.0),
    (8.0, -np.inf, 40.0, 64.0, 0.9, 2.0),
    (np.nan, np.inf, 40.0, 64.0, 0.9, -1.0),
    (900.0, 900.0, 999.0, 999.0, 0.9, 1.0),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("operation", [RoIAlign((3, 2)), RoIPool((3, 2))], ids=repr)
def test_rows_of_all_kinds(engine: str, operation: RoIAlign | RoIPool) -> None:
    rows = np.array([ROWS, ROWS[::-1]], np.float32)
    nodes = (Node("regions", operation, (INPUT, "boxes")),)
    graph = Graph({INPUT: Type(MAP.shape[1:]), "boxes": Type(rows.shape[1:])}, nodes)
    program = get_engine(engine).load(Network(graph, {}))
    (found,) = program.run(graph, {INPUT: MAP, "boxes": rows}).values()
    assert found.shape == (2, 6, 3, 2, 17)
    expected, _ = operation.forward([MAP, rows], {})
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for each in (found[0], found[1, ::-1]):
        assert np.isfinite(each[0]).all()
        assert each[0].any()
        assert not each[[1, 4, 5]].any()
        assert np.isnan(each[2:4]).all()


def test_a_box_of_the_whole_map_in_single_positions_is_the_map() -> None:
    whole = np.array([[[0.0, 0.0, 96.0, 80.0]]] * 2, np.float32)
    made, _ = RoIAlign((5, 6), samples=1).forward([MAP, whole], {})
    np.testing.assert_allclose(made[:, 0], MAP, rtol=1e-6)
    to_last = np.array([[[0.0, 0.0, 80.0, 64.0]]] * 2, np.float32)  # both ends belong to it
    pooled, _ = RoIPool((5, 6)).forward([MAP, to_last], {})
    np.testing.assert_array_equal(pooled[:, 0], MAP)
