from __future__ import annotations

import hashlib
import lzma
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pellucid.data import Dataset, Preprocessing, load, load_for, read_idx
from pellucid.data.mnist import load_mnist
from pellucid.errors import DataError, MissingDependencyError
from tests.data.made_files import idx_bytes, write

# SHA-256 of the four uncompressed files, as many who use MNIST publish them
PUBLISHED = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
# digits 0 to 9, as counted in the literature
TRAIN_COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
TEST_COUNTS = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]

BUILTIN = Path(str(files("pellucid.data"))) / "builtin"
PACK = Path(__file__).parents[2] / "scripts" / "pack-mnist"


@pytest.fixture(scope="module")
def mnist() -> dict[str, Dataset]:
    return load_mnist()


def as_idx(values: np.ndarray) -> str:
    """SHA-256 of the IDX file that holds these values."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    return hashlib.sha256(header + values.tobytes()).hexdigest()


@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
def test_pixels_and_labels_are_the_published_ones(
    mnist: dict[str, Dataset], part: str, prefix: str
) -> None:
    dataset = mnist[part]
    assert as_idx(dataset.images[..., 0]) == PUBLISHED[f"{prefix}-images-idx3-ubyte"]
    assert as_idx(dataset.labels.astype(np.uint8)) == PUBLISHED[f"{prefix}-labels-idx1-ubyte"]


def test_counts(mnist: dict[str, Dataset]) -> None:
    assert mnist["train"].images.shape == (60_000, 28, 28, 1)
    assert mnist["test"].images.shape == (10_000, 28, 28, 1)
    assert np.bincount(mnist["train"].places).tolist() == TRAIN_COUNTS
    assert np.bincount(mnist["test"].places).tolist() == TEST_COUNTS
    assert mnist["test"].picture_name(17) == "test[17]"


def test_the_package_stays_small_and_brings_the_licence() -> None:
    assert sum(path.stat().st_size for path in BUILTIN.iterdir()) < 10_000_000
    assert "CC BY-SA 3.0" in (BUILTIN / "LICENSE-MNIST").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_packed_members_joined_are_an_ordinary_xz_file(name: str) -> None:
    packed = b"".join(path.read_bytes() for path in sorted(BUILTIN.glob(f"{name}.*xz")))
    assert hashlib.sha256(lzma.decompress(packed)).hexdigest() == PUBLISHED[name]


def test_default_splits(mnist: dict[str, Dataset]) -> None:
    splits = load("mnist")
    assert splits.validation is not None
    assert splits.test is not None
    assert len(splits.train) == 55_000
    assert len(splits.validation) == 5_000
    assert splits.test.fingerprint() == mnist["test"].fingerprint()
    shares = np.bincount(splits.validation.places) / np.array(TRAIN_COUNTS)
    np.testing.assert_allclose(shares, 1 / 12, atol=1 / 5000)
    # every picture is in exactly one of the two
    both = np.concatenate([splits.train.images, splits.validation.images]).reshape(60_000, 784)
    whole = mnist["train"].images.reshape(60_000, 784)
    rows = np.dtype((np.void, 784))
    np.testing.assert_array_equal(np.sort(both.view(rows)[:, 0]), np.sort(whole.view(rows)[:, 0]))
    assert any("5000" in note and "seed 0" in note for note in splits.notes)


def test_no_validation(mnist: dict[str, Dataset]) -> None:
    splits = load("mnist", validation=0)
    assert splits.validation is None
    assert splits.train.fingerprint() == mnist["train"].fingerprint()


def test_seed_and_size_of_validation() -> None:
    first, second = load("mnist", validation=100, seed=1), load("mnist", validation=100, seed=2)
    assert first.validation is not None
    assert second.validation is not None
    assert len(first.validation) == len(second.validation) == 100
    assert first.validation.fingerprint() != second.validation.fingerprint()


def test_for_a_model(mnist: dict[str, Dataset]) -> None:
    preprocessing = Preprocessing(28, 28, 1)
    backwards = tuple("9876543210")
    test = load_for("mnist", preprocessing=preprocessing, classes=backwards)
    np.testing.assert_array_equal(test.places, 9 - mnist["test"].places)
    with pytest.raises(DataError, match=r"mnist: pictures of 28×28×1 .* the model takes 32×32×3"):
        load_for("mnist", preprocessing=Preprocessing(32, 32, 3), classes=backwards)
    with pytest.raises(DataError, match="mnist: the model does not know the class 0; it knows cat"):
        load_for("mnist", preprocessing=preprocessing, classes=("cat", "dog"))
    with pytest.raises(DataError, match="mnist: no validation part; it has train and test"):
        load_for("mnist", preprocessing=preprocessing, classes=backwards, split="validation")
    with pytest.raises(DataError, match="image_size asks for 32×32"):
        load("mnist", image_size=(32, 32))


@pytest.mark.parametrize("damage", ["missing", "cut", "checksum", "flipped", "other"])
def test_a_damaged_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    shutil.copytree(BUILTIN, tmp_path / "builtin", ignore=shutil.ignore_patterns("train*"))
    path = tmp_path / "builtin" / "t10k-labels-idx1-ubyte.xz"
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:2000])
    elif damage == "checksum":
        path.write_bytes(content[:-30])  # all labels, without what proves them
    elif damage == "flipped":
        content[1000] ^= 16
        path.write_bytes(content)
    else:
        path.write_bytes(lzma.compress(idx_bytes(np.zeros(9_999, np.uint8))))
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(DataError, match=r"t10k-labels.*; install pellucid again") as caught:
        load_mnist(["test"])
    assert "\n" not in str(caught.value)


def test_other_contents_of_the_right_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(BUILTIN, tmp_path / "builtin", ignore=shutil.ignore_patterns("train*"))
    longer = lzma.compress(bytes(10_008))
    write(tmp_path / "builtin" / "t10k-labels-idx1-ubyte.xz", longer)
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte is damaged"):
        load_mnist(["test"])


def test_a_python_without_lzma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(MissingDependencyError, match="built without"):
        load_mnist(["test"])


@pytest.fixture(scope="module")
def pack() -> Any:
    loader = SourceFileLoader("pack_mnist", str(PACK))
    module = ModuleType(loader.name)
    module.__file__ = str(PACK)
    loader.exec_module(module)
    return module


def test_the_packing_script_expects_the_published_files(pack: Any) -> None:
    assert pack.SHA256 == PUBLISHED
    assert pack.BUILTIN == BUILTIN


def test_the_packing_script_refuses_other_files(tmp_path: Path) -> None:
    write(tmp_path / "train-images-idx3-ubyte", idx_bytes(np.zeros((2, 28, 28), np.uint8)))
    run = subprocess.run(
        [sys.executable, PACK, tmp_path], check=False, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "train-images-idx3-ubyte: SHA-256" in run.stderr


def test_the_packing_script_makes_what_is_packed(pack: Any, tmp_path: Path) -> None:
    """On the labels, which compress in no time; the pictures differ in length alone."""
    name = "t10k-labels-idx1-ubyte"
    original = lzma.decompress((BUILTIN / f"{name}.xz").read_bytes())
    write(tmp_path / name, original)
    pack.SHA256 = {name: PUBLISHED[name]}
    pack.BUILTIN = tmp_path / "packed"
    pack.BUILTIN.mkdir()
    sys.argv, before = [str(PACK), str(tmp_path)], sys.argv
    try:
        assert pack.main() == 0
    finally:
        sys.argv = before
    assert lzma.decompress((pack.BUILTIN / f"{name}.xz").read_bytes()) == original
    np.testing.assert_array_equal(
        read_idx(tmp_path / name), np.frombuffer(original, np.uint8, offset=8)
    )
