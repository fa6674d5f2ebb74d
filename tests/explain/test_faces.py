"""Everything that is explained can be looked at: in a notebook, as a figure, as a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.evaluation.edit_effect import data_effect, picture_effect
from pellucid.evaluation.model_comparison import compare_models
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.faithfulness import faithfulness
from pellucid.explain.maximisation import maximise
from pellucid.explain.occlusion import occlusion
from pellucid.explain.patches import exciting_patches
from pellucid.explain.projections import projections
from pellucid.explain.score import choose_score
from pellucid.explain.story import story
from pellucid.explain.surgery import Mute
from pellucid.explain.update_rule import UpdateRule
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from pellucid.show.drawing import png
from tests.explain.activations import activations_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid import Dataset, ImageClassifier

    Digits = tuple[Dataset, Dataset]

FACES: dict[str, Callable[[ImageClassifier, Dataset], Any]] = {
    "trace": lambda c, data: c.trace(data.images[0]),
    "value": lambda c, data: c.trace(data.images[0]).value("conv2", (1, 2, 5)),
    "backward": lambda c, data: c.backward(data.images[0], 3),
    "gradient": lambda c, data: c.backward(data.images[0], 3).weight("conv1.kernel", (1, 0, 0, 5)),
    "evidence": lambda c, data: c.explain(data.images[0]),
    "heatmap": lambda c, data: c.explain(data.images[0], "grad-cam"),
    "faithfulness": lambda c, data: faithfulness(
        occlusion(choose_score(Activations.of(c, data.images[0]))), steps=4
    ),
    "patches": lambda c, data: exciting_patches(c.program_, data, "conv1", 5, most=3),
    "projections": lambda c, data: projections(
        c.program_, data.images, ["a"] * len(data), "relu1", [3], most=2
    ),
    "maximised": lambda c, data: maximise(c.model_.network, "dense2", 3, steps=3),
    "story": lambda c, data: story(c, data.images[0]),
    "picture effect": lambda c, data: picture_effect(c, c.edited(Mute("conv2", 3)), data.images[0]),
    "data effect": lambda c, data: data_effect(c, c.edited(Mute("conv2", 3)), data),
    "comparison": lambda c, data: compare_models(c, c.edited(Mute("conv1", 3)), data),
}


@pytest.mark.parametrize("name", FACES)
def test_it_has_every_face(name: str, classifier: ImageClassifier, digits: Digits) -> None:
    made = FACES[name](classifier, digits[1].subset(range(40)))
    assert "<" in made._repr_html_()
    picture = made.plot()
    assert png(picture).startswith(b"\x89PNG")
    record = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert (record["schema"], record["record"]) == (1, name)


def test_the_terms_figure_draws_the_largest(classifier: ImageClassifier, digits: Digits) -> None:
    opened = classifier.trace(digits[1].images[0]).value("dense1", (5,))
    axes = opened.plot().axes[0]
    drawn = [bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    np.testing.assert_allclose(drawn, opened.terms.products[opened.largest(20)])
    title = opened.plot().get_suptitle()
    assert f"the largest 20 of {len(opened)} terms" in title


def test_the_wanted_probabilities_are_those_that_the_gradient_is_of() -> None:
    activations = activations_of("lenet5")
    learner = UpdateRule(
        CrossEntropy(label_smoothing=0.2), SGD(momentum=0.9, nesterov=True), 0.1, "here"
    )
    gone = backward(activations.model, activations.pixels, 3, learner=learner)
    exact = np.exp(activations.values[activations.logits].astype(np.float64))
    np.testing.assert_allclose(gone.at_logits, exact / exact.sum() - gone.wanted, atol=1e-6)
    assert gone.wanted.sum() == pytest.approx(1.0)
    assert gone.wanted[3] == pytest.approx(0.8 + 0.2 / len(activations.classes))
    assert learner.rule == "sgd with learning rate 0.1, momentum 0.9, nesterov"
