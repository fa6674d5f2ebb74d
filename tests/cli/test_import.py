"""``pellucid import`` as users meet it, and ONNX files where other commands take models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import onnx
from PIL import Image

from pellucid.files import load_model, save_model
from tests.files.models import assert_same, model
from tests.interop.written import written

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_there_and_back(pellucid: Command, tmp_path: Path) -> None:
    save_model(tmp_path / "m.safetensors", model())
    pellucid("export", "m.safetensors", "--out", "m.onnx")
    done = pellucid("import", "m.onnx", "--out", "again.safetensors")
    assert "5 layers" in done.stdout or "7 layers" in done.stdout
    assert not done.stderr
    assert_same(load_model(tmp_path / "again.safetensors"), model())
    pellucid("export", "again.safetensors", "--out", "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "m.onnx").read_bytes()


def test_a_file_of_another_program(pellucid: Command, tmp_path: Path) -> None:
    body = "a = Conv(x, w) g = GlobalAveragePool(a) f = Flatten(g) y = Softmax(f)"
    onnx.save(written(body, x="float[N,3,H,W]", w=(2, 3, 3, 3)), tmp_path / "m.onnx")
    failed = pellucid("import", "m.onnx", "--out", "m.safetensors", code=1)
    assert "--image-size" in failed.stderr
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    done = pellucid(
        "import", "m.onnx", "--out", "m.safetensors", "--image-size", "9", "--classes",
        "names.txt", "--mean", "0.5", "--std", "0.2,0.3,0.4", "--white", "1", "--json",
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["classes"] == ["cat", "dog"]
    assert said["input"] == [9, 9, 3]
    assert said["parameters"] == 54
    assert said["notes"] == []
    Image.fromarray(np.full((9, 9, 3), 200, np.uint8)).save(tmp_path / "p.png")
    assert "cat" in pellucid("predict", "m.safetensors", "p.png").stdout
    pellucid("import", "m.onnx", "--out", "m.safetensors", "--mean", "a", code=2)


def test_other_commands_take_the_file_itself(pellucid: Command, tmp_path: Path) -> None:
    body = "a = Conv(x, w) g = GlobalAveragePool(a) f = Flatten(g) y = Softmax(f)"
    onnx.save(written(body, x="float[N,3,9,8]", w=(2, 3, 3, 3)), tmp_path / "m.onnx")
    Image.fromarray(np.full((9, 8, 3), 200, np.uint8)).save(tmp_path / "p.png")
    done = pellucid("predict", "m.onnx", "p.png", "--json")
    assert "normalised" in done.stderr
    (answer,) = json.loads(done.stdout)
    assert "'0'" in str(answer)
    assert "'1'" in str(answer)
    assert "conv2d" in pellucid("summary", "m.onnx").stdout


def test_bad_files_leave_what_was_there(pellucid: Command, tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_text("mine")
    (tmp_path / "m.onnx").write_bytes(b"not a network")
    pellucid("import", "m.onnx", "--out", "m.safetensors", code=1)
    pellucid("predict", "m.onnx", "p.png", code=1)
    pellucid("import", "absent.onnx", "--out", "m.safetensors", code=1)
    body = "a = Conv(x, w) y = Flatten(a)"
    onnx.save(written(body, w=(2, 3, 3, 3)), tmp_path / "m.onnx")
    failed = pellucid("import", "m.onnx", "-o", "m.safetensors", "--max-parameters", "9", code=1)
    assert "--max-parameters" in failed.stderr
    pellucid("import", "m.onnx", "--out", "m.onnx", code=1)
    assert (tmp_path / "m.safetensors").read_text() == "mine"
