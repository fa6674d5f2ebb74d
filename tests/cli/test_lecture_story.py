"""``pellucid lecture MODEL IMAGE``: the lecture's steps on a network and picture of your own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pellucid.explain.story import story

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset, ImageClassifier
    from tests.cli.conftest import Command


@pytest.fixture(scope="session")
def digit_path(digits: tuple[Dataset, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digit") / "digit.png"
    Image.fromarray(digits[1].images[0, ..., 0]).save(path)
    return path


def test_the_steps_in_the_lectures_order(
    pellucid: Command, model_path: Path, digit_path: Path, classifier: ImageClassifier,
    digits: tuple[Dataset, Dataset],
) -> None:  # fmt: skip
    truth = digits[1].classes[digits[1].places[0]]
    text = pellucid("lecture", model_path, digit_path, "--label", truth, COLUMNS="80").stdout
    # but for where the picture lies, which is as long as it is
    assert max(map(len, text.replace(str(digit_path.parent), "").splitlines())) <= 80
    places = [
        text.index(part)
        for part in (
            "What the network sees: 8×8 pixels", "Pixels, normalised", "Step 1, convolution",
            "Step 1(b), ReLU (relu1)", "Step 2, max pooling (pool1)", "conv2 (convolution)",
            "relu2 (ReLU)", "pool2 (max pooling)", "Step 3, flattening (flatten1)",
            "dense1 (full connection)", "Step 4, full connection (dense2)", "Softmax",
            "the truth", f"The truth is {truth}", "classification error", "mean squared error",
            "cross-entropy", "Learning begins", "The weight conv1.kernel", "the update",
        )
    ]  # fmt: skip
    assert places == sorted(places)
    found = story(classifier, digits[1].images[0], truth)
    row, column, map_ = found.start.at
    sentence = f"map {map_}, we take the value at row {row}, column {column}"
    assert sentence in " ".join(text.split())
    assert f"{found.start.value:.6g}" in text


def test_json(
    pellucid: Command, model_path: Path, digit_path: Path, classifier: ImageClassifier,
    digits: tuple[Dataset, Dataset],
) -> None:  # fmt: skip
    record = json.loads(pellucid("lecture", model_path, digit_path, "--json").stdout)
    assert record.pop("looked_at")["unlike"] is None
    assert record == story(classifier, digits[1].images[0]).to_dict()
    assert record["truth_given"] is False


def test_another_engine_gives_the_same_story(
    pellucid: Command, model_path: Path, digit_path: Path
) -> None:
    arguments = ["lecture", model_path, digit_path, "--json"]
    one, other = (
        json.loads(pellucid(*arguments, "--engine", engine).stdout)
        for engine in ("native", "reference")
    )
    assert [(p["layer"], p["at"]) for p in one["path"]] == [
        (p["layer"], p["at"]) for p in other["path"]
    ]
    values = [[p["value"] for p in record["path"]] for record in (one, other)]
    assert values[0] == pytest.approx(values[1], rel=1e-4)


def test_wrong_use(pellucid: Command, model_path: Path, digit_path: Path, tmp_path: Path) -> None:
    said = pellucid("lecture", model_path, code=1).stderr
    assert "a model needs a picture" in said
    assert "pellucid lecture MODEL IMAGE" in said
    said = pellucid("lecture", model_path, digit_path, "--label", "ten", code=1).stderr
    assert "no class is called 'ten'; there are 0, 1, 2" in said
    assert "none.png" in pellucid("lecture", model_path, "none.png", code=1).stderr
    (tmp_path / "page.png").write_text("<html></html>")
    assert "page.png" in pellucid("lecture", model_path, "page.png", code=1).stderr
    said = pellucid("lecture", "runs/none", digit_path, code=1).stderr
    assert "runs/none: there is no such file" in said
    assert "--label belongs to a model" in pellucid("lecture", "--label", "7", code=1).stderr
    pellucid("lecture", "--lable", "7", code=2)


def test_without_a_model_it_is_the_slides(pellucid: Command) -> None:
    text = pellucid("lecture").stdout
    assert text.startswith("Step 1, convolution: the kernel slides over the image, stride 1")
    assert text.endswith("sees that the second is far worse.\n")
    assert not re.search(r"Learning begins|pellucid trace", text)
