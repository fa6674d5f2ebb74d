"""``pellucid features``: of labelled data and of pictures of which nothing is known."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from pellucid import ImageClassifier
from pellucid.errors import FileFormatError
from pellucid.files.container import Contents, pack, unpack
from pellucid.files.feature_file import FORMAT, KIND, features_bytes, load_features
from tests.transfer.made import body_file, pictures

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

ODD = "two\nlines.png"


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """New photographs in one folder, as a camera leaves them."""
    folder = tmp_path / "new"
    folder.mkdir()
    for k, pixels in enumerate(pictures(5, 0)[0]):
        Image.fromarray(pixels).save(folder / (ODD if k == 4 else f"{k}.png"))
    return folder


def test_pictures_without_labels(pellucid: Command, flat: Path, tmp_path: Path) -> None:
    body = body_file(tmp_path)
    common = ["--from", body, "--engine", "reference"]
    files = sorted(flat.glob("*.png"))
    wanted = ImageClassifier.load(body, engine="reference").features(files)
    for ending in ("npz", "csv", "safetensors"):
        told = pellucid("features", "new", *common, "--out", f"f.{ending}").stderr
        assert "no labels are known of 5 pictures" in told
    arrays = np.load(tmp_path / "f.npz")
    assert set(arrays) == {"features", "names"}
    names = arrays["names"].tolist()
    assert sorted(names) == [f"new/{path.name}" for path in files]
    np.testing.assert_allclose(arrays["features"][np.argsort(names)], wanted, rtol=1e-6)
    rows = list(csv.reader((tmp_path / "f.csv").read_text("utf-8").splitlines()))
    assert rows[0][:2] == ["name", "feature0"]
    assert rows[-1][0] == "new/two\\nlines.png"  # on one line, as in all tables
    np.testing.assert_allclose(np.array(rows[2][1:], float), arrays["features"][1], rtol=1e-6)
    stored = load_file(tmp_path / "f.safetensors")
    assert set(stored) == {"features", "names", "name_lengths"}
    with pytest.raises(FileFormatError, match="without labels"):
        load_features(tmp_path / "f.safetensors")
    # whatever predict takes: a picture, a pattern, several names, a list without labels
    (tmp_path / "list.csv").write_text("path\nnew/2.png\nnew/1.png\n", "utf-8")
    for given, found in (
        (["new/3.png"], ["new/3.png"]),
        (["new/[12].png"], ["new/1.png", "new/2.png"]),
        (["new/3.png", "new/0.png"], ["new/3.png", "new/0.png"]),
        (["list.csv"], ["new/2.png", "new/1.png"]),
    ):
        pellucid("features", *given, *common, "--out", "some.npz")
        assert np.load(tmp_path / "some.npz")["names"].tolist() == found


def test_what_cannot_be_used(pellucid: Command, flat: Path, tmp_path: Path) -> None:
    common = ["--from", body_file(tmp_path), "--engine", "reference", "--out", "f.npz"]
    (flat / "torn.png").write_bytes((flat / "0.png").read_bytes()[:40])
    assert "torn.png" in pellucid("features", "new", *common, code=1).stderr
    assert len(np.load(tmp_path / "f.npz")["names"]) == 5  # the others are written
    for given, words in (
        (["new/torn.png"], "torn.png"),
        (["nothing"], "neither a folder"),
        (["new/9*.png"], "nothing matches"),
        (["new", "--task", "multi-label"], "no class folders"),
        (["new/1.png", "new/2.png", "--task", "multi-label"], "--task"),
    ):
        assert words in pellucid("features", *given, *common, code=1).stderr


def test_names_come_back_whole(pellucid: Command, flat: Path, tmp_path: Path) -> None:
    common = ["--from", body_file(tmp_path), "--engine", "reference"]
    (tmp_path / "data").mkdir()
    flat.rename(tmp_path / "data" / "thing")
    for ending in ("npz", "safetensors"):
        pellucid("features", "data", *common, "--out", f"f.{ending}")
    kept = load_features(tmp_path / "f.safetensors")
    assert f"thing/{ODD}" in kept.names
    assert kept.names == tuple(np.load(tmp_path / "f.npz")["names"])
    odd = replace(kept, names=("", "\0\n", "\udcff", "영", "a"))
    (tmp_path / "odd.safetensors").write_bytes(features_bytes(odd))
    assert load_features(tmp_path / "odd.safetensors").names == odd.names
    # a file of format 1 has names a line each
    now = unpack(tmp_path / "f.safetensors", KIND, FORMAT)
    arrays = {**now.arrays, "names": np.frombuffer(b"a\nb\nc\nd\ne", np.uint8)}
    del arrays["name_lengths"]
    (tmp_path / "1.safetensors").write_bytes(pack(KIND, 1, Contents(now.document, arrays)))
    assert load_features(tmp_path / "1.safetensors").names == tuple("abcde")
    for lengths in (np.array([1, 1, 1, 1, 1]), np.array([-1, 3, 1, 1, 1]), np.ones(5)):
        broken = Contents(now.document, {**now.arrays, "name_lengths": lengths})
        (tmp_path / "no.safetensors").write_bytes(pack(KIND, FORMAT, broken))
        with pytest.raises(FileFormatError, match="no valid file of features"):
            load_features(tmp_path / "no.safetensors")
