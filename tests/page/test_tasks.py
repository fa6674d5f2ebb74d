"""Pages of every task, and of many classes."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from pellucid.data.boxes import Boxes
from pellucid.data.dataset import Dataset
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.reference import Reference
from pellucid.data.targets import LabelSets, Numbers
from pellucid.files import Model
from pellucid.layers import Conv2D, Dense, Flatten, Sequential
from pellucid.page import make_page
from pellucid.page.blobs import Blobs
from pellucid.page.samples import Samples, samples_of_pictures
from pellucid.tasks import Detection, MultiLabel, Regression, SingleLabel
from tests.engines.networks import network
from tests.page.pages import regions_page

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


IMAGES = np.random.default_rng(4).integers(0, 256, (3, 3, 2, 1), np.uint8)
MARKS = np.array([[1, 0], [0, 0], [1, 1]], np.uint8)
AGES = np.array([[31.5, 170.0], [7.25, 120.0], [64.0, 181.0]])

WANTED = {
    "labels": (LabelSets(MARKS, ("wet", "dark")), MultiLabel(("wet", "dark")), MARKS.tolist()),
    "numbers": (
        Numbers(AGES, ("age", "height"), flat=False),
        Regression(("age", "height"), (40.0, 170.0), (12.5, 9.0), flat=False),
        AGES.tolist(),
    ),
}


@pytest.mark.parametrize("kind", WANTED)
def test_samples_know_their_labels_and_numbers(kind: str) -> None:
    targets, task, wanted = WANTED[kind]
    data = Dataset(IMAGES, targets=targets)
    assert Samples.of(data, 2).to_dict(Blobs())["wanted"] == wanted[:2]
    graph = Sequential([Flatten(), Dense(2)]).graph((3, 2, 1))
    model = Model(network(graph), task, Preprocessing(3, 2, 1))
    pictures = [Reference("data", "test", k).of(data) for k in (2, 0)]
    samples, _ = samples_of_pictures(model, pictures, 2, max_pixels=100)
    assert samples is not None
    found = samples.to_dict(Blobs())
    assert (found["wanted"], found["truths"]) == ([wanted[2], wanted[0]], [None, None])


def test_samples_know_their_boxes_and_models_how_they_are_found() -> None:
    rows = [[("wet", 0.0, 1.0, 2.0, 3.0, False), ("dark", 0.0, 0.0, 1.0, 1.0, True)], [], []]
    data = Dataset(IMAGES, targets=Boxes.like(("dark", "wet")).of_rows(rows))
    assert Samples.of(data, 2).to_dict(Blobs())["boxes"] == [[[0, 1, 2, 3, 1]], []]
    graph = Sequential([Conv2D(6, 1)]).graph((3, 2, 1))
    task = Detection(("dark", "wet"), stride=4, least=0.02, shown=0.25)
    model = Model(network(graph), task, Preprocessing(3, 2, 1))
    picture = Reference("data", "test", 0).of(data)
    samples, _ = samples_of_pictures(model, [picture], 1, max_pixels=100)
    assert samples is not None
    assert list(samples.boxes) == [[[0, 1, 2, 3, 1]]]
    page = make_page(model, samples)
    wanted = {"stride": 4, "most": 100, "least": 0.02, "overlap": 0.5, "shown": 0.25}
    assert page.data["model"]["boxes"] == wanted
    assert page.data["graph"]["reading"]["kind"] == "find_boxes"
    assert len(page.data["self_test"]["outputs"]) == 3 * 2 * 6


def test_labels_of_other_data_say_nothing() -> None:
    data = Dataset(IMAGES, targets=LabelSets(MARKS, ("wet", "bright")))
    graph = Sequential([Flatten(), Dense(2)]).graph((3, 2, 1))
    model = Model(network(graph), MultiLabel(("wet", "dark")), Preprocessing(3, 2, 1))
    samples, _ = samples_of_pictures(
        model, [Reference("data", "test", 0).of(data)], 1, max_pixels=100
    )
    assert samples is not None
    assert samples.wanted == (None,)


def test_of_classes_places_are_all_that_is_written() -> None:
    data = Dataset(IMAGES, np.array([1, 0, 1]), ("cat", "dog"))
    found = Samples.of(data, 3).to_dict(Blobs())
    assert (sorted(found), found["truths"]) == (["names", "pixels", "truths"], [0, 1, 1])


@pytest.mark.parametrize("count", [1, 1000])
def test_of_one_class_and_of_a_thousand_with_long_names(count: int) -> None:
    names = tuple(f"{k} {'very ' * max(20, 2000 // count)}long" for k in range(count))
    data, model = data_of(SingleLabel(names), count)
    assert data["model"]["names"] == list(names)
    assert len(data["self_test"]["outputs"]) == count
    assert data["model"]["parameters"] == sum(a.size for a in model.network.weights.values())


def test_of_two_stages_proposals_know_their_anchors() -> None:
    page = regions_page()
    wanted = {"size": (32, 64), "most": 100, "least": 0.05, "overlap": 0.5, "shown": 0.1}
    assert page.data["model"]["boxes"] == wanted
    nodes = {node["name"]: node for node in page.data["graph"]["nodes"]}
    assert nodes["proposals"]["anchors"]["stride"] == 8
    assert len(nodes["proposals"]["anchors"]["sizes"]) == 6
    assert "formula" not in nodes["proposals"]
    assert page.data["graph"]["reading"]["kind"] == "find_regions"
