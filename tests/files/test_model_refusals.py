"""Files that are no models, or spoilt ones, are refused in one line."""

from __future__ import annotations

import os
import pickle
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save, save_file

from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import (
    DataError,
    FileFormatError,
    PellucidError,
)
from pellucid.files import load_model, save_model, save_state
from pellucid.graph import graph_to_dict, initial_weights
from pellucid.layers import AveragePool, Conv2D, Dense, Flatten, Sequential
from tests.files.models import assert_same, model, opened, sealed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def refusal(path: Path, kind: type[PellucidError] = FileFormatError) -> str:
    """The one line that loading says."""
    with pytest.raises(kind) as caught:
        load_model(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    assert len(message) < 1000
    return message


@pytest.mark.parametrize("name", ["weights.pt", "WEIGHTS.PTH"])
def test_weights_of_pytorch_are_pointed_to_from_torch(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(99))
    with pytest.raises(FileFormatError, match="from_torch"):
        load_model(tmp_path / name)


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no such file" in refusal(tmp_path / "none", DataError)
    assert "a folder; expected a file" in refusal(tmp_path, DataError)
    os.mkfifo(tmp_path / "pipe")
    assert "a device or a pipe" in refusal(tmp_path / "pipe", DataError)
    with pytest.raises(DataError, match=r"a\\x00b: .*null byte"):
        load_model(tmp_path / "a\0b")

    def forbid(*arguments: object, **named: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret").write_bytes(b"secret")
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", forbid)
        assert "cannot be read (Permission denied)" in refusal(tmp_path / "secret", DataError)


class Bomb:
    """Does something when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, ("executed",)


def test_files_of_other_kinds(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("a", "b")
    for content, message in (
        (b"", "is empty"),
        (b"\x00", "is not a safetensors file"),
        (pickle.dumps(Bomb()), "is not a safetensors file"),
        ((tmp_path / "zip").read_bytes(), "is not a safetensors file (it begins with 50 4b 03 04"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is not a safetensors file"),
        (b"{" * 100, "its header claims"),
        (b"\xff" * 7 + b"\x7f{" + bytes(100), "its header claims"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "its header claims 1099511627776 bytes"),
        ((1 << 22).to_bytes(8, "little") + b"{}", "cut short: its header has 4194304 bytes"),
        (bytes(8) + b"{}", "its header claims 0 bytes"),
        ((9).to_bytes(8, "little") + b"{not json", "its header is not JSON"),
        ((2).to_bytes(8, "little") + b"{}", "is a safetensors file, but not one of Pellucid's"),
        (save({"a": np.zeros(3)}), "is a safetensors file, but not one of Pellucid's"),
        (save({"a": np.zeros(3)}, {"format": "pt"}), "but not one of Pellucid's"),
        (save({}, {"pellucid": "yes"}), "its description is not JSON"),
        (save({}, {"pellucid": "[]"}), "its description is not a JSON object"),
        (save({}, {"pellucid": "{}"}), "is a Pellucid file; expected a model"),
        (save({}, {"pellucid": "[" * 99_999}), "nested deeper than"),
        (save({}, {"pellucid": '{"kind":"model","kind":"model"}'}), "is given twice"),
        (save({}, {"pellucid": '{"kind":"model","format":NaN}'}), "NaN is not JSON"),
    ):
        path.write_bytes(content)
        assert message in refusal(path), content[:50]
    assert not (tmp_path / "executed").exists()


def test_a_large_file_of_another_program_is_not_read(path: Path) -> None:
    save_file({"a": np.zeros(20_000_000, np.float32)}, path)
    tracemalloc.start()
    try:
        assert "not one of Pellucid's" in refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_training_state_is_no_model(path: Path) -> None:
    save_state(path, {}, {})
    assert refusal(path).endswith("is a Pellucid training state; expected a model")


def test_a_newer_file_asks_for_an_upgrade(path: Path) -> None:
    path.write_bytes(save({}, {"pellucid": '{"kind":"model","format":4,"new":"things"}'}))
    assert refusal(path) == (
        f"{path}: written by a newer Pellucid (format 4, this one reads 3): upgrade Pellucid"
    )


# ---------------------------------------------------------- files that a hostile hand has sealed


@pytest.fixture
def parts(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The description and the arrays of a good model, to be spoilt."""
    save_model(path, model())
    return opened(path.read_bytes())[1], load_file(path)


def test_arrays_are_checked_against_the_graph(
    path: Path, parts: tuple[dict[str, Any], dict[str, NDArray[Any]]]
) -> None:
    document, arrays = parts
    bias = arrays["dense1.bias"]
    logits, images = arrays["self_test.logits"], arrays["self_test.images"]
    negative = -arrays["norm1.variance"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"dense1.bias": None}, "weight 'dense1.bias' is missing"),
        ({"dense1.more": bias}, "the network has no weight 'dense1.more'"),
        ({"dense1.bias": bias[:2]}, "'dense1.bias' must have the shape (3,), got (2,)"),
        ({"dense1.bias": bias[:, None]}, "must have the shape (3,), got (3, 1)"),
        ({"dense1.bias": bias.astype(np.float64)}, "must be float32, got float64"),
        ({"dense1.bias": np.array([1, np.nan, 1], np.float32)}, "holds NaN or infinity"),
        ({"norm1.variance": negative}, "logits on its self-test are not finite"),
        ({"self_test.images": None}, "its self-test is missing"),
        ({"self_test.logits": None}, "its self-test is missing"),
        ({"self_test.images": images[:0], "self_test.logits": logits[:0]}, "(1 to 16, 6, 5, 3)"),
        ({"self_test.images": images.repeat(9, 0)}, "(1 to 16, 6, 5, 3)"),
        ({"self_test.images": images.astype(np.float32)}, "must be uint8"),
        ({"self_test.images": images[:, :5]}, "(1 to 16, 6, 5, 3)"),
        ({"self_test.logits": logits[:1]}, "2 images and logits (1, 3)"),
        ({"self_test.logits": logits.astype(np.float64)}, "must be float32"),
        ({"self_test.logits": logits * np.float32(np.nan)}, "holds NaN"),
        ({"self_test.logits": logits[:, ::-1].copy()}, "fails its self-test"),
        ({"dense1.bias": bias + np.float32(0.01 * np.abs(logits).max())}, "fails its self-test"),
    ]
    for changes, message in cases:
        spoilt = {k: v for k, v in {**arrays, **changes}.items() if v is not None}
        path.write_bytes(sealed(document, spoilt))
        assert message in refusal(path), changes


def test_a_failed_self_test_says_by_how_much(
    path: Path, parts: tuple[dict[str, Any], dict[str, NDArray[Any]]]
) -> None:
    document, arrays = parts
    logits = arrays["self_test.logits"].copy()
    scale = np.abs(logits).max()
    at = np.unravel_index(np.abs(logits).argmin(), logits.shape)
    for share, passes in ((0.5e-3, True), (0.9e-3, True), (1.2e-3, False), (1.0, False)):
        shifted = logits.copy()
        shifted[at] += share * scale
        path.write_bytes(sealed(document, {**arrays, "self_test.logits": shifted}))
        if passes:
            assert_same(load_model(path), model())
        else:
            message = refusal(path)
            assert f"logits differ by {share * scale:.3g}" in message
            assert f"at most {1e-3 * np.abs(shifted).max() + 1e-5:.3g}" in message


def hostile(document: dict[str, Any], layers: list[Any], weights: bool = False) -> bytes:
    """A model of any graph, so far as that can be described at all."""
    made = Sequential(layers).graph((4, 4, 1))
    logits = np.zeros((1, *made.output_shape), np.float32)
    images = np.zeros((1, 4, 4, 1), np.uint8)
    arrays: dict[str, Any] = {"self_test.images": images, "self_test.logits": logits}
    document = {
        **document,
        "graphs": {"main": graph_to_dict(made)},
        "task": {**document["task"], "classes": [str(i) for i in range(made.output_shape[0])]},
        "preprocessing": Preprocessing(4, 4, 1).to_dict(),
    }
    if weights:
        arrays.update(initial_weights(made, 0))
    return sealed(document, arrays)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Conv2D(1, 1, padding=1 << 20, stride=1 << 20), Flatten()], "memory for"),
        ([AveragePool(1 << 10, padding=1000), AveragePool(1 << 10, padding=1000), Flatten()], ""),
        ([*[Conv2D(1, 1, padding=1000) for _ in range(20)], AveragePool(40_004), Flatten()], ""),
    ],
)
def test_a_graph_that_would_eat_the_machine_is_refused_before_it_runs(
    path: Path, parts: tuple[dict[str, Any], Any], layers: list[Any], message: str
) -> None:
    path.write_bytes(hostile(parts[0], layers, weights=True))
    tracemalloc.start()
    try:
        said = refusal(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "up to it one image needs" in said
    assert message in said
    assert peak < 20_000_000


def test_the_same_hostile_file_without_hostility_is_loaded(
    path: Path, parts: tuple[dict[str, Any], Any]
) -> None:
    """Its logits are all zero, so that only the measured difference is in the way."""
    path.write_bytes(hostile(parts[0], [Flatten(), Dense(2, initializer=0.0)], weights=True))
    assert load_model(path).classes == ("0", "1")


def test_not_enough_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(path, model())

    def fail(*arguments: object) -> None:
        raise MemoryError

    for where in ("safetensors.numpy.load", "pellucid.files.self_test.compute_logits"):
        with monkeypatch.context() as patch:
            patch.setattr(where, fail)
            assert "not enough memory" in refusal(path, DataError)
