from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import Dataset, split, stratified_split
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import noise


def labels_of(sizes: list[int], seed: int = 0) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(seed).permutation(labels)


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[int], dict[str, float | int], int]:
    sizes = draw(st.lists(st.integers(8, 60), min_size=1, max_size=6))
    limit = sum(sizes) // 4
    share = st.one_of(st.integers(1, limit), st.floats(0.01, 0.25))
    return sizes, {"validation": draw(share), "test": draw(share)}, draw(st.integers(0, 2**64))


@settings(max_examples=150, deadline=None)
@given(requests())
def test_every_picture_in_exactly_one_part_and_classes_in_proportion(
    request: tuple[list[int], dict[str, float | int], int],
) -> None:
    sizes, shares, seed = request
    labels = labels_of(sizes)
    total = len(labels)
    parts = stratified_split(labels, shares, seed=seed)
    assert list(parts) == ["train", "validation", "test"]
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(total))
    left = np.array(sizes)
    for part, share in shares.items():
        wanted = share if isinstance(share, int) else max(1, math.floor(share * total + 0.5))
        assert len(parts[part]) == wanted
        assert (np.diff(parts[part]) > 0).all()
        counts = np.bincount(labels[parts[part]], minlength=len(sizes))
        exact = left * wanted / left.sum()
        assert (np.abs(counts - exact) < 1).all()
        left = left - counts
    assert (left >= 1).all()


def test_the_same_seed_draws_the_same() -> None:
    labels = labels_of([50, 30, 20])
    shares = {"validation": 0.2, "test": 0.1}
    first, second = (stratified_split(labels, shares, seed=7) for _ in range(2))
    for part in first:
        np.testing.assert_array_equal(first[part], second[part])
    other = stratified_split(labels, shares, seed=8)
    assert first["test"].tolist() != other["test"].tolist()


def test_draws_stay_as_they_are() -> None:
    """Models name their seed: the same seed must draw the same on every machine, for ever."""
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0, 0, 1, 0, 0])
    parts = stratified_split(labels, {"validation": 4, "test": 0.25}, seed=2024)
    words = np.random.PCG64(2024).random_raw(16).tolist()
    # of 8, 5 and 3 pictures the largest remainders take 2, 1, 1, and of what is left the same again
    queues = [sorted(np.flatnonzero(labels == k).tolist(), key=words.__getitem__) for k in range(3)]
    validation = queues[0][:2] + queues[1][:1] + queues[2][:1]
    test = queues[0][2:4] + queues[1][1:2] + queues[2][1:2]
    assert parts["validation"].tolist() == sorted(validation)
    assert parts["test"].tolist() == sorted(test)
    assert parts["train"].tolist() == [0, 3, 4, 8, 10, 11, 13, 15]


def test_numpy_keeps_its_word() -> None:
    """The raw words of PCG64 as NumPy's own tests list them (pcg64-testset-1.csv)."""
    words = np.random.PCG64(0xDEADBEAF).random_raw(3)
    assert words.tolist() == [0x60D24054E17A0698, 0xD5E79D89856E4F12, 0xD254972FE64BD782]


def test_every_picture_is_drawn_as_often_as_any_other() -> None:
    labels = np.repeat([0, 1], [10, 20])
    drawn = np.zeros(30)
    for seed in range(600):
        drawn[stratified_split(labels, {"test": 6}, seed=seed)["test"]] += 1
    # 120 expected of each; 9.8 is the standard deviation of a fair draw
    assert np.abs(drawn - 120).max() < 5 * 9.8


def test_small_classes_stay_in_training() -> None:
    labels = np.repeat(np.arange(6), [1, 1, 1, 1, 1, 5])
    parts = stratified_split(labels, {"test": 4})
    assert parts["test"].tolist() == [n for n in parts["test"] if labels[n] == 5]
    assert len(parts["test"]) == 4
    assert set(labels[parts["train"]]) == set(range(6))


def test_parts_of_a_data_set() -> None:
    names = tuple(f"{i}.png" for i in range(40))
    data = Dataset(noise(0, 40, 2, 3, 1), labels_of([10, 30]), ("a", "b"), names, "pets")
    train, test = split(data, (0.8, 0.2), seed=3, names=("train", "test"))
    assert (len(train), len(test)) == (32, 8)
    assert np.bincount(test.places).tolist() == [2, 6]
    assert (train.name, test.name) == ("train", "test")
    assert train.names is not None
    assert test.names is not None
    assert sorted(train.names + test.names) == sorted(names)
    for part in (train, test):
        positions = [names.index(part.picture_name(i)) for i in range(len(part))]
        np.testing.assert_array_equal(part.images, data.images[positions])
        np.testing.assert_array_equal(part.places, data.places[positions])
    by_count = split(data, (30, 6, 4), seed=3)
    assert [len(part) for part in by_count] == [30, 6, 4]
    assert {part.name for part in by_count} == {"pets"}
    assert split(data, (1.0,))[0].fingerprint() == data.fingerprint()


@pytest.mark.parametrize("shares", [(), (0.8, 0.1), (30, 11), (0.5, 0.6), (41, -1)])
def test_shares_that_do_not_add_up(shares: tuple[Any, ...]) -> None:
    data = Dataset(noise(0, 40, 2, 3, 1), labels_of([10, 30]), ("a", "b"))
    with pytest.raises(ArgumentError, match=r"that add up to all 40|expected a fraction"):
        split(data, shares)


def test_names_for_each_share() -> None:
    data = Dataset(noise(0, 40, 2, 3, 1), labels_of([10, 30]), ("a", "b"))
    with pytest.raises(ArgumentError, match="1 name for 2 shares"):
        split(data, (0.5, 0.5), names=("train",))


@pytest.mark.parametrize(
    "share", [0, -1, 0.0, 1.0, 1.5, -0.1, math.nan, math.inf, True, False, "0.1", None]
)
def test_no_fraction_and_no_count(share: Any) -> None:
    with pytest.raises(ArgumentError, match=r"validation is .*expected a fraction"):
        stratified_split(labels_of([10, 10]), {"validation": share})


@pytest.mark.parametrize("seed", [-1, 0.0, "0", None, True])
def test_no_seed(seed: Any) -> None:
    with pytest.raises(ArgumentError, match=r"seed is .*expected an integer ≥ 0"):
        stratified_split(labels_of([10, 10]), {"validation": 2}, seed=seed)


@pytest.mark.parametrize("shares", [{"a": 19}, {"a": 10, "b": 9}, {"a": 0.99}])
def test_too_few_pictures(shares: dict[str, float | int]) -> None:
    with pytest.raises(DataError, match=r"pets, part '.' asks for .*of the 2 classes must stay"):
        stratified_split(labels_of([10, 10]), shares, name="pets")
