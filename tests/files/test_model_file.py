"""Model files: what is saved is loaded, by us and by others; what is no model is not saved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
import safetensors
from safetensors.numpy import load_file

from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import Engine, Program, get_engine
from pellucid.errors import (
    ArgumentError,
    DataError,
    OutputError,
    ShapeError,
)
from pellucid.files import Model, load_model, save_model
from pellucid.files.self_test import sample_images
from pellucid.graph import Network, graph_to_dict, initial_weights
from pellucid.layers import AveragePool, Conv2D, Dense, Flatten, Sequential, Softmax
from tests.engines.networks import GRAPHS, network
from tests.files.models import PROVENANCE, assert_same, graph, model, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.engines import Precision, Step
    from pellucid.ops.operation import Array


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
        (("a", "b", "a"), "class name 'a' is given twice"),
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


def test_a_wrong_network_is_refused_where_it_is_made() -> None:
    with pytest.raises(ShapeError, match="is missing"):
        Network(graph(), {})
