"""Pages of every task, and of many classes."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.page import make_page
from pellucid.page.samples import Samples
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from tests.engines.networks import network

PIXELS = np.random.default_rng(3).integers(0, 256, (1, 3, 2, 1), np.uint8)
SAMPLE = Samples(PIXELS, ("one",), (None,))


def data_of(task: Any, units: int) -> tuple[dict[str, Any], Model]:
    """What the page of a network of one layer knows."""
    graph = Sequential([Flatten(), Dense(units)]).graph((3, 2, 1))
    model = Model(network(graph), task, Preprocessing(3, 2, 1))
    (text,) = re.findall(r'id="page">(.*?)</script>', make_page(model, SAMPLE).to_html())
    found: dict[str, Any] = json.loads(text)
    return found, model


def test_numbers_come_with_their_units() -> None:
    task = Regression(("age", "height in cm"), (40.0, 170.0), (12.5, 9.0), flat=False)
    data, _ = data_of(task, 2)
    assert data["model"]["task"] == "regression"
    assert data["model"]["names"] == ["age", "height in cm"]
    assert data["model"]["reading"] == {"scale": [12.5, 9.0], "shift": [40.0, 170.0]}


def test_labels_are_read_one_by_one() -> None:
    data, _ = data_of(MultiLabel(("wet", "dark")), 2)
    assert (data["model"]["task"], data["model"]["names"]) == ("multi-label", ["wet", "dark"])
    assert "reading" not in data["model"]


@pytest.mark.parametrize("count", [1, 1000])
def test_of_one_class_and_of_a_thousand_with_long_names(count: int) -> None:
    names = tuple(f"{k} {'very ' * max(20, 2000 // count)}long" for k in range(count))
    data, model = data_of(SingleLabel(names), count)
    assert data["model"]["names"] == list(names)
    assert len(data["self_test"]["outputs"]) == count
    assert data["model"]["parameters"] == sum(a.size for a in model.network.weights.values())
