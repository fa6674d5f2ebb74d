"""The trace: every step in order, as records, pages and figures."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.explain.records import array, numbers
from pellucid.explain.trace import Trace
from pellucid.layers import Conv2D, Dense, Flatten, MaxPool
from pellucid.numerals import percent
from pellucid.show.palette import NOT_A_NUMBER, SCALES, colours, limit_of, rgb
from tests.explain.activations import NAMES, activations_of, hand_made
from tests.show.reading import picture, read

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier

Digits = tuple["Dataset", "Dataset"]


def test_the_lectures_order(classifier: ImageClassifier, digits: Digits) -> None:
    trace = classifier.trace(digits[1].images[0])
    assert [step.title for step in trace.steps] == [
        "what the network sees", "pixels, normalised",
        "step 1, convolution", "step 1(b), ReLU", "step 2, max pooling",
        "step 1, convolution", "step 1(b), ReLU", "step 2, max pooling",
        "step 3, flattening", "step 4, full connection", "ReLU",
        "step 4, full connection: logits", "softmax",
    ]  # fmt: skip
    probabilities = classifier.predict_proba(digits[1].images[0])
    guesses = trace.guesses()
    assert len(guesses) == 5
    assert guesses[0].name == classifier.predict(digits[1].images[0])
    likeliest = np.sort(probabilities)[:4:-1]
    assert [g.probability for g in guesses] == pytest.approx(likeliest.tolist(), abs=1e-6)


def test_the_values_are_those_of_pytorch(classifier: ImageClassifier, digits: Digits) -> None:
    """Step by step, by PyTorch's functions, written out here."""
    pixels = digits[1].images[5]
    trace = classifier.trace(pixels)
    weights = {k: torch.tensor(v) for k, v in classifier.model_.network.weights.items()}
    settings = trace["normalise"].to_dict()["settings"]
    x = (torch.tensor(pixels, dtype=torch.float32) - settings["mean"][0]) / settings["std"][0]
    x = x.permute(2, 0, 1)[None]
    for k in (1, 2):
        kernel = weights[f"conv{k}.kernel"].permute(3, 2, 0, 1)
        x = torch.nn.functional.conv2d(x, kernel, weights[f"conv{k}.bias"], padding="same")
        _check(trace, f"conv{k}", x)
        x = torch.relu(x)
        _check(trace, f"relu{k}", x)
        x, winners = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
        _check(trace, f"pool{k}", x)
        ours = trace[f"pool{k}"].winners
        assert ours is not None
        flat = np.ravel_multi_index((ours[..., 0], ours[..., 1]), trace[f"relu{k}"].shape[:2])
        # of equals (zeros, after ReLU) PyTorch too takes the first
        assert np.array_equal(flat, winners[0].permute(1, 2, 0).numpy())
    x = x.permute(0, 2, 3, 1).reshape(1, -1)
    hidden = torch.relu(x @ weights["dense1.kernel"] + weights["dense1.bias"])
    logits = hidden @ weights["dense2.kernel"] + weights["dense2.bias"]
    assert trace["dense2"].values == pytest.approx(logits[0].numpy(), rel=1e-4, abs=1e-4)


def _check(trace: Trace, layer: str, expected: torch.Tensor) -> None:
    ours, theirs = trace[layer].values, expected[0].permute(1, 2, 0).numpy()
    assert np.allclose(ours, theirs, rtol=1e-4, atol=1e-5), layer


@pytest.mark.parametrize("name", NAMES)
def test_winners_and_origins_lead_to_the_values(name: str) -> None:
    trace = Trace(activations_of(name))
    seen = set()
    for step in trace.steps:
        if step.winners is not None:
            before = trace[step.inputs[0]].values
            rows, columns = step.winners[..., 0], step.winners[..., 1]
            channels = np.arange(before.shape[2])
            assert np.array_equal(before[rows, columns, channels], step.values)
            seen.add("winners")
        if step.origins is not None:
            before = trace[step.inputs[0]].values
            assert np.array_equal(before[tuple(step.origins.T)], step.values)
            seen.add("origins")
    assert seen or name == "resnet20"


def test_windows_over_the_edge_have_winners_inside() -> None:
    pixels = np.arange(25.0).reshape(5, 5, 1)
    kernel = {"dense1.kernel": np.ones((9, 2)), "dense1.bias": np.zeros(2)}
    activations = hand_made([MaxPool(2, edge="count"), Flatten(), Dense(2)], kernel, pixels)
    winners = Trace(activations)["pool1"].winners
    assert winners is not None
    assert winners[:, :, 0, 0].tolist() == [[1, 1, 1], [3, 3, 3], [4, 4, 4]]
    assert winners[0, :, 0, 1].tolist() == [1, 3, 4]


@pytest.mark.parametrize("name", ["every operation", "lecture"])
def test_the_record_is_json_and_whole(name: str) -> None:
    trace = Trace(activations_of(name))
    record = json.loads(json.dumps(trace.to_dict(), allow_nan=False))
    assert (record["schema"], record["record"]) == (1, "trace")
    assert [printed["name"] for printed in record["steps"]] == [step.name for step in trace.steps]
    for printed, step in zip(record["steps"], trace.steps, strict=True):
        assert np.array_equal(np.array(printed["values"], step.values.dtype), step.values)
        assert printed["lowest"] == step.values.min()
        assert ("winners" in printed) == (step.kind == "max_pool")
        assert ("origins" in printed) == (step.kind == "flatten")
    assert "values" not in trace.to_dict(values=False)["steps"][3]
    assert sum(guess["probability"] for guess in record["guesses"]) <= 1.0 + 1e-9


def test_numbers_that_are_none_become_null() -> None:
    values = np.array([[1.5, np.nan], [np.inf, -2.0]], np.float32)
    assert array(values) == [[1.5, None], [None, -2.0]]
    assert numbers([np.float32(0.5), float("-inf"), "word", np.int64(3), values[0]]) == [
        0.5, None, "word", 3, [1.5, None],
    ]  # fmt: skip


def test_a_network_that_overflows_is_still_shown() -> None:
    """NaN and infinity are shown as what they are, in records, on pages and in figures."""
    weights: dict[str, Any] = {
        "conv1.kernel": np.full((1, 1, 1, 2), 3e38, np.float32),
        "conv1.bias": np.zeros(2),
        "dense1.kernel": np.array([[1.0, 0.0], [-1.0, 1.0]] * 4, np.float32),
        "dense1.bias": np.zeros(2),
    }
    pixels = np.full((2, 2, 1), 200.0)
    with np.errstate(all="ignore"):
        trace = Trace(hand_made([Conv2D(2, 1), Flatten(), Dense(2)], weights, pixels))
        printed = trace.to_dict()
        html, drawn = trace._repr_html_(), trace.plot()
    assert printed["steps"][1]["values"][0][0] == [None, None]
    assert "from inf to inf" in html
    assert len(drawn.axes) == 2 * 2 + 3  # maps have scales beside them


def test_the_page_shows_every_step(classifier: ImageClassifier, digits: Digits) -> None:
    trace = classifier.trace(digits[1].images[0])
    page = read(trace.to_html())
    assert len(page.all("h2")) == len(trace.steps)
    assert len(page.all("img")) == len(trace.steps) - 2  # logits and probabilities are bars
    shapes = {picture(each["src"]).size for each in page.all("img")}
    assert len(shapes) > 4
    assert "Step 1(b), ReLU — relu1" in page.text
    (answer,) = classifier.predict(digits[1].images[:1])
    assert f"{answer}, {percent(trace.guesses()[0].probability)}" in page.text
    assert read(trace.to_html()).text.count("softmax") <= 1


def test_signed_colours_fade_to_the_ground() -> None:
    """What is 0 is transparent, so that it is white on paper and dark in a dark room."""
    for scale, (low, high) in SCALES.items():
        found = colours(np.array([0.0, np.nan, -9.0, 9.0, 1.0]), 2.0, scale)
        assert found[0, 3] == 0
        assert found[1].tolist() == [*NOT_A_NUMBER, 255]
        assert found[2].tolist() == [*rgb(low), 255]
        assert found[3].tolist() == [*rgb(high), 255]
        assert found[4, 3] == 128
    assert limit_of(np.array([np.inf, -3.0, 3.0])) == 3.0
    assert limit_of(np.zeros(3)) > 0


def test_the_figure_has_a_row_for_each_step(classifier: ImageClassifier, digits: Digits) -> None:
    trace = classifier.trace(digits[1].images[0])
    figure = trace.plot()
    titles = [axes.get_label() for axes in figure.axes]
    for step in trace.steps:
        assert any(f": {step.name}, " in str(title) for title in titles)
    (scale,) = (
        axes
        for axes in figure.axes
        if "conv1" in str(axes.get_label()) and axes.get_yticks().size == 3
    )
    lowest, middle, highest = (tick.get_text() for tick in scale.get_yticklabels())
    assert (lowest, middle) == (f"−{highest}", "0")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    with Image.open(content) as picture:
        colours = picture.convert("RGB").getcolors(256**3)
    assert colours is not None
    assert len(colours) > 100


def test_without_matplotlib(
    classifier: ImageClassifier, digits: Digits, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = classifier.trace(digits[1].images[0])
    for name in ("matplotlib",):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=r"needs Matplotlib.*pip install"):
        trace.plot()


def test_files_by_their_ending(classifier: ImageClassifier, digits: Digits, tmp_path: Path) -> None:
    trace = classifier.trace(digits[1].images[0])
    opened = trace.value("conv1", (0, 0, 0))
    trace.save(tmp_path / "a.html", opened=opened, picture="four")
    page = read((tmp_path / "a.html").read_text("utf-8"))
    assert "conv1 at 0, 0, 0 = " in page.text
    assert page.text.lstrip().startswith("four: ")
    trace.save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == trace.to_dict()
    opened.save(tmp_path / "b.JSON")
    assert json.loads((tmp_path / "b.JSON").read_text("utf-8")) == opened.to_dict()
    trace.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.size[0] > 500
    with pytest.raises(ArgumentError, match=r"one of \.html, \.json, \.png, \.xlsx; got '\.pdf'"):
        trace.save(tmp_path / "a.pdf")


def test_a_colour_picture_is_drawn_in_its_colours() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    weights: dict[str, Any] = {"dense1.kernel": np.ones((60, 2)), "dense1.bias": np.zeros(2)}
    figure = Trace(hand_made([Flatten(), Dense(2)], weights, pixels)).plot()
    drawn = [np.asarray(image.get_array()) for axes in figure.axes for image in axes.get_images()]
    assert any(np.array_equal(each, pixels) for each in drawn)
