"""Fast R-CNN, to which regions are given: losses and gradients as in PyTorch, on every engine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pellucid.architectures.fast_rcnn import fast_rcnn, for_training
from pellucid.architectures.region_head import (
    PROPOSED,
    REGIONS,
    SAMPLE,
    TARGETS,
    first_weights,
)
from pellucid.engines import Step, get_engine
from pellucid.graph import Network
from pellucid.ops import RegionLoss
from pellucid.optimizers import SGD
from pellucid.training import make_recipe
from pellucid.training.objective import training_step
from tests.estimators.test_detector import made, scenes
from tests.estimators.test_faster_rcnn import TINY, network_in_torch, weights_in_torch
from tests.ops.two_stages import region_loss_in_torch

REGIONS_GIVEN = 90


def given_regions(count: int) -> np.ndarray:
    """Regions anywhere in 64×64 pixels; the last rows have none."""
    random = np.random.default_rng(8)
    corners = random.uniform(0, 50, (count, REGIONS_GIVEN, 2))
    sides = random.uniform(6, 14, corners.shape)
    found = np.concatenate([corners, corners + sides, np.ones_like(sides)], axis=-1)
    found[..., 5] = 0
    found[:, -5:] = 0, 0, 0, 0, 0, -1
    return found.astype(np.float32)


def network() -> Network:
    body, _ = made(**TINY)._first_network(scenes(3, 2), 5)
    graph = fast_rcnn(body.graph, 2, REGIONS_GIVEN)
    return Network(graph, first_weights(graph, 5))


def test_its_loss_and_gradients_are_pytorchs() -> None:
    data, regions = scenes(3, 2), given_regions(2)
    boxes = data.targets.array
    whole = for_training(network(), boxes.shape[1])
    recipe = make_recipe(loss=RegionLoss(boxes.shape[1]), seed=4)
    step = training_step(whole, recipe)
    graph = step.graph.extend(outputs={**step.graph.outputs, REGIONS: REGIONS})
    program = get_engine("reference").load(
        whole, Step(graph, SGD(momentum=0.0), step.losses), precision="float64"
    )
    before = program.weights()
    feeds = {"input": data.images, PROPOSED: regions, TARGETS: boxes}
    found = program.step(feeds, 1.0)
    drawn = found[REGIONS]
    assert drawn.shape == (2, SAMPLE, 6)
    for n in range(2):  # every region that is drawn was given or is wanted
        known = np.concatenate([regions[n, :-5, :4], boxes[n, :, :4]]).astype(np.float64)
        own = drawn[n, drawn[n, :, 5] >= 0, :4]
        assert len(own) > 20
        assert np.abs(own[:, None] - known).max(axis=-1).min(axis=1).max() < 1e-6
    given = weights_in_torch(before, graph)
    _, rows = network_in_torch(given, data.images, drawn, anchors=False)
    loss = region_loss_in_torch(rows, boxes, 2)
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-6)
    after, trained = program.weights(), list(step.trained)
    assert not any(name.startswith(("objectness", "anchors-hidden")) for name in trained)
    slopes = torch.autograd.grad(loss, [given[name] for name in trained])
    for name, slope in zip(trained, slopes, strict=True):
        np.testing.assert_allclose(
            before[name] - after[name], slope.numpy(), rtol=1e-4, atol=1e-7, err_msg=name
        )


def test_engines_agree() -> None:
    images, regions, own = scenes(3, 2).images, given_regions(2), network()
    feeds = {"input": images, PROPOSED: regions}
    one, other = (
        get_engine(name).load(own).run(own.graph, feeds)["boxes"]
        for name in ("reference", "native")
    )
    assert one.shape == (2, REGIONS_GIVEN, 7 + 5 * 2)
    np.testing.assert_array_equal(one[..., :6], regions)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
