"""The order of pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid import Dataset, ImageClassifier
from pellucid.errors import ArgumentError
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    ReLU,
    Sequential,
)
from pellucid.training.batches import batches, batches_per_epoch, check_batch_norms
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.layers import Block


@pytest.mark.parametrize(
    ("count", "size", "sizes"),
    [
        (11, 3, [3, 3, 3, 2]), (9, 3, [3, 3, 3]), (1, 128, [1]), (128, 128, [128]),
        (20, 8, [8, 8, 4]), (3, 1, [1, 1, 1]),
        # less than half a batch would be left
        (20, 16, [10, 10]), (130, 128, [65, 65]), (129, 128, [64, 65]), (7, 3, [2, 2, 3]),
        (19, 8, [6, 6, 7]), (3, 2, [3]), (5, 2, [2, 3]),
    ],
)  # fmt: skip
def test_every_picture_once(count: int, size: int, sizes: list[int]) -> None:
    parts = list(batches(count, size, seed=1, epoch=0))
    assert [len(part) for part in parts] == sizes
    assert len(parts) == batches_per_epoch(count, size)
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))


@pytest.mark.parametrize("size", [2, 3, 5, 16, 128])
def test_no_batch_is_small(size: int) -> None:
    for count in range(2, 300):
        sizes = [len(part) for part in batches(count, size, seed=0, epoch=0)]
        assert sum(sizes) == count
        assert min(sizes) >= min(count, size / 2, 2)
        assert max(sizes) <= max(size, 3)
        assert min(sizes) > 1


def test_order_follows_from_seed_and_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        parts = list(batches(1000, 64, seed=seed, epoch=epoch))
        return [int(i) for i in np.concatenate(parts)]

    assert order(3, 5) == order(3, 5)
    assert order(3, 5) != order(3, 6)
    assert order(3, 5) != order(4, 5)
    assert order(3, 5) != list(range(1000))


def made(count: int, side: int = 6) -> Dataset:
    """Two kinds of pictures, dark and bright."""
    random = np.random.default_rng(count)
    places = np.arange(count) % 2
    images = random.integers(0, 100, (count, side, side, 1)) + 150 * places[:, None, None, None]
    return Dataset(images.astype(np.uint8), places, ("dark", "bright"), name="made")


SINGLE: dict[str, list[Block]] = {
    "dense": [Flatten(), Dense(6), BatchNorm(name="single"), ReLU(), Dense(2)],
    "convolution to one position": [
        Conv2D(4, 6), BatchNorm(name="single"), ReLU(), Flatten(), Dense(2)
    ],
    "average": [Conv2D(4, 3), GlobalAveragePool(), BatchNorm(name="single"), Dense(2)],
}  # fmt: skip
SEVERAL: list[Block] = [Conv2D(4, 3), BatchNorm(), ReLU(), Flatten(), Dense(2)]


@pytest.mark.parametrize("engine", ["reference", "native", "torch"])
@pytest.mark.parametrize("name", SINGLE)
def test_batches_of_one_before_a_batch_norm_are_refused(
    name: str, engine: str, tmp_path: Path
) -> None:
    model = ImageClassifier(Sequential(SINGLE[name]), batch_size=1, epochs=1, engine=engine)
    for attempt in (lambda: model.fit(made(8), out=tmp_path / "run"),
                    lambda: model.find_learning_rate(made(8))):  # fmt: skip
        with pytest.raises(ArgumentError, match=r"layer single .*--batch-size 16") as caught:
            attempt()
        check_line(caught.value)
    assert not (tmp_path / "run").exists()
    one = made(8).subset([0])
    with pytest.raises(ArgumentError, match="give more pictures"):
        model.set_params(batch_size=16).fit(one, allow_one_class=True)


@pytest.mark.parametrize(
    ("pictures", "size", "parts"), [(8, 7, 4), (40, 3, 2), (24, 17, 7), (9, 9, 5)]
)
def test_each_process_needs_two_values_per_channel(pictures: int, size: int, parts: int) -> None:
    """A process has its part of every batch, the smallest too; the advice is then accepted."""
    graph = Sequential(SINGLE["dense"]).graph((6, 6, 1))
    check_batch_norms(graph, pictures, size)  # statistics of the whole batch
    check_batch_norms(Sequential(SEVERAL).graph((6, 6, 1)), pictures, size, parts)
    with pytest.raises(ArgumentError, match=rf"{parts} processes.*--sync-batch-norm") as caught:
        check_batch_norms(graph, pictures, size, parts)
    check_line(caught.value)
    advised = re.search(r"--batch-size (\d+)", str(caught.value))
    if pictures < 2 * parts:
        assert advised is None
        assert "more pictures" in str(caught.value)
    else:
        assert advised is not None
        check_batch_norms(graph, pictures, int(advised[1]), parts)


@pytest.mark.parametrize("engine", ["reference", "native", "torch"])
def test_a_last_batch_of_one_is_learned_with_the_others(engine: str) -> None:
    """17 pictures in batches of 16: two steps with 8 and 9, each of which gives statistics."""
    data = made(17)
    model = ImageClassifier(
        Sequential(SINGLE["dense"]), batch_size=16, epochs=1, learning_rate=1e-9, engine=engine
    ).fit(data)
    weights = model.model_.network.weights
    inputs = np.stack([model.values(image)["dense1"] for image in data.images])
    mean, variance = np.zeros(6), np.ones(6)
    for part in batches(17, 16, seed=0, epoch=0):
        mean = 0.9 * mean + 0.1 * inputs[part].mean(axis=0)
        variance = 0.9 * variance + 0.1 * inputs[part].var(axis=0, ddof=1)
    np.testing.assert_allclose(weights["single.mean"], mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(weights["single.variance"], variance, rtol=1e-4)


@pytest.mark.parametrize("engine", ["reference", "native", "torch"])
def test_batches_of_one_with_several_positions_are_learned(engine: str) -> None:
    model = ImageClassifier(Sequential(SEVERAL), batch_size=1, epochs=2, engine=engine)
    model.fit(made(24))
    assert model.history_[-1].loss < model.history_[0].loss
