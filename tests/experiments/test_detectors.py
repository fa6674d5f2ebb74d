"""R-CNN, Fast R-CNN and Faster R-CNN compared: what goes into each, and what comes out."""

from __future__ import annotations

import csv
import io
import json
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy import ndimage

from pellucid.architectures.region_head import PROPOSED, TARGETS, first_weights
from pellucid.box_geometry import intersection_over_union
from pellucid.data import Dataset
from pellucid.data.augment import get_augmentation, moved_boxes
from pellucid.data.boxes import Boxes
from pellucid.data.targets import Numbers
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError, FileFormatError, MissingDependencyError
from pellucid.experiments import run_detectors
from pellucid.experiments.crops import CONTEXT, CROP, INSIDE, crops, in_crops
from pellucid.experiments.detector_outcome import DetectorOutcome, DetectorRun
from pellucid.experiments.detectors import detection_parts
from pellucid.experiments.kept_runs import KeptRuns
from pellucid.experiments.proposed import as_rows, covered, moved
from pellucid.experiments.region_detectors import RCNN, FastRCNN
from pellucid.experiments.scenes import SIDE, scenes
from pellucid.graph import Network
from pellucid.ops.anchors import encoded
from pellucid.ops.operation import Mode
from pellucid.ops.region_loss import RegionLoss
from pellucid.show.detector_experiment import detectors_document
from pellucid.show.document import Table
from pellucid.tasks import RegionDetection
from tests.estimators.test_detector import body
from tests.estimators.test_detector import scenes as drawn_scenes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def sampled(picture: NDArray[np.uint8], region: tuple[float, ...]) -> NDArray[np.float64]:
    """A crop by PyTorch's bilinear sampling of the picture amid its mean colour."""
    height, width, _ = picture.shape
    x0, y0, x1, y1 = region
    scale = np.array([(x1 - x0) / INSIDE, (y1 - y0) / INSIDE])
    places = np.arange(CROP) + 0.5 - CONTEXT
    across, down = places * scale[0] + x0, places * scale[1] + y0
    pad = 60
    mean = np.rint(picture.mean(axis=(0, 1)))
    wide = np.tile(mean, (height + 2 * pad, width + 2 * pad, 1))
    wide[pad:-pad, pad:-pad] = picture
    ends = np.array([width, height]) + 2 * pad
    grid = np.stack(np.meshgrid(across + pad, down + pad), axis=-1) / ends * 2 - 1
    found = torch.nn.functional.grid_sample(
        torch.tensor(wide).permute(2, 0, 1)[None], torch.tensor(grid)[None], align_corners=False
    )
    return found[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("channels", [1, 3])
def test_crops_are_pytorchs(channels: int) -> None:
    """Of regions no larger than their crops: those are enlarged, without any averaging."""
    random = np.random.default_rng(4)
    picture = random.integers(0, 256, (50, 70, channels)).astype(np.uint8)
    regions = np.array(
        [[20.0, 12.0, 44.0, 30.0], [0.0, 1.5, 33.25, 50.0], [55.5, 40.0, 70.0, 48.0]]
    )
    found = crops(picture, regions)
    assert found.shape == (3, CROP, CROP, channels)
    for crop, region in zip(found, regions, strict=True):
        wanted = sampled(picture, tuple(region))
        # Pillow rounds after each axis, and looks for pixels where a crop begins
        assert np.abs(crop - wanted).mean() < 0.5
        assert np.abs(crop - wanted).max() <= 3


def test_of_no_regions_there_are_no_crops() -> None:
    picture = np.zeros((50, 70, 3), np.uint8)
    assert crops(picture, np.zeros((0, 4))).shape == (0, CROP, CROP, 3)


def test_a_region_of_its_own_size_is_the_picture() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (CROP, CROP, 3)).astype(np.uint8)
    whole = [[CONTEXT, CONTEXT, CONTEXT + INSIDE, CONTEXT + INSIDE]]
    np.testing.assert_array_equal(crops(picture, np.array(whole))[0], picture)


def test_boxes_are_as_they_were_relative_to_the_region() -> None:
    random = np.random.default_rng(6)
    corners = random.uniform(0, 100, (2, 7, 2))
    boxes, regions = np.concatenate([corners, corners + random.uniform(5, 60, (2, 7, 2))], axis=-1)
    middle = np.array([[CONTEXT, CONTEXT, CONTEXT + INSIDE, CONTEXT + INSIDE]], np.float64)
    overlaps = intersection_over_union(regions, boxes)
    for region, own, found in zip(regions, in_crops(boxes, regions), overlaps, strict=True):
        np.testing.assert_allclose(intersection_over_union(middle, own)[0], found, atol=1e-12)
        there, here = np.tile(region, (7, 1)), np.repeat(middle, 7, axis=0)
        np.testing.assert_allclose(encoded(here, own), encoded(there, boxes), atol=1e-12)


def test_r_cnn_is_fast_r_cnn_on_a_picture_that_is_a_crop() -> None:
    """The same answer, and of the same wanted boxes the same loss."""
    data = drawn_scenes(1, 1)
    task = RegionDetection.of(data.targets)

    def of(shape: tuple[int, ...]) -> object:
        return body(2).graph(shape)

    rcnn, fast = RCNN(), FastRCNN()
    shape = (CROP, CROP, 3)
    one, other = (each.graph(of, shape, task, data.targets, 1) for each in (rcnn, fast))  # type: ignore[arg-type]
    assert one == other
    program = get_engine("reference").load(Network(one, first_weights(one, 2)))
    picture = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    whole = as_rows(np.array([[CONTEXT, CONTEXT, CONTEXT + INSIDE, CONTEXT + INSIDE]]), 1)
    rows = rcnn.rows(program, picture, whole)
    np.testing.assert_allclose(rows, fast.rows(program, picture, whole), rtol=1e-5)
    assert rows.shape == (1, 7 + 5 * 2)

    boxes = np.array([[[10, 12, 70, 75, 1, 0], [0, 0, 0, 0, -1, 0]]], np.float32)
    feeds = rcnn.batch(one, picture[None], boxes, whole[None], Mode(training=True))
    assert len(feeds["input"]) == 2  # the region, and the box that is wanted
    of_crops = RegionLoss(2).per_image(rows[None].repeat(2, axis=0), feeds[TARGETS])
    place = int(np.abs(feeds["input"].astype(int) - picture).sum(axis=(1, 2, 3)).argmin())
    np.testing.assert_allclose(feeds[TARGETS][place], boxes[0], atol=1e-4)
    assert of_crops[place] == pytest.approx(RegionLoss(2).per_image(rows[None], boxes)[0])
    assert feeds[PROPOSED].shape == (2, 1, 6)


def test_regions_are_answered_in_their_order_and_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = drawn_scenes(1, 1)
    graph = RCNN().graph(
        lambda shape: body(2).graph(shape), (64, 64, 3), RegionDetection.of(data.targets),
        data.targets, 1,
    )  # fmt: skip
    program = get_engine("reference").load(Network(graph, first_weights(graph, 2)))
    boxes = np.array([[3, 4, 30, 20], [10, 2, 60, 64], [40, 33, 52, 61]], np.float32)
    rows = RCNN().rows(program, data.images[0], as_rows(boxes, 5))
    np.testing.assert_array_equal(rows[:, :4], boxes)
    assert np.abs(rows[0, 6:] - rows[1, 6:]).max() > 1e-6
    monkeypatch.setattr(import_module("pellucid.experiments.region_detectors"), "AT_ONCE", 2)
    parted = RCNN().rows(program, data.images[0], as_rows(boxes, 5))
    np.testing.assert_allclose(parted, rows, rtol=1e-4, atol=1e-4)


def test_regions_move_with_the_boxes() -> None:
    data = drawn_scenes(0, 6)
    boxes, at = data.targets.array, np.arange(6)
    changes, given = get_augmentation("boxes"), np.zeros((6, boxes.shape[1], 6), np.float32)
    given[..., :4], given[..., 4], given[..., 5] = boxes[..., :4], 1.0, np.minimum(boxes[..., 4], 0)
    settings = {"shape": (64, 64), "seed": 3, "epoch": 1}
    found = moved(given, at, changes, **settings)  # type: ignore[arg-type]
    wanted = moved_boxes(boxes, at, changes, **settings)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found[..., :4], wanted[..., :4])
    np.testing.assert_array_equal(found[..., 5] >= 0, wanted[..., 4] >= 0)
    assert np.abs(found[..., :4] - given[..., :4]).max() > 1


def digits(count: int = 30) -> Dataset:
    """A bright bar, upright or level, on dark ground."""
    images = np.full((count, 28, 28, 1), 7, np.uint8)
    for n, image in enumerate(images):
        turned = image if n % 2 else image.transpose(1, 0, 2)
        turned[4:-4, 12:16] = 200
    return Dataset(images, np.arange(count) % 2, ("level", "upright"), name="bars")


def test_boxes_of_scenes_lie_around_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("pellucid.experiments.scenes"), "PIECES", 0)
    found = scenes(digits(), 12, seed=3)
    assert found.images.shape == (12, SIDE, SIDE, 1)
    targets = found.targets
    assert isinstance(targets, Boxes)
    for n, image in enumerate(found.images):
        marks, _ = ndimage.label(np.abs(image[..., 0].astype(int) - 7) > 32)
        wanted = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(marks)]
        rows = targets.rows(n)
        assert sorted(row[1:5] for row in rows) == sorted(wanted)
        for name, x0, y0, x1, y1, _ in rows:
            assert (name == "upright") == (y1 - y0 > x1 - x0)
    np.testing.assert_array_equal(found.images[:5], scenes(digits(), 5, seed=3).images)
    assert (found.images != scenes(digits(), 12, seed=4).images).any()


def test_what_regions_cover() -> None:
    boxes = drawn_scenes(0, 2).targets
    assert isinstance(boxes, Boxes)
    regions = [as_rows(boxes.boxes[n][boxes.present[n]], 9) for n in range(2)]
    assert covered(regions, boxes).share == 1
    for share, found in ((0.3, 1.0), (0.36, 0.0)):  # an IoU of 0.54, and of 0.47
        shifted = [rows.copy() for rows in regions]
        for rows in shifted:
            rows[:, [0, 2]] += share * (rows[:, 2:3] - rows[:, :1])
        assert covered(shifted, boxes).share == found
    none = as_rows(np.zeros((0, 4), np.float32), 9)
    assert covered([regions[0], none], boxes).covered == int(boxes.present[0].sum())


def run(variant: str, map50: float, half: float, seconds: float, seed: int = 0) -> DetectorRun:
    return DetectorRun(
        variant, seed, (1.0, 0.5), 60.0, seconds / 2, seconds / 2, map50,
        (map50 - half, map50 + half), map50 / 2, {"a": map50}, 0.9,
    )  # fmt: skip


def outcome(*runs: DetectorRun) -> DetectorOutcome:
    return DetectorOutcome(
        learned=9, judged=5, boxes=14, body="lenet5", trained_body=False, epochs=2, batch=4,
        proposals=100, timed=5, runs=runs,
    )  # fmt: skip


def test_a_verdict_claims_no_more_than_intervals_show() -> None:
    apart = outcome(
        run("R-CNN", 0.7, 0.02, 20),
        run("Fast R-CNN", 0.6, 0.02, 2),
        run("Faster R-CNN", 0.5, 0.02, 0.1),
    )
    assert "200 times" in apart.verdict
    assert "R-CNN finds most (mAP 70.0%" in apart.verdict
    assert "overlap" not in apart.verdict
    near = outcome(run("R-CNN", 0.7, 0.1, 20), run("Fast R-CNN", 0.6, 0.1, 2))
    assert "overlap" in near.verdict
    lost = outcome(run("R-CNN", 0.7, 0.1, 20), DetectorRun("Fast R-CNN", 0, diverged=True))
    assert lost.verdict == "Fast R-CNN diverged"
    (table,) = [p for p in detectors_document(lost).parts if isinstance(p, Table)]
    assert "diverged" in table.rows[1]
    assert lost.plot().axes
    several = outcome(*(run("R-CNN", m, 0.1, 1, s) for s, m in enumerate((0.2, 0.6, 0.4))))
    assert several.middle["R-CNN"].seed == 2
    assert several.seeds == 3


def test_the_experiment_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And, broken off after the first two detectors, it goes on with the third."""
    module = import_module("pellucid.experiments.detectors")
    monkeypatch.setattr(module, "BATCH", 2)
    for each in ("pellucid.architectures.region_head", "pellucid.experiments.region_detectors"):
        monkeypatch.setattr(import_module(each), "SAMPLE", 4)
    monkeypatch.setattr(
        import_module("pellucid.experiments.detector_training"), "DEFAULT", "reference"
    )
    learned, judged = drawn_scenes(0, 2), drawn_scenes(100, 2)
    lines: list[str] = []
    given = {"epochs": 1, "proposals": 6, "folder": tmp_path, "progress": lines.append}
    train = module.train_regions
    names: list[str] = []

    def killed(detector: object, *rest: object) -> object:
        names.append(detector.name)  # type: ignore[attr-defined]
        if len(names) == 3:
            raise KeyboardInterrupt
        return train(detector, *rest)

    monkeypatch.setattr(module, "train_regions", killed)
    with pytest.raises(KeyboardInterrupt):
        run_detectors(learned, judged, **given)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="proposals"):
        run_detectors(learned, judged, **{**given, "proposals": 7})  # type: ignore[arg-type]
    found = run_detectors(learned, judged, **given)  # type: ignore[arg-type]
    assert names == ["R-CNN", "Fast R-CNN", "Faster R-CNN", "Faster R-CNN"]
    assert len(list((tmp_path / "unfinished").glob("run-*"))) == 3  # until what came out is saved
    assert any("R-CNN, seed 0" in line and "before" in line for line in lines)
    assert [row["variant"] for row in found.table] == ["R-CNN", "Fast R-CNN", "Faster R-CNN"]
    for row in found.table:
        assert row["seconds"] == row["proposal_seconds"] + row["network_seconds"] > 0
        assert len(row["losses"]) == 1
        assert np.isfinite(row["losses"]).all()
        assert row["map50_interval"][0] <= row["map50"] <= row["map50_interval"][1]
        assert row["by_class"].keys() == {"dark", "light"}
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [row["variant"] for row in rows] == [run.variant for run in found.runs]
    assert json.loads(json.dumps(found.to_dict()))["experiment"] == "detectors"
    (table,) = [p for p in detectors_document(found).parts if isinstance(p, Table)]
    assert len(table.rows) == 3
    assert len(found.plot().axes) == 2


def test_a_run_is_kept_whole(tmp_path: Path) -> None:
    kept = KeptRuns.open(tmp_path, {"epochs": 3})
    one = run("R-CNN", 0.62, 0.05, 9.3)
    kept.keep_record("R-CNN", 0, one.to_dict())
    assert kept.find_as(DetectorRun.from_dict, "R-CNN", 0) == one
    assert kept.find_as(DetectorRun.from_dict, "R-CNN", 1) is None
    kept.keep_record("R-CNN", 0, {"variant": "R-CNN"})
    with pytest.raises(FileFormatError, match="remove it"):
        kept.find_as(DetectorRun.from_dict, "R-CNN", 0)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = Dataset(digits(6).images, targets=Numbers(np.zeros((6, 1)), ("x",)), name="angles")
    with pytest.raises(DataError, match="angles") as caught:
        detection_parts(numbers, numbers)
    assert "\n" not in str(caught.value)
    monkeypatch.setitem(__import__("sys").modules, "skimage", None)
    with pytest.raises(MissingDependencyError, match=r"pellucid\[proposals\]"):
        run_detectors(drawn_scenes(0, 2), drawn_scenes(1, 2))


def test_a_limit_and_the_classes_of_the_pictures_to_learn_from() -> None:
    train, test = detection_parts(drawn_scenes(0, 6), drawn_scenes(50, 5), 3)
    assert len(train) == len(test) == 3
    assert train.classes == test.classes
    made_of_digits, _ = detection_parts(digits(), digits(), 4)
    assert made_of_digits.kind == "detection"
    assert len(made_of_digits) == 4
