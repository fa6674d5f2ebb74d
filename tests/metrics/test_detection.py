from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError, ShapeError
from pellucid.metrics.detection import (
    average_precisions,
    best_score,
    mean_average_precision,
    mean_average_precision_interval,
    operating_point,
    recalls,
)
from pellucid.metrics.matching import Detections, Matches, match

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = 4


def random_data(
    seed: int, pictures: int = 20, most: int = 12, found: int = 25
) -> tuple[Detections, NDArray[np.float32]]:
    """Boxes, some ignored, and detections near them with equal scores among them; class 3 has no
    boxes that count."""
    draws = np.random.default_rng(seed)

    def boxes(*shape: int) -> NDArray[np.float32]:
        corner = draws.integers(0, 60, (*shape, 2))
        return np.concatenate([corner, corner + draws.integers(1, 30, (*shape, 2))], -1).astype(
            np.float32
        )

    truth = np.zeros((pictures, most, 6), np.float32)
    truth[..., :4] = boxes(pictures, most)
    truth[..., 4] = draws.integers(-1, CLASSES, (pictures, most))
    truth[..., 5] = (draws.random((pictures, most)) < 0.2) | (truth[..., 4] == 3)
    truth[3] = [0, 0, 0, 0, -1, 0]
    near = truth[:, draws.integers(0, most, found)]
    shape = pictures, found
    moved = near[..., :4] + draws.integers(-3, 4, (*shape, 4))
    moved[..., 2:] = np.maximum(moved[..., 2:], moved[..., :2] + 1)
    stray = draws.random(shape) < 0.3
    moved[stray] = boxes(int(stray.sum()))
    places = np.where(draws.random(shape) < 0.8, near[..., 4], draws.integers(-1, CLASSES, shape))
    scores = draws.integers(0, 40, shape) / 40  # many are equal
    return Detections(moved, scores, places.astype(np.int64)), truth


def cocos(detections: Detections, truth: NDArray[np.float32], most: int) -> Any:
    """Precisions (T, R, K) and recalls (T, K) of COCO's own evaluation."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def described(i: int, box: NDArray[Any], place: int, **more: object) -> dict[str, object]:
        x0, y0, x1, y1 = (float(each) for each in box)
        sides = [x0, y0, x1 - x0, y1 - y0]
        return {"image_id": i, "bbox": sides, "category_id": place, "area": sides[2] * sides[3],
                **more}  # fmt: skip

    images = [{"id": i} for i in range(len(truth))]
    boxes = [
        described(i, row[:4], int(row[4]), iscrowd=int(row[5]))
        for i, rows in enumerate(truth)
        for row in rows
        if row[4] >= 0
    ]
    found = [
        described(i, detections.boxes[i, d], int(place), score=float(detections.scores[i, d]))
        for i, places in enumerate(detections.places)
        for d, place in enumerate(places)
        if place >= 0
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": images, "categories": [{"id": k} for k in range(CLASSES)], "info": {},
            "annotations": [{"id": 1 + k, **each} for k, each in enumerate(boxes)],
        }  # fmt: skip
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), "bbox")
        judge.params.maxDets = [most]
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
        judge.accumulate()
    return judge.eval["precision"][..., 0, 0], judge.eval["recall"][..., 0, 0]


@pytest.mark.parametrize(("seed", "most"), [(0, 100), (1, 100), (2, 5), (3, 1)])
def test_average_precision_is_that_of_coco(seed: int, most: int) -> None:
    detections, truth = random_data(seed)
    precision, recall = cocos(detections, truth, most)
    matches = match(detections, truth, CLASSES, max_detections=most)
    found = average_precisions(matches)
    expected = np.where(precision[:, 0] > -1, precision.mean(axis=1), np.nan)
    np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=f"seed {seed}")
    assert np.isnan(found[:, 3]).all()
    known = precision[precision > -1]
    assert mean_average_precision(matches) == pytest.approx(known.mean(), abs=1e-9)
    at_half = precision[0][precision[0] > -1].mean()
    assert mean_average_precision(matches, 0.5) == pytest.approx(at_half, abs=1e-9)
    np.testing.assert_allclose(
        recalls(matches), np.where(recall > -1, recall, np.nan), atol=1e-9, err_msg=f"seed {seed}"
    )


def test_of_boxes_with_equal_overlaps_the_last_is_taken() -> None:
    truth = np.zeros((1, 2, 6), np.float32)
    truth[0, :, :4] = [[0, 0, 10, 10], [4, 0, 14, 10]]
    boxes = np.array([[[2, 0, 12, 10], [4, 0, 14, 9], [0, 0, 10, 9]]], np.float32)
    detections = Detections(boxes, np.array([[0.9, 0.8, 0.7]]), np.zeros((1, 3), np.int64))
    precision, _ = cocos(detections, truth, 100)
    found = average_precisions(match(detections, truth, CLASSES))
    np.testing.assert_allclose(found[:, 0], precision[:, :, 0].mean(axis=1), atol=1e-9)
    point = operating_point(match(detections, truth, CLASSES), truth, 0.0)
    assert [each[:2] for each in point.pictures[0].hits] == [(0, 1), (2, 0)]


def test_precision_is_read_at_the_first_detection_with_a_recall() -> None:
    for total in range(1, 260):
        right = np.arange(2 * total) % 2 == 0  # each that is right is followed by one that is not
        nothing = np.zeros(2 * total, np.int64)
        matches = Matches(
            (0.5,), nothing, np.arange(2 * total), nothing, -np.arange(2.0 * total),
            np.where(right, 0, -1)[np.newaxis], np.zeros((1, 2 * total)),
            np.zeros((1, 2 * total), np.bool_), np.array([[total]]),
        )  # fmt: skip
        hits = np.cumsum(right)
        precision = hits / np.arange(1, 2 * total + 1)
        falling = np.maximum.accumulate(precision[::-1])[::-1]
        first = np.searchsorted(hits / total, np.linspace(0, 1, 101), side="left")
        assert average_precisions(matches)[0, 0] == pytest.approx(falling[first].mean(), abs=1e-12)


def test_drawn_pictures_count_as_often_as_they_are_drawn() -> None:
    detections, truth = random_data(5)
    different = np.random.default_rng(5).permutation(detections.scores.size)
    scores = different.reshape(detections.scores.shape).astype(np.float64)
    detections = Detections(detections.boxes, scores, detections.places)
    matches = match(detections, truth, CLASSES)
    words = np.random.PCG64(9).random_raw(3 * len(truth)).reshape(3, -1) % np.uint64(len(truth))
    expected = []
    for row in words.astype(np.int64):
        copies = Detections(detections.boxes[row], detections.scores[row], detections.places[row])
        expected.append(mean_average_precision(match(copies, truth[row], CLASSES)))
    found = mean_average_precision_interval(matches, samples=3, seed=9, level=1.0)
    np.testing.assert_allclose(found, [min(expected), max(expected)], atol=1e-12)
    low, high = mean_average_precision_interval(matches, 0.5, samples=200)
    assert low < mean_average_precision(matches, 0.5) < high


def simple() -> tuple[Detections, NDArray[np.float32]]:
    truth = np.array(
        [
            [[0, 0, 10, 10, 0, 0], [20, 20, 30, 30, 0, 0], [40, 0, 60, 20, 1, 1]],
            [[0, 0, 10, 10, 1, 0], [0, 0, 0, 0, -1, 0], [0, 0, 0, 0, -1, 0]],
        ],
        np.float32,
    )
    boxes = np.array(
        [
            [[0, 0, 10, 9], [0, 0, 9, 10], [41, 1, 50, 9], [45, 5, 55, 15], [70, 70, 80, 80]],
            [[0, 0, 10, 6], [0, 0, 10, 10], [5, 5, 6, 6], [0, 0, 0, 0], [0, 0, 0, 0]],
        ],
        np.float32,
    )
    places = np.array([[0, 0, 1, 1, 1], [1, 0, 1, -1, -1]])
    scores = np.array([[0.9, 0.8, 0.95, 0.7, 0.3], [0.6, 0.5, 0.2, 0, 0]])
    return Detections(boxes, scores, places), truth


def test_what_is_right_wrong_and_missed_in_each_picture() -> None:
    detections, truth = simple()
    point = operating_point(match(detections, truth, 2), truth, 0.3)
    first, second = point.pictures
    (hit,) = first.hits
    assert hit[:2] == (0, 0)
    assert hit[2] == pytest.approx(0.9)
    assert first.false_alarms == (1, 4)  # the box is taken already; and nothing is there
    assert first.ignored == (2, 3)  # any number of them
    assert first.misses == (1,)
    assert [each[:2] for each in second.hits] == [(0, 0)]
    assert second.false_alarms == (1,)
    assert second.misses == ()
    assert point.hits.tolist() == [1, 1]
    assert point.false_alarms.tolist() == [2, 1]
    assert point.misses.tolist() == [1, 0]
    np.testing.assert_allclose(point.precision, [1 / 3, 1 / 2, 2 / 5])
    np.testing.assert_allclose(point.recall, [1 / 2, 1, 2 / 3])
    strict = operating_point(match(detections, truth, 2), truth, 0.3, threshold=0.75)
    assert strict.misses.tolist() == [1, 1]


def test_the_score_from_which_on_to_answer() -> None:
    detections, truth = simple()
    # F1 of 3 boxes: 2/4 with the first, 2/5, 4/6 with the third, 4/7, 4/8 and so on
    assert best_score(match(detections, truth, 2)) == 0.6
    points = [operating_point(match(detections, truth, 2), truth, s) for s in (0.9, 0.8, 0.6, 0.3)]
    f1 = [2 * p.hits.sum() / (2 * p.hits + p.false_alarms + p.misses).sum() for p in points]
    assert max(f1) == f1[2]
    truth[0, 1, 4] = -1  # of two boxes one is found among three of a score, the other later
    detections.places[:] = [[0, 0, 0, -1, -1], [1, -1, -1, -1, -1]]
    detections.scores[:] = [[0.9, 0.9, 0.9, 0, 0], [0.5, 0, 0, 0, 0]]
    assert best_score(match(detections, truth, 2)) == 0.5


def test_every_detection_and_box_is_named_once() -> None:
    detections, truth = random_data(7)
    matches = match(detections, truth, CLASSES)
    point = operating_point(matches, truth, 0.5, threshold=0.6)
    for i, each in enumerate(point.pictures):
        named = [*(d for d, _, _ in each.hits), *each.false_alarms, *each.ignored]
        answered = (detections.places[i] >= 0) & (detections.scores[i] >= 0.5)
        assert sorted(named) == np.flatnonzero(answered).tolist()
        boxes = [*(b for _, b, _ in each.hits), *each.misses]
        counts = (truth[i, :, 4] >= 0) & (truth[i, :, 5] == 0)
        assert sorted(boxes) == np.flatnonzero(counts).tolist()


def test_nothing_found_and_nothing_there() -> None:
    detections, truth = random_data(0)
    none = Detections(detections.boxes, detections.scores, np.full_like(detections.places, -1))
    matches = match(none, truth, CLASSES)
    assert mean_average_precision(matches) == 0
    assert best_score(matches) == 0
    assert operating_point(matches, truth, 0).misses.sum() == matches.numbers.sum()
    empty = truth.copy()
    empty[..., 4] = -1
    matches = match(detections, empty, CLASSES)
    assert np.isnan(mean_average_precision(matches))
    assert np.isnan(mean_average_precision_interval(matches, samples=2)).all()
    alarms = operating_point(matches, empty, 0).false_alarms.sum()
    assert alarms == (detections.places >= 0).sum()


def test_wrong_arguments_end_in_one_line() -> None:
    detections, truth = random_data(0)
    with pytest.raises(ShapeError, match=r"\(20, 12, 5\)"):
        match(detections, truth[..., :5], CLASSES)
    with pytest.raises(ShapeError, match="20 pictures"):
        match(detections, truth[:3], CLASSES)
    with pytest.raises(ArgumentError, match="2 classes"):
        match(detections, truth, 2)
    with pytest.raises(ArgumentError, match="max_detections"):
        match(detections, truth, CLASSES, max_detections=0)
    with pytest.raises(ArgumentError, match=r"0\.55"):
        mean_average_precision(match(detections, truth, CLASSES), 0.52)
    with pytest.raises(ShapeError):
        Detections(detections.boxes, detections.scores[:, :3], detections.places)
    with pytest.raises(ArgumentError, match="finite"):
        Detections(detections.boxes, detections.scores * np.nan, detections.places)
