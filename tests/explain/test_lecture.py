"""The lecture's numbers, as LECTURE states them, written here by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pellucid.explain import lecture as module
from pellucid.explain.lecture import Lecture, lecture


@pytest.fixture(scope="module")
def numbers() -> Lecture:
    return lecture()


def test_feature_map_is_computed_not_copied_from_the_slide(numbers: Lecture) -> None:
    assert numbers.pipeline.feature_map.tolist() == [
        [0, 1, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 0, 0, 2, 1],
        [1, 4, 2, 1, 0],
        [0, 0, 1, 2, 1],
    ]


def test_misprint_is_found_at_row_3_column_3(numbers: Lecture) -> None:
    printed = numbers.to_dict()["misprint"]
    assert (printed["row"], printed["column"], printed["printed"], printed["computed"]) == (
        3,
        3,
        1,
        0,
    )
    assert np.dot(printed["values"], printed["weights"]) == 0
    assert printed["changes_pooled_map"] is False
    assert len(printed["values"]) == 9


def test_pooled_and_flattened(numbers: Lecture) -> None:
    assert numbers.pipeline.pooled.tolist() == [[1, 1, 0], [4, 2, 1], [0, 2, 1]]
    assert numbers.pipeline.flattened.tolist() == [1, 1, 0, 4, 2, 1, 0, 2, 1]


def test_softmax_of_the_slide(numbers: Lecture) -> None:
    assert [round(float(p), 2) for p in numbers.probabilities] == [0.95, 0.05]


def test_table_of_two_networks(numbers: Lecture) -> None:
    one, two = numbers.networks
    assert round(one.classification_error, 2) == round(two.classification_error, 2) == 0.33
    assert (round(one.mean_squared_error, 4), round(two.mean_squared_error, 4)) == (0.2533, 0.7067)
    assert (round(one.cross_entropy, 4), round(two.cross_entropy, 4)) == (0.3757, 1.0567)


def test_gradients_are_probabilities_minus_truth(numbers: Lecture) -> None:
    one, two = numbers.networks
    assert one.gradients == pytest.approx(np.array([[-0.1, 0.1], [0.1, -0.1], [-0.6, 0.6]]))
    assert two.gradients == pytest.approx(np.array([[-0.4, 0.4], [0.3, -0.3], [-0.9, 0.9]]))


def test_everything_is_json(numbers: Lecture) -> None:
    assert json.loads(json.dumps(numbers.to_dict(), allow_nan=False)) == numbers.to_dict()


def test_another_kernel_gives_another_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KERNEL", "0 0 0\n0 1 0\n0 0 0")
    image = lecture().pipeline.image
    assert np.array_equal(lecture().pipeline.feature_map, image[1:-1, 1:-1])
