"""Faster R-CNN: the same losses and gradients as in PyTorch, and the ways of other detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import pellucid as pl
from pellucid.architectures.faster_rcnn import scales_for
from pellucid.engines import Step, get_engine
from pellucid.errors import ArgumentError
from pellucid.files import self_test
from pellucid.ops import AnchorLoss
from pellucid.optimizers import SGD
from pellucid.tasks import RegionDetection
from pellucid.tasks.found import Found
from pellucid.training.objective import training_step
from tests.estimators.test_detector import made, scenes
from tests.ops.two_stages import anchor_loss_in_torch, region_loss_in_torch

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.graph import Graph, Weights
    from pellucid.ops.operation import Array

EPSILON = 1e-5
"""That batch norms add to the variance."""

TINY: dict[str, Any] = {
    "detector": "faster-rcnn",
    "epochs": 1,
    "engine": "reference",
    "learning_rate": 1e-4,
}


def network_in_torch(
    weights: dict[str, torch.Tensor], pixels: Array, regions: Array, *, anchors: bool = True
) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Both stages of the network on the small body; regions are given.

    Returns:
        The map of anchors, if it is asked for, and rows of regions, logits and numbers.
    """
    w = weights

    def convolved(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        kernel = w[f"{name}.kernel"].permute(3, 2, 0, 1)
        size = kernel.shape[2]
        # as TensorFlow's SAME, of lengths that the stride divides
        before, after = (size - stride) // 2, (size - stride + 1) // 2
        x = functional.pad(x, (before, after, before, after)) if size > 1 else x
        return functional.conv2d(x, kernel, w.get(f"{name}.bias"), stride)

    def normed(x: torch.Tensor, name: str) -> torch.Tensor:
        gamma, beta = w[f"{name}.gamma"], w[f"{name}.beta"]
        return functional.relu(functional.batch_norm(x, None, None, gamma, beta, True, eps=EPSILON))

    def block(x: torch.Tensor, name: str) -> torch.Tensor:
        return normed(convolved(x, name), f"{name}-norm")

    x = torch.tensor(pixels).double().permute(0, 3, 1, 2)
    x = (x - w["mean"].view(1, 3, 1, 1)) / w["deviation"].view(1, 3, 1, 1)
    maps = {}
    for n in (1, 2, 3, 4):
        x = normed(convolved(x, f"conv{n}", 2), f"norm{n}")
        maps[2**n] = x
    coarse = block(maps[16], "lateral16")
    coarse = functional.interpolate(coarse, scale_factor=2, mode="nearest")
    top = block(coarse + block(maps[8], "lateral8"), "smooth")
    of_anchors = None
    if anchors:
        hidden = block(top, "anchors-hidden")
        both = torch.cat([convolved(hidden, "objectness"), convolved(hidden, "offsets")], dim=1)
        of_anchors = both.permute(0, 2, 3, 1)
    rows = []
    for picture, of_picture in enumerate(torch.tensor(regions).double()):
        parts = [aligned(top[picture], row[:4]) * (row[5] >= 0) for row in of_picture]
        x = torch.stack(parts).permute(0, 2, 3, 1).flatten(1)
        for name in ("dense1", "dense2"):
            x = functional.relu(x @ w[f"{name}.kernel"] + w[f"{name}.bias"])
        ends = [x @ w[f"{name}.kernel"] + w[f"{name}.bias"] for name in ("classes", "corners")]
        rows.append(torch.cat([of_picture, *ends], dim=1))
    return of_anchors, torch.stack(rows)


def weights_in_torch(weights: Weights, graph: Graph) -> dict[str, torch.Tensor]:
    """A network's weights, and what its pictures are normalised with."""
    given = {
        name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for name, array in weights.items()
    }
    normalise = graph["normalise"].operation
    given["mean"], given["deviation"] = (
        torch.tensor(getattr(normalise, name), dtype=torch.float64) for name in ("mean", "std")
    )
    return given


def aligned(top: torch.Tensor, box: torch.Tensor) -> torch.Tensor:
    """What lies in a box, (C, 7, 7): the mean of 2×2 places in each of 7×7 parts."""
    _, height, width = top.shape
    places = (torch.arange(14, dtype=torch.float64) + 0.5) / 14
    across = (box[0] + places * (box[2] - box[0])) / 8 / width * 2 - 1
    down = (box[1] + places * (box[3] - box[1])) / 8 / height * 2 - 1
    grid = torch.stack(torch.meshgrid(down, across, indexing="ij")[::-1], dim=-1)
    found = functional.grid_sample(
        top[None], grid[None], padding_mode="border", align_corners=False
    )
    return functional.avg_pool2d(found[0], 2)


def test_the_losses_and_gradients_are_pytorchs() -> None:
    data = scenes(3, 2)
    model = made(**TINY)
    network, _ = model._first_network(data, 5)
    recipe = model.planned_recipe(data)
    step = training_step(network, recipe)
    graph = step.graph.extend(outputs={**step.graph.outputs, "regions": "regions"})
    boxes = data.targets.array
    program = get_engine("reference").load(
        network, Step(graph, SGD(momentum=0.0), step.losses), precision="float64"
    )
    before = program.weights()
    found = program.step({"input": data.images, "targets": boxes}, 1.0)
    after = program.weights()
    given = weights_in_torch(before, graph)
    maps, rows = network_in_torch(given, data.images, found["regions"])
    assert maps is not None
    (anchor_loss,) = (
        node.operation for node in graph.nodes if isinstance(node.operation, AnchorLoss)
    )
    of_anchors = anchor_loss_in_torch(maps, boxes, anchor_loss)
    of_regions = region_loss_in_torch(rows, boxes, 2)
    assert found["loss"] == pytest.approx(of_regions.item(), rel=1e-6)
    assert found["anchors-loss"] == pytest.approx(of_anchors.item(), rel=1e-6)
    trained = list(step.trained)
    slopes = torch.autograd.grad(of_anchors + of_regions, [given[name] for name in trained])
    for name, slope in zip(trained, slopes, strict=True):
        assert slope.abs().max() > 0, name
        np.testing.assert_allclose(
            before[name] - after[name], slope.numpy(), rtol=1e-4, atol=1e-7, err_msg=name
        )


@pytest.fixture(scope="module")
def fitted() -> pl.ObjectDetector:
    return made(**TINY).fit(scenes(0, 6))


def test_saved_and_loaded_it_answers_the_same(fitted: pl.ObjectDetector, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    loaded = pl.load(tmp_path / "model.safetensors")
    assert isinstance(loaded, pl.ObjectDetector)
    task = loaded.model_.task
    assert isinstance(task, RegionDetection)
    assert task == fitted.model_.task
    assert task.size == (64, 64)
    assert loaded.detector == "faster-rcnn"
    graph = loaded.model_.network.graph  # of which the file tests what it chooses by
    assert self_test.tested(graph).output == graph["proposals"].inputs[0]
    images = scenes(900, 2).images
    before, after = fitted.detections(images), loaded.detections(images)
    assert isinstance(before, list)
    assert isinstance(after, list)
    for one, other in zip(before, after, strict=True):
        assert len(one)
        np.testing.assert_allclose(one.boxes, other.boxes, rtol=1e-3, atol=1e-2)
        assert one.classes == other.classes
        assert one.boxes.min() >= 0
        assert one.boxes.max() <= 64
    assert isinstance(loaded.predict(images[0]), Found)
    report = loaded.evaluate(scenes(900, 3))
    assert report.boxes == sum(1 + (900 + n) % 3 for n in range(3))


def test_it_starts_from_either_detector(fitted: pl.ObjectDetector, tmp_path: Path) -> None:
    """From one of its kind with all weights, else with those of body and pyramid."""
    fitted.save(tmp_path / "faster.safetensors")
    rest = {"epochs": 1, "engine": "reference", "learning_rate": 1e-12}
    data = scenes(0, 4)
    on = made(**rest, start_from=tmp_path / "faster.safetensors")
    line = on.start_line(data)
    assert line is not None
    learned, whole = (int(word) for word in line.split(": ")[1].split(" layers")[0].split(" of "))
    assert learned == whole
    other = made(**rest, start_from=tmp_path / "faster.safetensors", detector="centre").fit(data)
    assert other.model_.task.kind == "detection"
    own = fitted.model_.network.weights
    for name in ("conv1.kernel", "smooth.kernel"):
        np.testing.assert_allclose(other.model_.network.weights[name], own[name], atol=1e-9)


def test_what_is_refused() -> None:
    with pytest.raises(ArgumentError, match="faster-rcnn"):
        made(detector="fast-rcnn").fit(scenes(0, 4))
    with pytest.raises(ArgumentError, match="lecture"):
        pl.ObjectDetector("lecture", start_from="efficientnet-lite0", verbose=0).fit(scenes(0, 2))


def test_squares_of_every_size_have_an_anchor_that_is_like_them() -> None:
    sides = np.linspace(8.0, 200.0, 193)
    scales = np.array(scales_for(sides))
    middle = sides[(sides >= np.percentile(sides, 2.5)) & (sides <= np.percentile(sides, 97.5))]
    overlaps = np.minimum(scales, middle[:, None]) ** 2 / np.maximum(scales, middle[:, None]) ** 2
    assert overlaps.max(axis=1).min() >= 0.7
    assert scales_for(np.array([20.0])) == pytest.approx([16 * 2**0.5])
    assert scales_for(np.full(9, 1.0)) == (8.0,)
    assert scales_for(np.full(9, 5000.0)) == (512.0,)


def test_its_training_is_diagnosed(fitted: pl.ObjectDetector) -> None:
    assert isinstance(fitted.diagnose(scenes(1, 2)), tuple)  # of its dense layers of regions, too
