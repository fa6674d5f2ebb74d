"""Parts of pictures with several labels: sizes to the picture, labels in proportion, seeded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.data import Dataset, split, stratified_split
from pellucid.data.label_split import label_split
from pellucid.data.make_splits import set_aside
from pellucid.data.targets import LabelSets
from pellucid.errors import DataError

SHARES = {"validation": 0.1, "test": 0.2}


def drawn(marks: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    return stratified_split(marks.astype(np.int64), SHARES, seed=seed)


def distance(marks: np.ndarray, parts: dict[str, np.ndarray]) -> float:
    """LD of Sechidis et al., section 4: how far the odds of labels are apart, on average."""

    def odds(part: np.ndarray) -> np.ndarray:
        share = part.mean(axis=0)
        return np.asarray(share / (1 - share))

    return float(np.mean([np.abs(odds(marks[part]) - odds(marks)) for part in parts.values()]))


@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(12, 200))
@settings(max_examples=60, deadline=None)
def test_each_picture_in_one_part_of_the_size_asked_for(seed: int, labels: int, count: int) -> None:
    random = np.random.default_rng(seed)
    marks = (random.random((count, labels)) < random.random(labels)).astype(np.int64)
    parts = drawn(marks, seed)
    assert list(parts) == ["train", "validation", "test"]
    together = np.concatenate(list(parts.values()))
    assert np.array_equal(np.sort(together), np.arange(count))
    assert all(np.array_equal(part, np.sort(part)) for part in parts.values())
    for name, share in SHARES.items():
        assert len(parts[name]) == max(1, int(share * count + 0.5))
    again = drawn(marks, seed)
    assert all(np.array_equal(parts[name], again[name]) for name in parts)


def test_labels_are_in_proportion_where_chance_alone_would_not_have_them_so() -> None:
    ours = chance = 0.0
    for seed in range(8):
        random = np.random.default_rng(seed)
        marks = (random.random((300, 6)) < [0.6, 0.3, 0.1, 0.05, 0.03, 0.02]).astype(np.int64)
        ours += distance(marks, drawn(marks, seed))
        plain = stratified_split(np.zeros(300, np.int64), SHARES, seed=seed)
        chance += distance(marks, plain)
    assert ours < 0.35 * chance


def test_one_label_is_drawn_as_classes_are() -> None:
    marks = np.repeat([1, 0], [40, 160])[:, np.newaxis]
    parts = drawn(marks)
    assert [int(marks[part].sum()) for part in parts.values()] == [28, 4, 8]


def test_a_label_of_one_picture_is_learned() -> None:
    marks = np.zeros((50, 2), np.int64)
    marks[:, 0] = np.arange(50) % 2
    marks[17, 1] = 1
    for seed in range(5):
        assert 17 in drawn(marks, seed)["train"]


def test_by_hand() -> None:
    """The rare label first: its two pictures go to one part each; then the others fill up."""
    marks = np.array([[1, 1], [1, 0], [1, 1], [1, 0], [0, 0], [0, 0]])
    found = label_split(marks, [3, 3], np.arange(6, dtype=np.uint64))
    assert found.tolist() == [0, 1, 1, 0, 0, 1]


def test_splits_say_how_labels_are_shared_out() -> None:
    random = np.random.default_rng(4)
    marks = (random.random((100, 2)) < [0.5, 0.1]).astype(int)
    pixels = random.integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)
    data = pl.data.load({"x": pixels, "y": marks})
    notes = " ".join(data.notes)
    assert "each label in proportion" in notes
    for part in (data.train, data.validation, data.test):
        assert part is not None
        for share in part.targets.array.mean(axis=0):
            assert f"{share:.1%}" in notes
    whole = Dataset(pixels, targets=LabelSets(marks.astype(np.uint8), ("a", "b")))
    first, second = split(whole, (0.5, 0.5))
    apart = first.targets.array.sum(axis=0).astype(int) - second.targets.array.sum(axis=0)
    assert np.abs(apart).max() <= 1


@pytest.mark.parametrize("proportional", [True, False])
def test_what_was_set_aside_is_found_again(proportional: bool) -> None:
    """Also by a model that learned when labels were not drawn in proportion."""
    random = np.random.default_rng(6)
    marks = (random.random((60, 3)) < 0.3).astype(np.uint8)
    pixels = random.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
    whole = Dataset(pixels, targets=LabelSets(marks, ("a", "b", "c")))
    strata = whole.targets.strata if proportional else np.zeros(60, np.int64)
    parts = stratified_split(strata, {"validation": 0.2, "test": 0.1}, seed=5)
    learned = whole.subset(parts["train"]).fingerprint()
    for part in ("validation", "test"):
        found = set_aside(whole, validation=0.2, seed=5, learned=learned, part=part)
        assert found is not None
        assert np.array_equal(found.images, pixels[parts[part]])
    assert set_aside(whole, validation=0.2, seed=6, learned=learned) is None


def test_too_few_pictures() -> None:
    with pytest.raises(DataError, match="one must stay"):
        stratified_split(np.ones((3, 2), np.int64), {"validation": 2, "test": 1})
