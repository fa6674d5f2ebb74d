"""Boxes of a detector of two stages, opened: which region and which outputs made each."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.architectures.faster_rcnn import faster_rcnn
from pellucid.architectures.region_head import first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.explain.activations import Activations
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.tasks import RegionDetection
from pellucid.tasks.found_box import BACKGROUND
from tests.estimators.test_detector import body

TASK = RegionDetection(("dark", "light"), least=0.001, size=(64, 96))
PICTURE = np.random.default_rng(2).integers(0, 256, (64, 96, 3), dtype=np.uint8)

SPREAD = {"objectness": 0.001, "offsets": 0.001, "classes": 0.0003, "corners": 0.0003}
"""Deviations of the last layers' kernels, so that no probability is nearly 0 or 1."""


@pytest.fixture(scope="module")
def model() -> Model:
    """An untrained detector of two stages, whose outputs are spread out."""
    graph = faster_rcnn(body(2).graph((64, 96, 3)), 2, (16.0, 32.0))
    weights = first_weights(graph, 4)
    for name, deviation in SPREAD.items():
        kernel = weights[f"{name}.kernel"]
        weights[f"{name}.kernel"] = kernel * np.float32(deviation / kernel.std())
    weights["classes.bias"] = np.array([0.0, -0.6, 0.5], np.float32)
    return Model(Network(graph, weights), TASK, Preprocessing(64, 96, 3), {})


def test_each_box_names_the_outputs_that_made_it(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    assert len(looked.boxes) > 3
    assert {found.name for found in looked.boxes} == {"dark", "light"}
    outputs = looked.values[looked.logits].astype(np.float64)
    for found, row in zip(looked.boxes, looked.answer, strict=False):
        np.testing.assert_allclose([*found.box, found.probability], row[:5], rtol=1e-12)
        region, column = found.logit
        powers = np.exp([outputs[at] for at in found.logits.values()])
        assert list(found.logits) == [BACKGROUND, "dark", "light"]
        own = list(found.logits.values()).index(found.logit)
        assert found.probability == pytest.approx(powers[own] / powers.sum(), rel=1e-9)
        x0, y0, x1, y1 = outputs[region, :4]
        width, height = x1 - x0, y1 - y0
        t = [outputs[at] for at in found.numbers.values()]
        x, y = (x0 + x1) / 2 + 0.1 * t[0] * width, (y0 + y1) / 2 + 0.1 * t[1] * height
        wide, high = width * np.exp(0.2 * t[2]), height * np.exp(0.2 * t[3])
        box = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
        np.testing.assert_allclose(found.box, np.clip(box, 0, [96, 64, 96, 64]))
        many = outputs[None]
        read = [float(TASK.read_at(many, at)[0]) for at in found.numbers.values()]
        np.testing.assert_allclose(read, [x, y, wide, high])
        assert TASK.read_at(many, found.logit)[0] == pytest.approx(found.probability, rel=1e-12)
        assert TASK.output_at(found.logit).name == found.name
        assert TASK.output_at(found.logits[BACKGROUND]).name == BACKGROUND
        for name, at in found.numbers.items():
            output = TASK.output_at(at)
            assert output.name == name
            explained = output.factor * outputs[at] + output.constant
            pixels = {
                "x": (x0 + x1) / 2 + explained * width,
                "y": (y0 + y1) / 2 + explained * height,
                "width": width * np.exp(explained),
                "height": height * np.exp(explained),
            }
            assert pixels[name] == pytest.approx(TASK.read_at(many, at)[0])
        assert TASK.output_at((region, 0)).name == "left edge"
        assert TASK.read_at(many, (region, 4))[0] == outputs[region, 4]
        assert column in range(7, 9)
