"""What a change does: beside NumPy's norms for every architecture, and for those who look at it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data.dataset import Dataset
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError, NotFittedError
from pellucid.evaluation.edit_effect import data_effect, picture_effect
from pellucid.explain.surgery import Mute, Remove, SetWeight, SwapPooling, edit_model
from pellucid.graph import Network
from pellucid.numerals import figure
from pellucid.tasks import SingleLabel
from tests.explain.activations import NAMES, activations_of
from tests.messages import check_line

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.explain.surgery import Edit
    from pellucid.files import Model

Digits = tuple[Dataset, Dataset]


@dataclass(frozen=True)
class Loaded:
    """A model and a program of it."""

    model_: Model
    program_: Program
    max_pixels: int = MAX_PIXELS

    @classmethod
    def of(cls, model: Model, engine: str = "native") -> Loaded:
        return cls(model, get_engine(engine).load(model.network))


def upstream(network: Network, name: str) -> set[str]:
    """The layers that a layer's value depends on, and no others."""
    found: set[str] = set()
    left = list(network.graph[name].inputs)
    while left:
        each = left.pop()
        if each != "input" and each not in found:
            found.add(each)
            left.extend(network.graph[each].inputs)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_layers_change_as_their_values_do(name: str) -> None:
    activations = activations_of(name)
    network = activations.model.network
    convolution = next(n.name for n in network.graph.nodes if n.operation.kind == "conv2d")
    changed = edit_model(activations.model, [Mute(convolution, 0)])
    found = picture_effect(Loaded.of(activations.model), Loaded.of(changed), activations.pixels)
    assert list(found.layers) == [node.name for node in network.graph.nodes]
    plain = [
        get_engine("reference").load(each.network).values(activations.pixels[None])
        for each in (activations.model, changed)
    ]
    for layer, change in found.layers.items():
        before, after = (np.float64(values[layer]).ravel() for values in plain)
        size = np.linalg.norm(before)
        if size > 1e-3:  # a layer that is all but 0 has rounding alone
            assert change == pytest.approx(
                np.linalg.norm(after - before) / size, rel=1e-3, abs=1e-5
            )
    for layer in upstream(network, convolution):
        assert found.layers[layer] == 0.0
    assert found.changed[convolution] == found.layers[convolution] > 0.0
    assert set(found.changed) == {layer for layer, change in found.layers.items() if change > 1e-6}


def test_only_layers_of_the_same_shape_in_both(classifier: ImageClassifier, digits: Digits) -> None:
    pixels = digits[1].images[0]
    found = picture_effect(classifier, classifier.edited(Remove("relu1")), pixels)
    assert "relu1" not in found.layers
    assert found.layers["conv1"] == 0.0
    assert found.layers["pool1"] > 0.0
    same = picture_effect(classifier, classifier.edited(), pixels)
    assert set(same.layers.values()) == {0.0}
    assert same.changed == {}
    assert "no layer&#x27;s output changes for this picture" in same._repr_html_()


def test_what_was_0_all_over(classifier: ImageClassifier, digits: Digits) -> None:
    model = classifier.model_
    bias = model.network.weights["conv1.bias"]
    sunk = replace(
        model,
        network=Network(
            model.network.graph, {**model.network.weights, "conv1.bias": np.full_like(bias, -1e3)}
        ),
    )
    raised = edit_model(sunk, [SetWeight("conv1.bias", (0,), 2e3)])
    found = picture_effect(Loaded.of(sunk), Loaded.of(raised), digits[1].images[0])
    assert found.layers["relu1"] == np.inf
    same = picture_effect(Loaded.of(sunk), Loaded.of(sunk), digits[1].images[0])
    assert set(same.layers.values()) == {0.0}
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    changes = {each["layer"]: each["change"] for each in record["layers"]}
    assert changes["relu1"] is None
    assert changes["conv1"] == pytest.approx(found.layers["conv1"])
    assert re.search(">relu1</th><td>∞</td>", found._repr_html_())


def test_a_classifier_that_was_operated_on(digits: Digits) -> None:
    images, labels = digits[0].images[:200], digits[0].places[:200] * 10
    before = ImageClassifier("lecture", seed=3, epochs=1, batch_size=32).fit(images, labels)
    bits = {name: array.tobytes() for name, array in before.model_.network.weights.items()}
    answers = before.predict_proba(images)
    edits: list[Edit] = [Mute("relu1", 2), SwapPooling("pool1")]
    after = before.edited(*edits)
    assert {name: array.tobytes() for name, array in before.model_.network.weights.items()} == bits
    np.testing.assert_array_equal(before.predict_proba(images), answers)
    assert len(before.history_) == 1
    wanted = get_engine("reference").load(edit_model(before.model_, edits).network).forward(images)
    exponentials = np.exp(np.float64(wanted))
    np.testing.assert_allclose(
        after.predict_proba(images),
        exponentials / exponentials.sum(axis=1, keepdims=True),
        rtol=1e-4,
    )
    assert after.get_params() == before.get_params()
    assert set(after.predict(images)) <= set(range(0, 100, 10))  # labels as they were given
    assert after.history_ == []
    assert [each["edit"] for each in after.model_.provenance["surgery"]] == ["mute", "swap"]
    both = after.edited(SetWeight("dense2.bias", (4,), 1e3))
    assert set(both.predict(images)) == {40}
    assert [each["edit"] for each in both.model_.provenance["surgery"]] == ["mute", "swap", "set"]


def test_what_cannot_be_operated_on(classifier: ImageClassifier) -> None:
    with pytest.raises(NotFittedError):
        ImageClassifier().edited(Mute("conv1", 0))
    with pytest.raises(ArgumentError, match="no layer 'conv9'"):
        classifier.edited(Mute("conv1", 0), Mute("conv9", 0))


def test_many_pictures(classifier: ImageClassifier, digits: Digits) -> None:
    pictures = digits[1]
    after = classifier.edited(Mute("relu1", 2), Remove("relu2"))
    found = data_effect(classifier, after, pictures)
    one, two = classifier.predict(pictures.images), after.predict(pictures.images)
    assert [each["picture"] for each in found.flips()] == [
        pictures.picture_name(i) for i in np.flatnonzero(one != two).tolist()
    ]
    assert len(found.flips()) > 0
    for numbers, judged in (
        (found.numbers.first, classifier.evaluate(pictures)),
        (found.numbers.second, after.evaluate(pictures)),
    ):
        assert numbers.accuracy == judged.accuracy
        assert numbers.cross_entropy == pytest.approx(judged.cross_entropy, rel=1e-6)


def test_answers_that_are_no_numbers(classifier: ImageClassifier, digits: Digits) -> None:
    huge = classifier.edited(
        *(SetWeight("dense2.kernel", (i, 0), -3e38) for i in range(64)),
    )
    for words, effect in (
        ("the changed network answers with NaN or infinity; a change makes",
         lambda: picture_effect(classifier, huge, digits[1].images[0])),
        ("the changed network answers with NaN or infinity; a change makes",
         lambda: data_effect(classifier, huge, digits[1])),
        ("the network answers with NaN or infinity; its training diverged",
         lambda: data_effect(huge, classifier, digits[1])),
        ("the network answers with NaN or infinity; its training diverged",
         lambda: picture_effect(huge, classifier, digits[1].images[0])),
    ):  # fmt: skip
        with pytest.raises(DataError, match=words) as refused:
            effect()
        check_line(refused.value)


def test_what_a_notebook_shows(classifier: ImageClassifier, digits: Digits) -> None:
    hostile = ("<script>0</script>", *map(str, range(1, 10)))
    model = replace(classifier.model_, task=SingleLabel(hostile))
    before = Loaded.of(model)
    after = Loaded.of(edit_model(model, [Mute("relu1", k) for k in range(12)]))
    pictures = Dataset(digits[1].images, digits[1].places, hostile, name="<i>digits</i>")
    one = picture_effect(before, after, pictures.images[int(np.argmin(pictures.places))])
    many = data_effect(before, after, pictures)
    shown = one._repr_html_() + many._repr_html_()
    assert "<script" not in shown
    assert "<i>" not in shown
    assert "&lt;script&gt;0&lt;/script&gt;" in shown
    assert f"{figure(one.before[0], '.4f')}</td><td>{figure(one.after[0], '.4f')}</td>" in shown
    assert f">dense2</th><td>{one.layers['dense2']:.2%}</td>" in shown
    assert f"{many.numbers.second.accuracy:.2%} after, of" in shown
    flips = many.flips()
    assert shown.count("data:image/png;base64,") == min(24, len(flips)) > 0
    assert escape(flips[0]["picture"]) in shown
