"""All methods on one sheet: each as it answers alone, and why others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.explanation import explain
from pellucid.explain.method_sheet import explain_by_every_method
from pellucid.explain.methods import METHODS
from pellucid.layers import Conv2D, Dense, Flatten, Sequential, Tanh

if TYPE_CHECKING:
    from pellucid import Dataset, ImageClassifier


def test_every_method_answers_as_it_does_alone(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset]
) -> None:
    activations = Activations.of(classifier, digits[1].images[0])
    sheet = explain_by_every_method(activations, target="3", layer="conv1", size=3)
    assert list(sheet.found) == list(METHODS)
    assert not sheet.refused
    of_layers = ("grad-cam", "grad-cam++", "deconvnet", "visual-backprop")
    for name, heatmap in sheet.heatmaps.items():
        options: dict[str, Any] = {"layer": "conv1"} if name in of_layers else {}
        options |= {"size": 3} if name == "occlusion" else {}
        alone = explain(activations, name, target="3", **options)
        values = alone.heatmap().values if name == "evidence" else alone.values  # type: ignore[union-attr]
        np.testing.assert_allclose(heatmap.values, values, rtol=1e-3, atol=1e-5, err_msg=name)
    record = sheet.to_dict()
    assert list(record["methods"]) == list(METHODS)
    assert sheet.png().startswith(b"\x89PNG")


def test_methods_that_do_not_suit_say_why(digits: tuple[Dataset, Dataset]) -> None:
    few = digits[0].subset(range(30))
    network = Sequential([Conv2D(4, 3), Tanh(), Flatten(), Dense(10)])
    model = pl.ImageClassifier(network, epochs=1).fit(few)
    sheet = explain_by_every_method(Activations.of(model, few.images[0]))
    assert set(sheet.refused) == {"evidence", "guided-backpropagation", "deconvnet"}
    assert "tanh" in sheet.refused["evidence"]
    assert sheet.to_dict()["refused"] == sheet.refused
    titles = [axes.get_title() for axes in sheet.plot().axes]
    assert len([title for title in titles if "does not suit" in title]) == 3
    with pytest.raises(ArgumentError, match="nothing"):
        explain_by_every_method(Activations.of(model, few.images[0]), target="nothing")
