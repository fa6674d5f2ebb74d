from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
from PIL import Image

from pellucid.box_geometry import areas, clipped, intersection_over_union
from pellucid.data import Dataset, Preprocessing, Splits
from pellucid.data.boxes import Boxes
from pellucid.data.fitted import fitted
from pellucid.data.preprocessing import Resize
from pellucid.data.targets import ClassTargets
from pellucid.errors import DataError
from pellucid.tasks import TASKS, task_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def some() -> Boxes:
    """Three pictures: two boxes, none, and one that is ignored."""
    return Boxes.like(("cell", "blob; of blood")).of_rows(
        [
            [("cell", 1, 2, 5, 4, False), ("blob; of blood", 0.5, 0, 3, 8, False)],
            [],
            [("cell", 0, 0, 2, 2, True)],
        ]
    )


def test_what_boxes_say_of_themselves() -> None:
    boxes = some().check("data", 3)
    assert boxes.array.shape == (3, 2, 6)
    assert boxes.array.dtype == np.float32
    assert boxes.array[0, 1].tolist() == [0.5, 0, 3, 8, 1, 0]
    assert boxes.array[1, 0].tolist() == [0, 0, 0, 0, -1, 0]
    assert boxes.array[2, 0].tolist() == [0, 0, 2, 2, 0, 1]
    assert boxes.strata.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert boxes.counts() == boxes.box_counts() == {"cell": 1, "blob; of blood": 1}
    (line,) = boxes.lines()
    assert "3 boxes" in line
    assert "1 ignored" in line
    assert "1 picture without" in line
    assert [len(boxes.rows(i)) for i in range(3)] == [2, 0, 1]
    np.testing.assert_array_equal(boxes.of_array(boxes.array).array, boxes.array)
    assert boxes.text(1) == "–"


def test_texts_are_read_as_they_were_written() -> None:
    boxes = some()
    texts = [boxes.written(i) for i in range(3)]
    again = Boxes.like(boxes.classes).read(texts)
    np.testing.assert_array_equal(again.array, boxes.array)
    assert again.classes_of(texts[0]) == boxes.classes
    assert again.read([]).array.shape == (0, 1, 6)


def test_joined_boxes_are_padded_and_subsets_are_parts() -> None:
    boxes = some()
    one = boxes.of_rows([[("cell", 1, 1, 2, 2, False)]])
    joined = one.joined_with([boxes])
    assert joined.array.shape == (4, 2, 6)
    assert joined.rows(0) == one.rows(0)
    np.testing.assert_array_equal(joined.subset(np.array([1, 2, 3])).array, boxes.array)


def test_padding_does_not_change_the_fingerprint() -> None:
    images = np.zeros((1, 8, 8, 1), np.uint8)
    narrow = some().of_rows([[("cell", 1, 1, 2, 2, False)]])
    wide = some().joined_with([narrow]).subset(np.array([3]))
    assert wide.places.shape != narrow.places.shape
    prints = {Dataset(images, targets=each).fingerprint() for each in (narrow, wide)}
    assert len(prints) == 1
    other = narrow.of_rows([[("cell", 1, 1, 2, 2, True)]])
    assert Dataset(images, targets=other).fingerprint() not in prints


def test_other_classes_are_adopted_by_name() -> None:
    known = Boxes.like(("blob; of blood", "dust", "cell"))
    found = known.adopt(some(), "data")
    assert found.classes == known.classes
    assert [found.rows(i) for i in range(3)] == [some().rows(i) for i in range(3)]
    with pytest.raises(DataError, match="dust"):
        some().adopt(known.of_rows([[("dust", 0, 0, 1, 1, False)]]), "data")
    with pytest.raises(DataError, match="object detection"):
        some().adopt(ClassTargets(np.zeros(1, np.int64), ("cell",)), "data")


@pytest.mark.parametrize(
    "changes",
    [
        {"boxes": np.zeros((3, 2, 3), np.float32)},
        {"boxes": np.full((3, 2, 4), np.nan, np.float32)},
        {"boxes": np.full((3, 2, 4), [2, 0, 1, 4], np.float32)},
        {"boxes": np.zeros((2, 2, 4), np.float32)},
        {"places": np.full((3, 2), 2)},
        {"places": np.full((3, 2), -2)},
        {"places": np.zeros((3, 2))},
        {"ignored": np.zeros((3, 2), np.int64)},
        {"ignored": np.zeros((3, 1), np.bool_)},
        {"classes": ()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_wrong_boxes_end_in_one_line(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError) as caught:
        replace(some(), **changes).check("my data", 3)
    assert str(caught.value).startswith("my data: ")
    assert "\n" not in str(caught.value)


def test_parts_with_different_numbers_of_boxes_go_together() -> None:
    images = np.zeros((3, 8, 8, 1), np.uint8)
    whole = Dataset(images, targets=some())
    Splits(train=whole, validation=whole.subset([2]), test=None)
    assert whole.kind == "detection"
    if "detection" not in TASKS:
        with pytest.raises(DataError, match="object detection"):
            task_of(whole.targets)


def hull(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    """The box around what is bright, to a fraction of a pixel by how bright the edges are."""
    bright = pixels[..., 0].astype(np.float64) / 255
    ends = []
    for profile in (bright.max(axis=0), bright.max(axis=1)):
        at = np.flatnonzero(profile > 0.02)
        first, last = at[0], at[-1]
        ends.append((first + 1 - profile[first], last + profile[last]))
    (x0, x1), (y0, y1) = ends
    return np.array([x0, y0, x1, y1]), float(bright.sum())


@pytest.mark.parametrize("resize", get_args(Resize))
def test_boxes_go_where_their_pixels_go(resize: Any) -> None:
    draws = np.random.default_rng(3)
    for _ in range(40):
        width, height = (int(side) for side in draws.integers(20, 200, 2))
        margin = int(draws.integers(0, 20)) if resize == "crop" else 0
        wide, high = (int(side) for side in draws.integers(16, 120, 2))
        preprocessing = Preprocessing(high, wide, 1, resize, margin=margin)
        x0, y0 = int(draws.integers(0, width - 10)), int(draws.integers(0, height - 10))
        box = np.array(
            [x0, y0, draws.integers(x0 + 6, width + 1), draws.integers(y0 + 6, height + 1)]
        )
        picture = np.zeros((height, width), np.uint8)
        picture[box[1] : box[3], box[0] : box[2]] = 255
        found = preprocessing.read(Image.fromarray(picture))
        placement = preprocessing.placement(width, height)
        expected = placement.to_network(box.astype(float))
        if areas(expected) < 1:
            continue
        blur = 1.01 * max(1, 1 / min(placement.scale)) * max(placement.scale)
        np.testing.assert_allclose(hull(found)[0], expected, atol=blur)
        left, top, right, bottom = expected
        centre = found[int(top + bottom) // 2, int(left + right) // 2, 0]
        if min(right - left, bottom - top) > 4 * max(1, *placement.scale):
            assert centre == 255
        full = np.array([0, 0, width, height], float)
        if resize != "crop":
            np.testing.assert_allclose(placement.to_original(expected), box, atol=1e-9)
            np.testing.assert_allclose(placement.to_original(placement.to_network(full)), full)


def test_pixels_that_are_doubled_or_halved_are_placed_exactly() -> None:
    picture = np.zeros((40, 60), np.uint8)
    picture[8:24, 12:36] = 255
    for resize, size, expected in (
        ("pad", (20, 40), [(40 - 30) / 2 + 6, 4, (40 - 30) / 2 + 18, 12]),
        ("pad", (30, 30), [6, 5 + 4, 18, 5 + 12]),
        ("crop", (20, 20), [6 - 5, 4, 18 - 5, 12]),
        ("stretch", (20, 30), [6, 4, 18, 12]),
    ):
        preprocessing = Preprocessing(*size, 1, resize)  # type: ignore[arg-type]
        found = preprocessing.placement(60, 40).to_network(np.array([12, 8, 36, 24]))
        assert found.tolist() == expected
        bright = preprocessing.read(Image.fromarray(picture))[..., 0] > 127
        rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
        edges = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert edges == expected


def test_a_picture_that_is_decoded_smaller_is_placed_alike() -> None:
    picture = np.zeros((400, 640), np.uint8)
    picture[80:240, 128:384] = 255
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=95)
    for decoding in ("reduced", "whole"):
        preprocessing = Preprocessing(64, 80, 1, decoding=decoding)
        bright = preprocessing.read(content.getvalue())[..., 0] > 127
        rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
        found = preprocessing.placement(640, 400).to_network(np.array([128, 80, 384, 240]))
        assert found.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_boxes_are_placed_by_the_size_of_each_picture() -> None:
    pixels = Boxes.like(("a", "b")).of_rows(
        [
            [("a", 0, 0, 40, 20, False), ("b", 38, 0, 40, 20, True)],
            [("b", 0, 10, 20, 40, False)],
            [],
        ]
    )
    found = pixels.placed([(40, 20), (20, 40), (9, 9)], Preprocessing(10, 10, 1, "crop"))
    # of the first the middle square is kept, and with it nothing of its second box
    assert found.rows(0) == [("a", 0, 0, 10, 10, False)]
    assert found.rows(1) == [("b", 0, 0, 10, 10, False)]
    assert found.rows(2) == []
    assert found.places.shape == (3, 1)
    padded = pixels.placed([(40, 20), (20, 40), (9, 9)], Preprocessing(10, 10, 1))
    assert padded.rows(1) == [("b", 2, 2.5, 7, 10, False)]
    with pytest.raises(DataError):
        pixels.placed([(40, 20)], Preprocessing(10, 10, 1))


def test_pictures_in_memory_take_their_boxes_along() -> None:
    images = np.zeros((3, 20, 40, 1), np.uint8)
    images[0, 5:10, 10:20] = 255
    boxes = some().of_rows([[("cell", 10, 5, 20, 10, False)], [], []])
    found = fitted(Dataset(images, targets=boxes), Preprocessing(40, 80, 3, "stretch"))
    assert isinstance(found.targets, Boxes)
    assert found.targets.rows(0) == [("cell", 20, 10, 40, 20, False)]


def test_overlaps() -> None:
    boxes = np.array([[0, 0, 4, 2], [2, 0, 6, 2], [4, 0, 6, 2], [5, 5, 5, 9], [3, 1, 1, 0]], float)
    assert areas(boxes).tolist() == [8, 8, 4, 0, 0]
    found = intersection_over_union(boxes, boxes[:4])
    assert found[:3, :3].tolist() == [[1, 4 / 12, 0], [4 / 12, 1, 0.5], [0, 0.5, 1]]
    assert not found[3:].any()
    assert clipped(boxes, 5, 1)[1].tolist() == [2, 0, 5, 1]
