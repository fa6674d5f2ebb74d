"""What makes two runs different, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from pellucid.training.differences import differences

BEFORE: dict[str, Any] = {
    "architecture": "lenet5",
    "recipe": {"seed": 0, "learning_rate": 0.05},
    "data": {"name": "train", "pictures": 40, "fingerprint": "ab"},
    "validation": None,
    "versions": {"numpy": "2.3"},
}


@pytest.mark.parametrize(
    "more",
    [
        {"pixels": {"level": [1.0, 80.0]}},
        {"drawn": {"seed": 3, "validation": 4}},
        {"source_classes": ["0", "1"]},
        {"versions": {"numpy": "2.4"}},
    ],
)
def test_a_run_of_an_older_version_is_the_same(more: dict[str, Any]) -> None:
    assert differences(BEFORE, {**BEFORE, **more}) == []
    assert differences({**BEFORE, **more}, BEFORE) == []


def test_what_makes_a_difference() -> None:
    now = {**BEFORE, "recipe": {"seed": 0, "learning_rate": 0.1}, "data": {**BEFORE["data"]}}
    now["data"]["fingerprint"] = "cd"
    assert differences(BEFORE, now) == [
        "learning_rate: 0.05 → 0.1",
        "the training pictures are others",
    ]
