"""The story as it is printed: sums, tables, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.explain.story import story
from pellucid.files import Model
from pellucid.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    Parallel,
    ReLU,
    Residual,
)
from tests.explain.activations import hand_made
from tests.explain.stories import lectures_own, made, printed, told_of

if TYPE_CHECKING:
    from pellucid.layers import Block


def test_the_lectures_own_numbers_as_they_are_printed() -> None:
    text = " ".join(printed(told_of(lectures_own(), "b")).split())
    for part in (
        "7×7 pixels (rows×columns) of one channel",
        "Of the liveliest, map 0, we take the value at row 3, column 1",
        "0·0 + 0·0 + 1·1 + 1·1 + 0·0 + 0·0 + 0·0 + 1·1 + 1·1 = 4",
        "the sum is 4; the engine's value is 4; the difference is 0.",
        "Step 1(b), ReLU (relu1), 5×5×1: max(0, x). At 3, 1, 0: 4 → 4.",
        "rows 2 to 3, columns 0 to 1 1 0 1 4 The largest wins: 4 at row 3, column 1, the value",
        "one vector of 9 numbers. Row 1, column 0, map 0, the value we follow, becomes entry",
        "(1·3 + 0)·1 + 0 = 3: 4.",
        "│ flatten1 │ 3 │ 4 │ 0.5 │ 2 │ ours │",
        "2 + 3 smaller products 0 + bias 1 = 3; the engine's score is 3; the difference is 0",
        "│ a │ 3 │ 1 │ 0.952574 │ │",
        "│ b │ 0 │ 0.0497871 │ 0.0474259 │ the truth │",
        "│ all 2 │ │ 1.04979 │ 1 │ │",
        "The truth is b: the answer a is wrong.",
        "│ 1.81479 │",
        "y = 0.0474259 of the truth │ 3.04859 │",
        "│ a │ 0.952574 │ 0 │ 0.952574 │",
        "│ b │ 0.0474259 │ 1 │ −0.952574 │",
        "The weight conv1.kernel at 0, 2, 0, 0",
        "the engine's is 0.47628",
        "1 → 0.976186",
    ):
        assert part in text, part


def test_a_colour_kernels_sum_is_grouped_by_channel() -> None:
    kernel = np.zeros((3, 3, 3, 1))
    kernel[1, 1, :, 0] = 1, 2, -1
    weights = {
        "conv1.kernel": kernel,
        "conv1.bias": np.array([0.5]),
        "dense1.kernel": np.ones((1, 2)) * [1, -1],
        "dense1.bias": np.zeros(2),
    }
    pixels = np.zeros((5, 5, 3))
    pixels[2, 2] = 10, 20, 30
    layers = [Conv2D(1, 3), GlobalAveragePool(), Dense(2)]
    text = " ".join(printed(told_of(hand_made(layers, weights, pixels))).split())
    assert "0·0 + 10·1 + 0·0 + 0·0 + 0·0 + 0·0 = 10" in text
    assert "blue: 0·0 + 0·0 + 0·0 + 0·0 + 30·(−1) + 0·0 + 0·0 + 0·0 + 0·0 = −30" in text
    assert "together: 10 + 40 + −30 + bias 0.5 = 20.5" in text
    assert "It is 2.72222, the mean of 9 values; ours brings 20.5·0.111111 = 2.27778." in text
    assert "No truth was given (--label)" in text


def test_long_sums_are_shortened_and_still_add_up() -> None:
    activations = made([Conv2D(2, 5), ReLU(), Flatten(), Dense(3)], (9, 9, 1))
    found = told_of(activations)
    assert found.start.difference == pytest.approx(0, abs=1e-3)
    (line,) = (
        part
        for part in " ".join(printed(found).split()).split(". ")
        if "17 smaller products" in part
    )
    assert f"= {found.start.terms.products.sum():.6g}" in line


def test_of_many_channels_the_largest_sums_are_printed() -> None:
    """Three colours twice, the second time with weights of a tenth."""
    kernel = np.array([1.0, 2.0, 3.0, 0.1, 0.2, 0.3]).reshape(1, 1, 6, 1)
    weights = {
        "conv1.kernel": kernel,
        "dense1.kernel": np.array([[1.0, -1.0]]),
        "dense1.bias": np.zeros(2),
    }
    twice = Parallel([[MaxPool(1, stride=1)], []])
    layers: list[Block] = [twice, Conv2D(1, 1, bias=False), GlobalAveragePool(), Dense(2)]
    found = told_of(hand_made(layers, weights, np.full((2, 2, 3), 10.0)))
    text = " ".join(printed(found).split())
    assert "channel 2: 10·3 = 30" in text
    assert "channel 3" not in text
    assert "together: 10 + 20 + 30 + 3 other channels 6 = 66" in text


def test_the_followed_value_is_among_the_votes_however_small() -> None:
    activations = lectures_own()
    activations.model.network.weights["dense1.kernel"][:, 0] = 1.0, 1, 1, 0.01, 1, 1, 1, 1, 1
    found = story(activations.model, activations.pixels)
    assert (found.answer, found.path[-2]) == ("a", ("flatten1", (3,)))
    text = " ".join(printed(found).split())
    assert "│ flatten1 │ 3 │ 4 │ 0.01 │ 0.04 │ ours │" in text
    assert "together: 7.04 + 3 smaller products 1 + bias 1 = 9.04;" in text


def test_a_window_over_the_edge_says_so() -> None:
    layers = [Normalise([100.0], [50.0]), Conv2D(4, 3, padding="same"), Flatten(), Dense(2)]
    found = told_of(made(layers, (1, 6, 1)))
    assert len(found.start) < 9
    assert "The kernel hangs over the edge (·), where zeros are read." in " ".join(
        printed(found).split()
    )


def test_a_branch_is_followed_through_its_sum() -> None:
    layers: list[Block] = [
        Conv2D(2, 3),
        Residual([Conv2D(2, 3, padding="same")]),
        Flatten(),
        Dense(2),
    ]
    found = told_of(made(layers, (6, 6, 1)))
    assert "add1" in [layer for layer, _ in found.path]
    text = printed(found)
    add = next(each for each in found.steps if each.step.name == "add1")
    assert add.opened is not None
    one, other = add.opened.terms.values
    assert f"{one:.6g} + {other:.6g} = ".replace("-", "−") in text.replace("\n", " ")


def test_names_cannot_steer_a_terminal() -> None:
    activations = lectures_own()
    model = Model(
        activations.model.network, ("\x1b[31ma\n", "b\u202e"), activations.model.preprocessing
    )
    text = printed(story(model, activations.pixels))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31ma\\n" in text


def test_of_many_steps_a_terminal_shows_both_ends_and_a_page_all() -> None:
    layers = [Conv2D(2, 3, padding=1), ReLU(), *(Conv2D(2, 3, padding=1) for _ in range(20))]
    told = told_of(made([*layers, Flatten(), Dense(2)], (6, 5, 1)))
    text, page = printed(told), told.to_html()
    names = [f"conv{n}" for n in range(2, 22)]
    shown = [name for name in names if f"{name} (convolution)" in text]
    assert shown == [*names[:4], *names[-4:]]
    assert "12 more steps" in text
    assert all(name in page for name in names)
    assert "more steps" not in page


def test_a_dozen_steps_are_all_printed() -> None:
    layers = [Conv2D(2, 3, padding=1), ReLU(), *(Conv2D(2, 3, padding=1) for _ in range(12))]
    text = printed(told_of(made([*layers, Flatten(), Dense(2)], (6, 5, 1))))
    assert all(f"conv{n} (convolution)" in text for n in range(2, 14))
    assert "more steps" not in text
