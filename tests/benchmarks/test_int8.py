"""Models of 8 bits beside each other: what is written, what they answer, and the table's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from benchmarks.contenders import CONTENDERS, FILES, entry
from benchmarks.figures import Figures
from benchmarks.int8 import HEAD, int8_contenders, int8_rows
from benchmarks.workloads import WORKLOADS

from benchmarks import int8_models
from pellucid.files import load_model
from pellucid.graph import is_quantised

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [name for name, found in CONTENDERS.items() if found.only == "int8"]
WORKLOAD = WORKLOADS["vggsmall"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of a network that learned nothing, by few pictures."""
    made = tmp_path_factory.mktemp("int8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8_models, "CALIBRATION", 16)
        patch.setattr(int8_models, "MADE", 32)
        found = int8_models.make(WORKLOAD, made, None)
    assert {name for name in found if name != "native"} == set(NAMES)
    for name in NAMES:
        assert found[name]["accuracy"] is None
        assert 0 < found[name]["apart"] < 0.1
    return made


def test_both_sides_have_quantised_convolutions(folder: Path) -> None:
    assert is_quantised(load_model(folder / "vggsmall-int8.safetensors").network.graph)
    for mode in int8_models.MODES:
        graph = onnx.load(folder / f"vggsmall-{mode}.onnx").graph
        made = {out: node.op_type for node in graph.node for out in node.output}
        convolutions = [node for node in graph.node if node.op_type == "Conv"]
        assert len(convolutions) == 6
        for node in convolutions:
            assert {made[name] for name in node.input[:2]} == {"DequantizeLinear"}


def test_contenders_answer_alike(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILES, str(folder))
    images = np.random.default_rng(4).integers(0, 256, (4, *WORKLOAD.input_shape), dtype=np.uint8)
    answers = []
    for name in NAMES:
        made = entry(name).make()
        made.prepare(WORKLOAD, training=False, threads=1, weights=None)
        answers.append(made.forward(images))
    for found in answers[1:]:
        assert abs(found - answers[0]).max() < 0.1 * abs(answers[0]).max()


def test_who_takes_part() -> None:
    assert set(int8_contenders(None)) == {"native", "onnxruntime-floats", *NAMES}
    assert int8_contenders(["native-int8"]) == ["native-int8"]
    assert not any(CONTENDERS[name].can("forward") for name in NAMES)


def test_rows() -> None:
    figures = [
        Figures("native", [100.0, 100.0], 1),
        Figures("native-int8", [300.0, 300.0], 1),
        Figures("onnxruntime-int8-u8s8", [200.0, 200.0], 1),
    ]
    judged = {
        "native": {"accuracy": 0.99, "apart": 0.0},
        "native-int8": {"accuracy": 0.985, "apart": 0.02},
        "onnxruntime-int8-u8s8": {"accuracy": 0.98, "apart": 0.03},
    }
    rows = [dict(zip(HEAD, row, strict=True)) for row in int8_rows("lenet5", figures, judged)]
    assert [row["÷ best peer"] for row in rows] == ["0.50", "1.50", "1.00"]
    assert [row["points lost"] for row in rows] == ["0.00", "0.50", "1.00"]
    assert [row["logits apart"] for row in rows] == ["–", "2.0%", "3.0%"]
