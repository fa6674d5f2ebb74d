"""``pellucid explain-plan``: what a network becomes, for people and for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_training_step(pellucid: Command) -> None:
    text = pellucid("explain-plan", "lecture", "--batch", 16).stdout
    assert text.startswith("a training step with SGD and momentum, 16 images")
    for part in ("forward, in training", "the backward pass", "update of the weights"):
        assert part in text
    assert re.search(r"conv1 \+\s", text)  # relu1 and pool1 are fused, however the line breaks
    assert re.search(r"dense2.*: 10 filters in \d+ lanes: \d+% of them idle", text)
    assert "GFLOP/s" not in text  # nothing was timed


def test_a_forward_pass(pellucid: Command) -> None:
    text = pellucid("explain-plan", "lenet5", "--infer", "--input", "32x30x3").stdout
    assert text.startswith("a forward pass, 128 images")
    assert "the backward pass" not in text


def test_json_has_the_same(pellucid: Command) -> None:
    arguments = ["explain-plan", "lecture", "--infer", "--batch", 4, "--classes", 7]
    values: dict[str, Any] = json.loads(pellucid(*arguments, "--json").stdout)
    assert values["flops"] == 2 * 4 * (225_792 + 3_612_672 + 401_408 + 128 * 7)
    conv = next(stage for stage in values["stages"] if stage["name"] == "conv2")
    assert conv["operations"] == ["conv2: conv2d", "relu2: relu", "pool2: max_pool"]
    assert conv["layout"]["channels"] == 64
    assert conv["seconds"] is values["peak"] is values["whole"] is None


def test_times(pellucid: Command) -> None:
    arguments = ["explain-plan", "lecture", "--input", "12x12x1", "--batch", 4, "--time"]
    values: dict[str, Any] = json.loads(pellucid(*arguments, "--json").stdout)
    assert min(stage["seconds"] for stage in values["stages"]) > 0
    assert min(values["whole"], values["peak"]) > 0
    text = pellucid(*arguments).stdout
    assert re.search(r"the whole, as it runs +[\d.]+ ms \([\d,]+ images/s, \d+ GFLOP/s\)", text)
    assert re.search(r"the whole reaches \d+% of it", text)


def test_a_model_file(pellucid: Command, model_path: Path) -> None:
    values = json.loads(pellucid("explain-plan", model_path, "--json").stdout)
    assert values["stages"][0]["operations"] == ["normalise: normalise"]


def test_wrong_use(pellucid: Command) -> None:
    assert "nonet" in pellucid("explain-plan", "nonet", code=1).stderr
    assert "12×12×1" in pellucid("explain-plan", "lenet5", "--input", "9x9x1", code=1).stderr
    pellucid("explain-plan", "lecture", "--batch", 0, code=2)
    pellucid("explain-plan", "lecture", "--input", "28x28", code=2)
