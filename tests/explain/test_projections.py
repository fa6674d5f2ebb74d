"""What excites feature maps, projected back to pixels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.patches import exciting_patches
from pellucid.explain.projections import MAPS, projections
from pellucid.explain.rectified import deconvnet
from pellucid.explain.score import choose_score
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential, Tanh
from pellucid.show.drawing import png
from tests.engines.networks import network

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier
    from pellucid.graph import Network
    from pellucid.layers import Layer

    Digits = tuple[Dataset, Dataset]


def test_projections_are_those_of_each_picture_alone(
    classifier: ImageClassifier, digits: Digits
) -> None:
    data = digits[1].subset(range(30))
    names = [f"digit {k}" for k in range(30)]
    found = projections(classifier.program_, data.images, names, "relu2", [5, 0], most=4)
    assert [sheet.unit for sheet in found.patches] == [5, 0]
    for sheet, shown in zip(found.patches, found.pixels, strict=True):
        one = exciting_patches(classifier.program_, data, "relu2", sheet.unit, most=4)
        assert [(p.index, p.at, p.value) for p in sheet.patches] == [
            (p.index, p.at, p.value) for p in one.patches
        ]
        for patch, pixels in zip(sheet.patches, shown, strict=True):
            assert patch.label == names[patch.index]
            assert pixels.shape == patch.pixels.shape
            scored = choose_score(Activations.of(classifier, data.images[patch.index]))
            whole = deconvnet(scored, layer="relu2", unit=sheet.unit)
            assert whole.settings["at"] == list(patch.at)
            assert whole.channels is not None
            field = slice(*patch.field.rows), slice(*patch.field.columns)
            np.testing.assert_allclose(pixels, whole.channels[field], rtol=1e-4, atol=1e-6)
            assert np.abs(pixels).sum() == pytest.approx(np.abs(whole.channels).sum(), rel=1e-4)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert [len(each["patches"]) for each in record["maps"]] == [4, 4]
    assert png(found.plot()).startswith(b"\x89PNG")


def small(activation: Layer) -> Network:
    layers = [Conv2D(7, 3), activation, MaxPool(2), Flatten(), Dense(2)]
    return network(Sequential(layers).graph((8, 6, 3)))


def test_which_maps_are_shown() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 6, 3), np.uint8)
    program = get_engine("reference").load(small(ReLU()))
    found = projections(program, images, list("abcde"))
    assert found.layer == "relu1"
    values = program.values(images)["relu1"].max(axis=(1, 2))
    above = values.max(axis=0) - values.mean(axis=0)
    assert {sheet.unit for sheet in found.patches} == set(np.argsort(-above)[:MAPS].tolist())
    assert all(len(sheet.patches) == 5 for sheet in found.patches)


def test_what_cannot_be_projected() -> None:
    images = np.zeros((1, 8, 6, 3), np.uint8)
    reference = get_engine("reference")
    with pytest.raises(ArgumentError, match="ReLU"):
        projections(reference.load(small(Tanh())), images, ["a"])
    program = reference.load(small(ReLU()))
    with pytest.raises(ArgumentError, match="0 to 6, got 7"):
        projections(program, images, ["a"], "relu1", [7])
    with pytest.raises(ArgumentError, match="relu1"):
        projections(program, images, ["a"], "relu2")
