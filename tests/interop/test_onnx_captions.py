"""Captioners as two ONNX files: a loop of ONNX Runtime alone, verification, and reading back."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest

import pellucid as pl
from pellucid.architectures.captioner import CaptionerSize, captioner
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import DataError, FileFormatError
from pellucid.files import Model, model_bytes, save_model
from pellucid.graph import Network
from pellucid.interop.onnx.importing import import_file
from pellucid.tasks import Captioning
from tests.estimators.test_captioner import SIDE, body_model, pictures
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path


WORDS = ("a", "red", "green", "square", "bar")


def captioner_model(cell: str, seed: int = 0, words: tuple[str, ...] = WORDS) -> Model:
    """A captioner whose words depend on the picture, with weights of chance."""
    task = Captioning(words, length=7)
    made = captioner(body_model().network, task.vocabulary, 7, CaptionerSize(5, 9, 6, cell))
    random = np.random.default_rng(seed)
    weights = {
        name: array + random.normal(0.0, 0.7, array.shape).astype(np.float32)
        if name.startswith("caption-") and "deviation" not in name and "variance" not in name
        else array
        for name, array in made.network.weights.items()
    }
    network = Network(made.network.graph, weights, made.network.graphs)
    return Model(network, task, Preprocessing(SIDE, SIDE, 3))


def written(path: Path, images: np.ndarray) -> list[tuple[list[str], list[float], np.ndarray]]:
    """Greedy captions, as docs/onnx.md says, by ONNX Runtime alone: words, their probabilities."""
    sees = onnxruntime.InferenceSession(path)
    writes = onnxruntime.InferenceSession(path.with_name(f"{path.stem}-words.onnx"))
    described = writes.get_modelmeta().custom_metadata_map
    words, how = json.loads(described["words"]), json.loads(described["captions"])
    takes = {each.name: each.shape for each in writes.get_inputs()}
    found = []
    for image in images:
        (places,) = sees.run(["places"], {"input": image[None]})
        text, chosen, shares, looked = [], how["end"], [], []
        state = np.zeros((1, takes["state"][1]), np.float32) if "state" in takes else None
        so_far = np.full((1, how["length"]), how["end"], np.int64)
        for step in range(how["length"]):
            so_far[0, step] = chosen
            if state is None:
                p, at = writes.run(["probabilities", "looked"], {"places": places, "words": so_far})
                p, at = p[:, step], at[:, step]
            else:
                p, at, state = writes.run(
                    ["probabilities", "looked", "next_state"],
                    {"places": places, "words": np.array([chosen]), "state": state},
                )
            may = p[0].copy()
            may[how["unknown"]] = 0
            if step == 0:
                may[how["end"]] = 0
            chosen = how["end"] if step == how["length"] - 1 else int(may.argmax())
            shares.append(float(p[0, chosen]))
            if chosen == how["end"]:
                break
            text.append(words[chosen - how["first_word"]])
            looked.append(at[0])
        found.append((text, shares, np.array(looked)))
    return found


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_onnx_runtime_writes_the_same_captions(cell: str, tmp_path: Path) -> None:
    model = captioner_model(cell)
    save_model(tmp_path / "model.safetensors", model)
    own = pl.ImageCaptioner.load(tmp_path / "model.safetensors")
    pl.export_onnx(own, tmp_path / "captions.onnx")
    images, _ = pictures(8)
    captions = own.captions(images, beam=1)
    assert isinstance(captions, list)
    assert len({str(each) for each in captions}) > 1
    assert max(len(each.words) for each in captions) > 2
    for caption, (words, shares, looked) in zip(
        captions, written(tmp_path / "captions.onnx", images), strict=True
    ):
        assert caption.words == tuple(words)
        assert caption.log_probability == pytest.approx(np.log(shares).sum(), abs=1e-4)
        assert caption.looked == pytest.approx(looked, abs=1e-5)
    checked = pl.verify(tmp_path / "model.safetensors", tmp_path / "captions.onnx", images)
    assert checked.agrees
    assert checked.logits[0].shape == (8, 7, 7)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_captioner_comes_back_whole(cell: str, tmp_path: Path) -> None:
    model = captioner_model(cell)
    pl.export_onnx(_estimator(model, tmp_path), tmp_path / "captions.onnx", layout="nchw")
    imported = import_file(tmp_path / "captions.onnx")
    assert imported.notes == ()
    assert model_bytes(imported.model) == model_bytes(model)


def test_verify_shows_another_word(tmp_path: Path) -> None:
    model = captioner_model("gru")
    pl.export_onnx(_estimator(model, tmp_path), tmp_path / "captions.onnx")
    weights = dict(model.network.weights)
    for_a = np.array([0, 0, 5, 0, 0, 0, 0], np.float32)
    weights["caption-logits.bias"] = weights["caption-logits.bias"] + for_a
    network = Network(model.network.graph, weights, model.network.graphs)
    other = _estimator(Model(network, model.task, model.preprocessing), tmp_path)
    found = pl.verify(other, tmp_path / "captions.onnx", pictures(4)[0])
    assert found.other_answers
    assert "another answer" in found.verdict
    assert "a a" in found.to_html()


def test_halves_belong_together(tmp_path: Path) -> None:
    path, half = tmp_path / "captions.onnx", tmp_path / "captions-words.onnx"
    pl.export_onnx(_estimator(captioner_model("gru"), tmp_path), path)
    with pytest.raises(FileFormatError) as refused:
        import_file(half)
    check_line(refused.value)
    assert "half of a captioner that writes" in str(refused.value)
    other = tmp_path / "other.onnx"
    pl.export_onnx(_estimator(captioner_model("gru", 0, WORDS[::-1]), tmp_path), other)
    shutil.copy(half, tmp_path / "kept")
    shutil.copy(tmp_path / "other-words.onnx", half)
    with pytest.raises(FileFormatError) as others:
        import_file(path)
    check_line(others.value)
    assert "other words" in str(others.value)
    pl.export_onnx(_estimator(captioner_model("gru", 1), tmp_path), other)
    shutil.copy(tmp_path / "other-words.onnx", half)  # the same words, other weights
    with pytest.raises(FileFormatError, match="another captioner"):
        import_file(path)
    shutil.copy(tmp_path / "kept", half)
    changed = onnx.load(half)
    changed.graph.node.pop()
    onnx.save(changed, half)
    with pytest.raises(FileFormatError) as wrong:
        import_file(path)
    check_line(wrong.value)
    assert "not the one" in str(wrong.value)
    half.unlink()
    with pytest.raises(DataError) as missing:
        import_file(path)
    check_line(missing.value)
    assert half.name in str(missing.value)


def _estimator(model: Model, folder: Path) -> pl.ImageCaptioner:
    save_model(folder / "some.safetensors", model)
    return pl.ImageCaptioner.load(folder / "some.safetensors")
