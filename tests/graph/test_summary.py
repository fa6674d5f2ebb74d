"""What networks cost, worked by hand."""

from __future__ import annotations

import pytest

from pellucid.architectures import ARCHITECTURES, get_architecture
from pellucid.errors import ArgumentError
from pellucid.graph import Row, summarise
from pellucid.layers import BatchNorm, Block, Conv2D, Dense, Flatten, Residual, Sequential
from tests.architectures.small import FOR_SMALL_PICTURES

LECTURE = [
    # name, shape, parameters, multiply-adds, receptive field
    ("conv1", (28, 28, 32), 3 * 3 * 1 * 32 + 32, 28 * 28 * 32 * 3 * 3 * 1, 3),
    ("relu1", (28, 28, 32), 0, 0, 3),
    ("pool1", (14, 14, 32), 0, 0, 4),
    ("conv2", (14, 14, 64), 3 * 3 * 32 * 64 + 64, 14 * 14 * 64 * 3 * 3 * 32, 8),
    ("relu2", (14, 14, 64), 0, 0, 8),
    ("pool2", (7, 7, 64), 0, 0, 10),
    ("flatten1", (3136,), 0, 0, 10),
    ("dense1", (128,), 3136 * 128 + 128, 3136 * 128, 28),
    ("relu3", (128,), 0, 0, 28),
    ("dense2", (10,), 128 * 10 + 10, 128 * 10, 28),
]


def test_the_lectures_network() -> None:
    summary = summarise(ARCHITECTURES["lecture"](10).graph((28, 28, 1)))
    found = [
        (row.layer, row.output_shape, row.parameters, row.multiply_adds, row.receptive_field)
        for row in summary.rows
    ]
    assert found == [(*others, (seen, seen)) for *others, seen in LECTURE]
    assert all(row.statistics == 0 for row in summary.rows)
    assert summary.input_shape == (28, 28, 1)
    assert summary.parameters == 320 + 18_496 + 401_536 + 1_290 == 421_642
    assert summary.multiply_adds == 225_792 + 3_612_672 + 401_408 + 1_280 == 4_241_152


def test_lenet5() -> None:
    summary = summarise(ARCHITECTURES["lenet5"](10).graph((28, 28, 1)))
    rows = {row.layer: row for row in summary.rows}
    assert {name: rows[name].parameters for name in ("C1", "C3", "C5", "F6", "dense1")} == {
        "C1": 5 * 5 * 6 + 6,
        "C3": 5 * 5 * 6 * 16 + 16,
        "C5": 400 * 120 + 120,
        "F6": 120 * 84 + 84,
        "dense1": 84 * 10 + 10,
    }
    assert [rows[name].output_shape for name in ("C1", "S2", "C3", "S4", "flatten1")] == [
        (28, 28, 6),
        (14, 14, 6),
        (10, 10, 16),
        (5, 5, 16),
        (400,),
    ]
    assert [rows[name].receptive_field for name in ("C1", "S2", "C3", "S4", "C5")] == [
        (5, 5),
        (6, 6),
        (14, 14),
        (16, 16),
        (28, 28),
    ]
    assert summary.parameters == 61_706
    # 28·28·6·25 + 10·10·16·150 + 400·120 + 120·84 + 84·10
    assert summary.multiply_adds == 117_600 + 240_000 + 48_000 + 10_080 + 840


def test_lenet5_of_1998() -> None:
    """Its subsampling has a coefficient and a bias a map: 12 and 32, as the paper says."""
    summary = summarise(ARCHITECTURES["lenet5-original"](10).graph((28, 28, 1)))
    rows = {row.layer: row for row in summary.rows}
    assert (rows["C1"].parameters, rows["S2"].parameters, rows["S4"].parameters) == (156, 12, 32)
    assert summary.parameters == 61_706 + 12 + 32
    assert summary.multiply_adds == 416_520 + 14 * 14 * 6 + 5 * 5 * 16


def test_statistics_are_counted_apart() -> None:
    layers: list[Block] = [
        Residual([Conv2D(3, 3, padding="same"), BatchNorm()]),
        Flatten(),
        Dense(2),
    ]
    summary = summarise(Sequential(layers).graph((5, 4, 3)))
    assert summary.rows[1] == Row(
        layer="norm1",
        kind="batch_norm",
        inputs=("conv1",),
        output_shape=(5, 4, 3),
        parameters=6,
        statistics=6,
        multiply_adds=60,
        receptive_field=(3, 3),
    )
    assert summary.rows[2].inputs == ("norm1", "input")
    assert summary.parameters == (3 * 3 * 3 * 3 + 3) + 6 + (60 * 2 + 2)


def test_a_field_larger_than_the_image_is_the_image() -> None:
    summary = summarise(Sequential([Conv2D(1, 9, padding="same")]).graph((5, 20, 1)))
    assert summary.rows[0].receptive_field == (5, 9)


@pytest.mark.parametrize("name", FOR_SMALL_PICTURES)
@pytest.mark.parametrize(("classes", "image"), [(2, (28, 28, 1)), (10, (64, 48, 3))])
def test_architectures_end_in_logits(name: str, classes: int, image: tuple[int, int, int]) -> None:
    assert get_architecture(name) is ARCHITECTURES[name]
    assert get_architecture(name)(classes).graph(image).output_shape == (classes,)


def test_an_unknown_architecture() -> None:
    with pytest.raises(ArgumentError) as caught:
        get_architecture("lenet")
    assert str(caught.value).startswith("unknown architecture 'lenet'; did you mean 'lenet5'? ")
    assert ", ".join(ARCHITECTURES) in str(caught.value)
    with pytest.raises(ArgumentError, match="unknown architecture 'xyz'; there are lecture, "):
        get_architecture("xyz")
