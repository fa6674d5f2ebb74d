"""Boxes of a detector of two stages, opened: which region and which outputs made each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pellucid.architectures.faster_rcnn import faster_rcnn
from pellucid.architectures.region_head import first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, DataError
from pellucid.explain.activations import Activations
from pellucid.explain.backward import backward
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import explain
from pellucid.explain.place import anchors_of
from pellucid.explain.score import choose_score
from pellucid.explain.story import story
from pellucid.explain.trace import trace
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.ops import AnchorLoss
from pellucid.show.heatmap import claims
from pellucid.tasks import RegionDetection
from pellucid.tasks.found_box import BACKGROUND
from tests.estimators.test_detector import body
from tests.estimators.test_faster_rcnn import aligned
from tests.explain.saliency import Module
from tests.ops.two_stages import anchor_loss_in_torch, region_loss_in_torch

if TYPE_CHECKING:
    from pathlib import Path

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


def test_the_lecture_s_story_leads_to_the_surest_box(model: Model) -> None:
    found = story(model, PICTURE, "dark 10,8,40,30")
    surest = found.activations.boxes[0]
    assert (found.answer_at, found.box) == (surest.logit, surest)
    region = surest.logit[0]
    by_name = {each.step.name: each for each in found.steps}
    votes, proposed = by_name["boxes"].opened, by_name["proposals"].opened
    assert votes is not None
    assert proposed is not None
    assert (votes.layer, votes.at[0]) == ("classes", region)
    assert proposed.at == (region, 0)
    assert proposed.value == found.backward.outputs[region, 0]
    assert found.weight.total == pytest.approx(found.weight.gradient, rel=1e-3, abs=1e-6)
    page = found.to_html()
    assert all(f"{edge:.1f}" in page for edge in surest.box)


def test_no_class_may_be_called_as_what_lies_nowhere_is() -> None:
    with pytest.raises(DataError, match="background"):
        RegionDetection(("dark", "background"), size=(64, 96))


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


def test_a_held_region_scores_as_it_was_found(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    outputs = looked.values[looked.logits]
    for box, number in ((0, None), (3, None), (1, "x"), (2, "height")):
        found = looked.boxes[box]
        scored = choose_score(looked, box=box, number=number)
        at = found.logit if number is None else found.numbers[number]
        assert scored.at == at
        z = scored.factor * float(outputs[at])
        assert scored.of_images(PICTURE[None])[0] == pytest.approx(z, rel=1e-4, abs=1e-5)
        read = scored.read_of(scored.program.forward(PICTURE[None]))[0]
        assert read == pytest.approx(TASK.read_at(outputs[None].astype(float), at)[0], rel=1e-4)
        covered = PICTURE.copy()
        covered[:32] = 0  # other regions are proposed, this one stays
        held = scored.program.forward(covered[None])[0, 0, :6]
        np.testing.assert_array_equal(held, outputs[found.logit[0], :6])


@pytest.mark.parametrize("number", [None, "width"])
def test_evidence_and_gradients_of_a_box_beside_pytorch(model: Model, number: str | None) -> None:
    looked = Activations.of(model, PICTURE)
    found = looked.boxes[1]
    rows = looked.values[looked.logits].astype(np.float64)
    module = Module(model.network.select("smooth-relu"))
    x = torch.from_numpy(PICTURE[None].transpose(0, 3, 1, 2).copy()).double().requires_grad_()
    weights = {name: torch.tensor(w).double() for name, w in model.network.weights.items()}
    h = aligned(module(x)[0], torch.tensor(rows[found.logit[0]])).permute(1, 2, 0).flatten()
    for name in ("dense1", "dense2"):
        h = torch.relu(h @ weights[f"{name}.kernel"] + weights[f"{name}.bias"])
    if number is None:
        z = h @ weights["classes.kernel"] + weights["classes.bias"]
        own = found.logit[1] - 6
        others = [k for k in range(3) if k != own]
        rival = max(others, key=lambda k: z[k].item())
        score = z[own] - z[rival]
    else:
        z = h @ weights["corners.kernel"] + weights["corners.bias"]
        score = 0.2 * z[found.numbers[number][1] - 9]
    score.backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    slopes = x.grad[0].numpy().transpose(1, 2, 0)
    adds = explain(looked, box=1, number=number)
    assert isinstance(adds, Evidence)
    assert adds.total == pytest.approx(score.item(), rel=1e-6)
    np.testing.assert_allclose(adds.pixels, slopes * PICTURE, rtol=1e-4, atol=1e-8)
    assert not any(name.startswith("held") for name in adds.constants)
    described = adds.to_dict()
    assert described["at"][0] == found.logit[0]
    assert described["box"]["box"] == list(found.box)


def test_other_methods_explain_a_box_of_two_stages(model: Model) -> None:
    looked = Activations.of(model, PICTURE)
    for method in ("grad-cam", "occlusion"):
        made = explain(looked, method, box=1)
        assert not isinstance(made, Evidence)
        assert np.isfinite(made.values).all()
        assert made.values.shape == (64, 96)
        assert any("region" in line for line in made.remarks)
        assert any("held where it lies" in each.words for each in claims(made))
    with pytest.raises(ArgumentError, match="width"):
        explain(looked, "gradient", box=1, number="left")
    with pytest.raises(ArgumentError, match="itself"):
        explain(looked, "gradient", box=1, target="dark", against="dark")
    against = choose_score(looked, box=1, against=BACKGROUND)
    assert against.against_name == BACKGROUND


def test_a_page_and_a_figure_of_a_trace(model: Model, tmp_path: Path) -> None:
    traced = trace(model, PICTURE)
    for name in ("trace.html", "trace.png"):
        traced.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 10_000


def test_why_a_box_and_why_none(model: Model, tmp_path: Path) -> None:
    traced = trace(model, PICTURE)
    looked = traced.activations
    found = looked.boxes[0]
    (anchor,) = anchors_of(looked, [found.logit[0]])
    region = looked.values["proposals"][found.logit[0]]
    np.testing.assert_allclose(anchor.box, region[:4], rtol=1e-5)
    assert anchor.probability == pytest.approx(float(region[4]))
    row, column = anchor.cell
    logit = looked.values["anchors"][row, column, anchor.number]
    assert anchor.probability == pytest.approx(1 / (1 + np.exp(-float(logit))))
    described = traced.to_dict(values=False)
    assert described["boxes"][0]["anchor"] == anchor.to_dict()

    x, y = (found.box[0] + found.box[2]) / 2, (found.box[1] + found.box[3]) / 2
    place = traced.place(x, y)
    own = next(each for each in place.candidates if each.found.name == found.name)
    assert own.found == found
    assert own.step == "found"
    assert place.number_of(own.found.logit) == 0
    assert place.anchors
    assert all(0 <= low <= high for each in place.anchors for low, high in [each.box[::2]])
    for each in ("place.html", "place.png", "place.json"):
        place.save(tmp_path / each)
    asked = choose_score(looked, place=(x, y), target="dark")
    assert asked.box is not None
    assert asked.box.name == "dark"
    assert "region" in asked.wording
    with pytest.raises(ArgumentError, match="96"):
        traced.place(97, 3)
    lost = replace(model, task=replace(TASK, least=0.9999))
    none = trace(lost, PICTURE).place(x, y)
    assert {each.step for each in none.candidates} == {"threshold"}


def test_the_backward_pass_beside_pytorch(model: Model, tmp_path: Path) -> None:
    passed = backward(model, PICTURE, "dark 10,12,40,50; light 50,5,80,30")
    looked = passed.activations
    rows = looked.values[looked.logits].astype(np.float64)
    x = torch.from_numpy(PICTURE[None].transpose(0, 3, 1, 2).copy()).double().requires_grad_()
    weights = {name: torch.tensor(w).double() for name, w in model.network.weights.items()}
    kernel = weights["dense1.kernel"].requires_grad_()
    top = Module(model.network.select("smooth-relu"))(x)[0]
    maps = Module(model.network.select("anchors"))(x).permute(0, 2, 3, 1)
    parts = [aligned(top, row[:4]) * (row[5] >= 0) for row in torch.tensor(rows)]
    h = torch.stack(parts).permute(0, 2, 3, 1).flatten(1)
    for name in ("dense1", "dense2"):
        h = torch.relu(h @ weights[f"{name}.kernel"] + weights[f"{name}.bias"])
    ends = [
        h @ weights[f"{name}.kernel"] + weights[f"{name}.bias"] for name in ("classes", "corners")
    ]
    answer = torch.cat([torch.tensor(rows[:, :6]), *ends], dim=1)[None]
    wanted = passed.targets[None]
    ((settings, _),) = TASK.side_losses(model.network.graph).values()
    assert isinstance(settings, AnchorLoss)
    of_anchors = anchor_loss_in_torch(maps, wanted, settings)
    of_regions = region_loss_in_torch(answer, wanted, 2)
    assert passed.losses["boxes"] == pytest.approx(of_regions.item(), rel=1e-4)
    assert passed.losses["anchors"] == pytest.approx(of_anchors.item(), rel=1e-4)
    assert passed.loss == pytest.approx(sum(passed.losses.values()))
    at_x, at_kernel = torch.autograd.grad(of_anchors + of_regions, [x, kernel])
    slopes = at_x[0].numpy().transpose(1, 2, 0)
    apart = np.linalg.norm(passed["input"].gradient - slopes) / np.linalg.norm(slopes)
    assert apart < 2e-3  # a ReLU near 0 is on another side in float32
    own, found = at_kernel.numpy(), passed["dense1"].weights["kernel"]
    np.testing.assert_allclose(found, own, rtol=2e-3, atol=1e-4 * np.abs(own).max())
    at = tuple(int(n) for n in np.unravel_index(np.abs(own).argmax(), own.shape))
    opened = passed.weight("dense1.kernel", at)
    assert opened.check is not None
    assert opened.check.kink or opened.check.quotient == pytest.approx(own[at], rel=1e-3)
    assert opened.total == pytest.approx(opened.gradient, rel=1e-3)
    hidden = passed.weight("objectness.kernel", (0, 0, 3, 2))
    assert hidden.check is not None
    assert hidden.check.quotient == pytest.approx(hidden.check.gradient, rel=1e-3, abs=1e-7)
    place = tuple(int(n) for n in np.argwhere(passed["smooth-relu"].gradient != 0)[0])
    value = passed.value("smooth-relu", place)
    assert value.total == pytest.approx(value.gradient, rel=1e-3, abs=1e-7)
    with pytest.raises(ArgumentError, match="anchors"):
        passed.value("anchors", (0, 0, 0))
    for name in ("backward.html", "backward.png", "backward.json"):
        passed.save(tmp_path / name)
