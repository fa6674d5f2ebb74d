"""Model files: what is saved is loaded, by us and by others; what is no model is refused."""

from __future__ import annotations

import os
import pickle
import tracemalloc
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
import safetensors
from safetensors.numpy import load_file, save, save_file

from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import Engine, Program, get_engine
from pellucid.errors import (
    ArgumentError,
    DataError,
    FileFormatError,
    OutputError,
    PellucidError,
    ShapeError,
)
from pellucid.files import Model, load_model, save_model, save_state
from pellucid.files.self_test import sample_images
from pellucid.graph import Network, graph_to_dict, initial_weights
from pellucid.layers import AveragePool, Conv2D, Dense, Flatten, Sequential, Softmax
from tests.engines.networks import GRAPHS, network
from tests.files.models import PROVENANCE, assert_same, graph, model, opened, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.engines import Precision, Step
    from pellucid.ops.operation import Array


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a model, ein Modell, модель.safetensors"


def weights_of(model: Model) -> dict[str, NDArray[Any]]:
    return dict(model.network.weights)


def with_weights(model: Model, **weights: NDArray[Any]) -> Model:
    changed = {**weights_of(model), **{k.replace("__", "."): v for k, v in weights.items()}}
    return replace(model, network=Network(model.network.graph, changed))


# ------------------------------------------------------------------------------------- round trip


def test_what_is_saved_is_loaded(path: Path) -> None:
    save_model(path, model())
    assert_same(load_model(path), model())
    assert_same(load_model(str(path)), model())


@pytest.mark.parametrize("name", GRAPHS)
def test_every_operation_and_architecture(path: Path, name: str) -> None:
    made = GRAPHS[name]
    height, width, channels = made.input_shape
    saved = Model(
        Network(made, {k: v.astype(np.float32) for k, v in network(made).weights.items()}),
        tuple(map(str, range(made.output_shape[0]))),
        Preprocessing(height, width, channels),
    )
    save_model(path, saved)
    assert_same(load_model(path), saved)


def test_the_same_model_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    save_model(path, model())
    save_model(tmp_path / "again", load_model(path))
    assert path.read_bytes() == (tmp_path / "again").read_bytes()


def test_weights_of_other_layouts_and_precisions(path: Path) -> None:
    plain = model()
    turned = {
        name: np.asfortranarray(weight.astype(">f8"))[...]
        for name, weight in plain.network.weights.items()
    }
    save_model(path, replace(plain, network=Network(plain.network.graph, turned)))
    assert_same(load_model(path), plain)


def test_loaded_weights_can_be_trained_on(path: Path) -> None:
    save_model(path, model())
    for weight in load_model(path).network.weights.values():
        assert weight.flags.writeable
        assert weight.flags.c_contiguous


def test_tuples_in_provenance_become_lists(path: Path) -> None:
    sizes: dict[str, Any] = {"size": (2, 3)}
    save_model(path, replace(model(), provenance=sizes))
    assert load_model(path).provenance == {"size": [2, 3]}


def test_own_samples(path: Path) -> None:
    samples = np.full((1, 6, 5, 3), 200, np.uint8)
    save_model(path, model(), samples=samples)
    assert_same(load_model(path), model())
    np.testing.assert_array_equal(load_file(path)["self_test.images"], samples)


# ------------------------------------------------------------------------------------- by others


def test_any_safetensors_reader_opens_it(path: Path) -> None:
    save_model(path, model())
    arrays = load_file(path)
    expected = weights_of(model())
    assert arrays.keys() == {*expected, "self_test.images", "self_test.logits"}
    for name, weight in expected.items():
        np.testing.assert_array_equal(arrays[name], weight)
    with safetensors.safe_open(path, framework="numpy") as file:
        assert file.metadata().keys() == {"pellucid"}
        assert set(file.keys()) == set(arrays)
        np.testing.assert_array_equal(
            file.get_tensor("conv1.kernel"), model().network.weights["conv1.kernel"]
        )


def test_what_the_description_says(path: Path) -> None:
    save_model(path, model())
    _, document = opened(path.read_bytes())
    checksum = document.pop("checksum")
    assert len(bytes.fromhex(checksum)) == 32
    assert document == {
        "kind": "model",
        "format": 2,
        "graphs": {"main": graph_to_dict(graph())},
        "task": {"kind": "single-label", "classes": list(model().classes), "label_kind": "text"},
        "preprocessing": model().preprocessing.to_dict(),
        "provenance": PROVENANCE,
        "self_test": {"engine": "reference"},
    }


def test_the_self_test_holds_what_the_network_answers(path: Path) -> None:
    save_model(path, model())
    arrays = load_file(path)
    images, logits = arrays["self_test.images"], arrays["self_test.logits"]
    assert images.dtype == np.uint8
    assert images.shape == (2, 6, 5, 3)
    assert len(np.unique(images[0])) > 40
    assert np.unique(images[1]).tolist() == [128]
    program = get_engine("reference").load(model().network, precision="float64")
    np.testing.assert_allclose(logits, program.forward(images), rtol=1e-5, atol=1e-6)


# -------------------------------------------------------------------------------- other engines


class Other(Engine):
    """The reference engine in other clothes: its logits are off by a share of their size."""

    name: ClassVar[str] = "other"

    def __init__(self, share: float) -> None:
        self.share = share

    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        share = self.share
        program = get_engine("reference").load(network, steps, precision=precision)
        forward = program.forward

        def off(images: Array) -> Array:
            logits = forward(images)
            return np.asarray(logits + np.float32(share) * np.abs(logits).max())

        program.forward = off  # type: ignore[method-assign]
        return program


def test_the_self_test_of_another_engine(path: Path) -> None:
    save_model(path, model(), engine=Other(1e-5))
    assert_same(load_model(path), model())
    _, document = opened(path.read_bytes())
    assert document["self_test"] == {"engine": "other"}
    reference = get_engine("reference").load(model().network).forward(sample_images((6, 5, 3)))
    assert not np.array_equal(load_file(path)["self_test.logits"], reference)


def test_torch_computes_the_self_test(path: Path) -> None:
    save_model(path, model(), engine=get_engine("torch"))
    assert_same(load_model(path), model())


def test_an_engine_that_disagrees_saves_nothing(path: Path) -> None:
    with pytest.raises(
        ArgumentError, match=r"engine 'other' and the reference disagree.*differ by"
    ):
        save_model(path, model(), engine=Other(0.01))
    assert not path.exists()


# ------------------------------------------------------------------------- models that are none


def test_classes_must_be_those_of_the_network() -> None:
    for classes, message in (
        (("a", "b"), "2 classes, but 3 logits"),
        (("a", "b", "a"), "class name 'a' stands twice"),
        (("a", "", "b"), "class name '';"),
        (("a", 1, "b"), "class name 1;"),
    ):
        with pytest.raises((ArgumentError, DataError), match=message):
            replace(model(), classes=classes)  # type: ignore[call-arg]


def test_preprocessing_must_make_what_the_network_takes() -> None:
    with pytest.raises(ArgumentError, match=r"makes images \(5, 6, 3\), but .* \(6, 5, 3\)"):
        replace(model(), preprocessing=Preprocessing(5, 6, 3))


def test_the_network_must_end_in_logits() -> None:
    for layers, message in (
        ([Conv2D(2, 1)], "must end in one logit a class"),
        ([Flatten(), Dense(2), Softmax()], "leave the Softmax"),
    ):
        made = Sequential(layers).graph((4, 4, 1))
        with pytest.raises(ArgumentError, match=message):
            Model(Network(made, initial_weights(made, 0)), ("a", "b"), Preprocessing(4, 4, 1))


def test_a_network_too_large_to_be_loaded_is_no_model() -> None:
    made = Sequential([AveragePool(500, padding=499), Flatten()]).graph((4, 4, 1))
    with pytest.raises(ArgumentError, match="up to it one image needs windows of"):
        Model(Network(made, {}), tuple("abcd"), Preprocessing(4, 4, 1))


@pytest.mark.parametrize(
    ("provenance", "message"),
    [
        ({"loss": float("nan")}, r"provenance\['loss'\] is nan.*use None"),
        ({"loss": np.float32(1)}, r"provenance\['loss'\] is of type float32"),
        ([], "provenance must be a dictionary, got list"),
    ],
)
def test_provenance_must_be_json(provenance: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        replace(model(), provenance=provenance)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
def test_weights_must_be_finite_in_float32(path: Path, value: float) -> None:
    bad = with_weights(model(), dense1__bias=np.array([0.0, value, 0.0]))
    with pytest.raises(ArgumentError, match=r"'dense1.bias' holds NaN or infinity; its training"):
        save_model(path, bad)
    assert not path.exists()


def test_logits_must_be_finite(path: Path) -> None:
    bad = with_weights(model(), dense1__kernel=np.full((24, 3), 3e38, np.float32))
    with pytest.raises(ArgumentError, match="logits on its self-test are not finite"):
        save_model(path, bad)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((1, 6, 5, 3), np.float32),
        np.zeros((0, 6, 5, 3), np.uint8),
        np.zeros((17, 6, 5, 3), np.uint8),
        np.zeros((1, 6, 5, 1), np.uint8),
        np.zeros((6, 5, 3), np.uint8),
    ],
)
def test_samples_must_be_images(path: Path, samples: NDArray[Any]) -> None:
    with pytest.raises(ArgumentError, match=r"must be uint8 \(1 to 16, 6, 5, 3\), got"):
        save_model(path, model(), samples=samples)


def test_a_description_too_long_to_be_read_is_not_written(path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"the model's description takes .* bytes, at most"):
        save_model(path, replace(model(), provenance={"log": "x" * 9_000_000}))
    assert not path.exists()


def test_a_folder_that_is_missing_and_an_earlier_model(path: Path) -> None:
    save_model(path, model())
    before = path.read_bytes()
    with pytest.raises(OutputError, match="there is no folder"):
        save_model(path.parent / "none" / "model.safetensors", model())
    with pytest.raises(ArgumentError):
        save_model(path, with_weights(model(1), dense1__bias=np.full(3, np.nan)))
    assert path.read_bytes() == before


# --------------------------------------------------------------------------- files that are none


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
        (save({}, {"pellucid": '{"kind":"model","kind":"model"}'}), "stands twice"),
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
    path.write_bytes(save({}, {"pellucid": '{"kind":"model","format":3,"new":"things"}'}))
    assert refusal(path) == (
        f"{path}: written by a newer Pellucid (format 3, this one reads 2): upgrade Pellucid"
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


def test_a_wrong_network_is_refused_where_it_is_made() -> None:
    with pytest.raises(ShapeError, match="is missing"):
        Network(graph(), {})
