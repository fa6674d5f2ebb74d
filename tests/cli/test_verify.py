"""``pellucid verify`` as users and scripts meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.files import save_model
from tests.evaluation.test_verification import changed
from tests.files.models import model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


QUICK = ("--engine-a", "reference")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_model(tmp_path / "m.safetensors", model())
    pl.export_onnx(tmp_path / "m.safetensors", tmp_path / "m.onnx")
    changed(tmp_path / "m.onnx", "conv1.kernel", 3.0)
    (tmp_path / "pictures").mkdir()
    random = np.random.default_rng(2)
    for k in range(3):
        pixels = random.integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{k}.png")
    (tmp_path / "pictures" / "bad.png").write_bytes(b"no picture")
    return tmp_path


def test_agreement_and_difference(pellucid: Command, folder: Path) -> None:
    assert "agree" in pellucid("verify", "m.safetensors", "m.onnx", *QUICK).stdout
    done = pellucid("verify", "m.safetensors", "changed.onnx", "--out", "v.html", *QUICK, code=1)
    assert "conv1" in done.stdout
    assert "conv1" in (folder / "v.html").read_text(encoding="utf-8")
    said = json.loads(pellucid("verify", "m.onnx", "changed.onnx", "--json", code=1).stdout)
    assert said["agrees"] is False
    assert said["first"] == "conv1"
    pellucid("verify", "m.onnx", "m.onnx", "--tolerance", "0", "-o", "v.png")
    assert (folder / "v.png").read_bytes().startswith(b"\x89PNG")


def test_on_pictures_and_engines(pellucid: Command, folder: Path) -> None:
    done = pellucid(
        "verify", "m.safetensors", "m.onnx", "pictures", "--engine-a", "reference",
        "--engine-b", "reference", "--most", "2", "--json",
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert len(said["pictures"]) == 2
    assert said["a"]["made_by"].startswith("reference")
    assert said["b"]["made_by"].startswith("reference")
    assert "--most" in done.stderr


def test_wrong_use(pellucid: Command, folder: Path) -> None:
    pellucid("verify", "m.safetensors", "absent.onnx", code=1)
    pellucid("verify", "m.safetensors", "m.safetensors", "--engine-b", "onnxruntime", code=1)
    pellucid("verify", "m.safetensors", "m.onnx", "pictures/bad.png", code=1)
    pellucid("verify", "m.safetensors", "m.onnx", "--out", "m.onnx", code=1)
