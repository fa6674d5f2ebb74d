"""Boxes of a detector, opened: scores of cells beside PyTorch, and which outputs made each box."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from pycocotools import mask

import pellucid as pl
from pellucid.architectures.detector import detector, first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import explain
from pellucid.explain.faithfulness import faithfulness
from pellucid.explain.last_convolution import default_layer
from pellucid.explain.score import choose_score
from pellucid.explain.story import story
from pellucid.explain.trace import trace
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.tasks import Detection
from tests.estimators.test_detector import body
from tests.explain.saliency import Module
from tests.messages import check_line

NONE = [0.0, 0.0, 0.0, 0.0, -1.0, 0.0]
"""A row of the wanted boxes without one."""

TASK = Detection(("dark", "light"), least=0.001)
PICTURE = np.random.default_rng(2).integers(0, 256, (64, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model() -> Model:
    """An untrained detector, whose classes are as likely as not."""
    graph = detector(body(2).graph((64, 96, 3)), 2)
    weights = first_weights(graph, 4)
    weights["classes.bias"] = np.zeros_like(weights["classes.bias"])
    for name in [name for name in weights if name.endswith("-norm.mean")]:
        weights[name] = weights[name] + 0.1
    for name in ("classes.kernel", "distances.kernel"):
        weights[name] = weights[name] * np.float32(0.03)
    return Model(Network(graph, weights), TASK, Preprocessing(64, 96, 3), {})


def test_each_box_names_the_outputs_that_made_it(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    assert len(looked.boxes) > 3
    outputs = looked.values[looked.logits].astype(np.float64)
    for found, row in zip(looked.boxes, looked.answer, strict=False):
        np.testing.assert_allclose([*found.box, found.probability], row[:5], rtol=1e-12)
        assert found.probability == pytest.approx(1 / (1 + np.exp(-outputs[found.logit])))
        y, x, _ = found.logit
        left, top, right, bottom = (8 * np.exp(outputs[at]) for at in found.numbers.values())
        middle = np.array([x, y, x, y]) * 8 + 4
        box = np.clip(middle + np.array([-left, -top, right, bottom]), 0, [96, 64, 96, 64])
        np.testing.assert_allclose(found.box, box)


@pytest.mark.parametrize("number", [None, "left", "bottom"])
def test_gradients_and_evidence_beside_pytorch(model: Model, number: str | None) -> None:
    looked = Activations.of(model, PICTURE)
    found = looked.boxes[1]
    at = found.logit if number is None else found.numbers[number]
    module = Module(model.network)
    x = torch.from_numpy(PICTURE[None].transpose(0, 3, 1, 2).copy()).double().requires_grad_()
    row, column, channel = at
    z = module(x)[0, channel, row, column]
    z.backward()
    assert x.grad is not None
    slopes = x.grad[0].numpy().transpose(1, 2, 0)
    plain = explain(looked, "gradient", box=1, number=number)
    assert not isinstance(plain, Evidence)
    assert plain.channels is not None
    np.testing.assert_allclose(plain.channels, slopes, rtol=1e-3, atol=1e-4 * np.abs(slopes).max())
    score = z.item() + (0.0 if number is None else np.log(8))
    assert plain.score == pytest.approx(score, rel=1e-4)
    adds = explain(looked, box=1, number=number)
    assert isinstance(adds, Evidence)
    assert adds.total == pytest.approx(score, rel=1e-9)
    np.testing.assert_allclose(adds.pixels, slopes * PICTURE, rtol=1e-6, atol=1e-9)
    described = adds.to_dict()
    assert described["at"] == list(at)
    assert described["box"]["box"] == list(found.box)


def test_other_methods_and_classes(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    found = looked.boxes[0]
    scored = choose_score(looked, target="dark", against="light")
    outputs = looked.values[looked.logits]
    dark, light = outputs[(*found.logit[:2], 0)], outputs[(*found.logit[:2], 1)]
    assert scored.of_logits(outputs[None])[0] == pytest.approx(float(dark) - float(light))
    cam = explain(looked, "grad-cam")
    assert not isinstance(cam, Evidence)
    assert cam.layer == "smooth-relu"
    assert default_layer(model.network.graph) == ("smooth", "smooth-relu")
    covered = explain(looked, "occlusion", size=32)
    assert not isinstance(covered, Evidence)
    followed = faithfulness(covered, steps=2)
    assert followed.deletion[0] == pytest.approx(found.probability, rel=1e-5)
    wide = faithfulness(replace(covered, scored=choose_score(looked, number="right")), steps=1)
    z = float(outputs[found.numbers["right"]])
    assert wide.deletion[0] == pytest.approx(8 * np.exp(z), rel=1e-5)


def test_a_trace_opens_a_box(model: Model) -> None:
    traced = trace(model, PICTURE)
    found = traced.activations.boxes[2]
    opened = traced.box(2)
    assert opened.layer == "classes"
    assert opened.at == found.logit
    assert len(opened) > 1
    assert opened.terms.total == pytest.approx(opened.value, rel=1e-4)
    assert traced.box(2, "top").at == (*found.logit[:2], 1)
    for column, at in enumerate([*found.numbers.values(), found.logit]):
        value = traced.value("found", (2, column))
        assert value.source(0) == ("boxes", at)
        assert value.value == pytest.approx([*found.box, found.probability][column])
    last = len(traced.activations.boxes)
    if last < TASK.most:
        assert len(traced.value("found", (last, 5))) == 0
    assert traced.to_dict(values=False)["boxes"][2] == found.to_dict()


def test_the_loss_goes_back_beside_pytorch(model: Model) -> None:
    rows = [("dark", 10, 8, 40, 30), ("light", 50.5, 20, 90, 60)]
    gone = backward(model, PICTURE, rows)
    assert gone.label == "1 dark, 1 light"
    same = backward(model, PICTURE, "dark 10,8,40,30; light 50.5,20,90,60")
    np.testing.assert_array_equal(same.targets, gone.targets)
    assert gone.targets[:3].tolist() == [[10, 8, 40, 30, 0, 0], [50.5, 20, 90, 60, 1, 0], NONE]
    loss, slopes = model.task.loss().value_and_gradient(gone.outputs[None], gone.targets[None])
    assert gone.loss == pytest.approx(loss, rel=1e-4)
    scale = np.abs(slopes).max()
    np.testing.assert_allclose(gone.at_logits, slopes[0], rtol=1e-3, atol=1e-5 * scale)
    x = torch.from_numpy(PICTURE[None].transpose(0, 3, 1, 2).copy()).double().requires_grad_()
    Module(model.network)(x).backward(torch.from_numpy(slopes.transpose(0, 3, 1, 2).copy()))
    assert x.grad is not None
    at_pixels = x.grad[0].numpy().transpose(1, 2, 0)
    found = gone["input"].gradient
    np.testing.assert_allclose(found, at_pixels, rtol=1e-2, atol=1e-4 * np.abs(at_pixels).max())
    opened = gone.weight("classes.kernel", (0, 0, 3, 1))
    assert opened.check is not None
    assert opened.total == pytest.approx(opened.gradient, rel=1e-3, abs=1e-6)
    assert opened.check.quotient == pytest.approx(opened.check.gradient, rel=1e-4)
    value = gone.value("smooth-relu", (3, 4, 5))
    assert value.total == pytest.approx(value.gradient, rel=1e-3, abs=1e-7)
    assert gone.to_dict(values=False)["probabilities"] is None
    own = backward(model, PICTURE)
    assert not own.truth.given
    shown = len(model.task.described(own.activations.answer))
    assert (own.targets[:, 4] >= 0).sum() == shown > 0


def test_what_is_refused(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    blind = replace(model, task=replace(TASK, least=1.0))
    for call in (
        lambda: explain(looked, box=len(looked.boxes)),
        lambda: explain(looked, box=-1),
        lambda: explain(looked, number="depth"),
        lambda: explain(looked, number="left", target="dark"),
        lambda: explain(looked, target="grey"),
        lambda: explain(looked, target="dark", against="dark"),
        lambda: explain(Activations.of(blind, PICTURE)),
        lambda: trace(blind, PICTURE).box(),
        lambda: backward(model, PICTURE, "dark 10,8,40"),
        lambda: backward(model, PICTURE, "grey 10,8,40,30"),
        lambda: backward(model, PICTURE, [("dark", 40, 8, 40, 30)]),
        lambda: backward(model, PICTURE, [("dark", 1, 1, 2, 2)] * (TASK.boxes + 1)),
        lambda: backward(model, PICTURE).probabilities,
        lambda: story(blind, PICTURE),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        check_line(caught.value, 300)
    picture = np.zeros((28, 28, 1), np.uint8)
    classes = pl.ImageClassifier("lenet5", epochs=1, verbose=0, engine="reference")
    classes.fit(np.stack([picture] * 4), [0, 1, 0, 1], allow_one_class=True)
    with pytest.raises(ArgumentError, match="detector"):
        classes.explain(picture, box=0)


def test_the_lecture_s_story_leads_to_the_surest_box(model: Model) -> None:
    rows = [("dark", 10, 8, 40, 30), ("light", 50.5, 20, 90, 60)]
    found = story(replace(model, task=replace(TASK, shown=0.001)), PICTURE, rows)
    surest = found.activations.boxes[0]
    assert (found.answer_at, found.answer, found.box) == (surest.logit, surest.name, surest)
    assert found.path[-1] == ("boxes", surest.logit)
    by_name = {each.step.name: each for each in found.steps}
    votes, read = by_name["boxes"], by_name["found"]
    assert votes.opened is not None
    assert (votes.opened.layer, votes.opened.at) == ("classes", surest.logit)
    assert votes.term is not None
    assert read.opened is not None
    assert read.opened.value == pytest.approx(surest.probability)
    assert found.weight.total == pytest.approx(found.weight.gradient, rel=1e-3, abs=1e-6)
    described = found.to_dict()
    assert described["learning"]["y"] is None
    assert described["judges"] == found.judges.to_dict()
    page = found.to_html()
    for n, side in enumerate(("left", "top", "right", "bottom")):
        z = found.backward.outputs[surest.numbers[side]]
        assert f"{8 * np.exp(z):.1f}" in page, n


def test_the_judges_of_boxes_are_those_of_coco(model: Model) -> None:
    """Hits at an intersection over union of 0.5, each box taken once, by pycocotools' overlaps."""
    sure = replace(model, task=replace(TASK, shown=0.4))
    looked = Activations.of(sure, PICTURE)
    shown = [each for each in looked.boxes if each.probability >= 0.4]
    rows = [(each.name, *(np.array(each.box) + 1.0)) for each in shown[::2]]
    rows.append(("dark", 0, 0, 3, 3))
    found = story(sure, PICTURE, rows).judges.to_dict()
    free = list(range(len(rows)))
    hits = 0

    def wide(boxes: Any) -> Any:
        edges = np.array(boxes, np.float64)
        return np.concatenate([edges[:, :2], edges[:, 2:] - edges[:, :2]], axis=1)

    for each in shown:
        overlaps = mask.iou(wide([each.box]), wide([row[1:] for row in rows]), [0] * len(rows))[0]
        fits = [k for k in free if rows[k][0] == each.name and overlaps[k] >= 0.5]
        if fits:
            free.remove(max(fits, key=lambda k: float(overlaps[k])))
            hits += 1
    assert 0 < hits < len(shown)
    assert found == {"right": hits, "false": len(shown) - hits, "missed": len(rows) - hits}


def test_what_may_be_at_a_place(model: Model) -> None:
    traced = trace(model, PICTURE)
    found = traced.activations.boxes[1]
    x, y = (found.box[0] + found.box[2]) / 2, (found.box[1] + found.box[3]) / 2
    place = traced.place(x, y)
    assert place.anchors == ()
    for each in place.candidates:
        x0, y0, x1, y1 = each.found.box
        assert x0 <= x <= x1
        assert y0 <= y <= y1
        number = place.number_of(each.found.logit)
        assert (number is not None) == (each.step == "found")
    scored = choose_score(traced.activations, place=(x, y))
    assert scored.box == place.candidates[0].found
    assert scored.target == place.candidates[0].found.logit
