"""``pellucid export`` as users meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines import get_engine
from pellucid.files import save_model
from tests.files.models import graph, model
from tests.interop.onnx_files import apart, pixels, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_a_model_becomes_an_onnx_file(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", model())
    done = pellucid("export", "m.safetensors", "--out", "m.onnx", "--json")
    said = json.loads(done.stdout)
    assert said["input"] == "uint8 (N, 6, 5, 3)"
    images = pixels(graph(), 2)
    expected = get_engine("reference").load(model().network).forward(images)
    assert apart(run((tmp_path / "m.onnx").read_bytes(), images)["logits"], expected) < 1e-5

    done = pellucid(
        "export", "m.safetensors", "-o", "n.onnx",
        "--layout", "nchw", "--dtype", "float32", "--classes", "a,b,c",
    )  # fmt: skip
    assert "float32 (N, 3, 6, 5)" in done.stdout
    fed = images.transpose(0, 3, 1, 2).astype(np.float32)
    assert apart(run((tmp_path / "n.onnx").read_bytes(), fed)["logits"], expected) < 1e-5


def test_what_cannot_be_written(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", model())
    pellucid("export", "m.safetensors", "--out", "m.png", code=1)
    pellucid("export", "nothing.safetensors", "--out", "m.onnx", code=1)
    (tmp_path / "m.onnx").write_text("mine")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "m.safetensors").read_bytes()[:900])
    pellucid("export", "cut.safetensors", "--out", "m.onnx", code=1)
    assert (tmp_path / "m.onnx").read_text() == "mine"
