"""Recognizers as ONNX files: the same logits, and probabilities of each step, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest

from pellucid.explain.activations import Activations
from pellucid.interop.onnx.computed import OnnxNetwork
from pellucid.interop.onnx.export import described, save_onnx
from pellucid.ops.best_path import best_path
from tests.explain.test_heard import PICTURE, recognizer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("rows", [False, True])
def test_a_file_gives_the_same_text(tmp_path: Path, rows: bool) -> None:
    model, path = recognizer(rows=rows), tmp_path / "heard.onnx"
    save_onnx(path, model)
    looked = Activations.of(model, PICTURE)
    session = onnxruntime.InferenceSession(path)
    logits, shares = session.run(None, {"input": PICTURE[None]})
    expected = looked.values[looked.logits]
    found = np.moveaxis(logits, 1, -1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-4)
    assert shares.shape == (1, 12, 4)
    np.testing.assert_allclose(shares[0], looked.answer.reshape(12, 4), atol=1e-5)
    (classes,) = best_path(shares)
    assert [model.classes[k - 1] for k in classes] == [each.name for each in looked.written]
    outputs = described(model)["outputs"]
    assert outputs["probabilities"] == "float32 (N, 12, 4)"
    assert outputs["logits"] == f"float32 ({', '.join(map(str, ('N', *logits.shape[1:])))})"
    read = OnnxNetwork(path)
    assert read.model.task == model.task
    assert read.model.preprocessing == model.preprocessing
    np.testing.assert_allclose(read.logits(PICTURE[None])[0], expected, rtol=1e-5, atol=1e-4)
