"""Small models for tests, and a way to write any file that a hostile hand could write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model
from pellucid.files.container import checksum
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, Normalise, ReLU, Sequential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.graph import Graph

PROVENANCE: dict[str, Any] = {
    "seed": 7,
    "versions": {"pellucid": "0.1.0"},
    "results": [{"epoch": 1, "loss": 0.1 + 0.2}, None, True],
}


def graph() -> Graph:
    """A network for 6×5 images of 3 channels and 3 classes; every kind of parameter's role."""
    return Sequential(
        [
            Normalise([120.0, 110.0, 100.0], [60.0, 61.0, 62.0]),
            Conv2D(4, (3, 2), stride=(2, 1), padding=((1, 1), (0, 1))),
            BatchNorm(),
            ReLU(),
            MaxPool(2, edge="count"),
            Flatten(),
            Dense(3),
        ]
    ).graph((6, 5, 3))


def model(seed: int = 0) -> Model:
    """That network with random weights, and class names that are not all English."""
    random = np.random.default_rng(seed)
    weights = {
        name: (array + random.uniform(0.1, 0.3, array.shape)).astype(np.float32)
        for name, array in initial_weights(graph(), seed).items()
    }
    return Model(
        Network(graph(), weights),
        ("cat", "собака", "鳥 \udcff"),  # the last as a file name that is no text comes
        Preprocessing(6, 5, 3, resize="crop"),
        PROVENANCE,
    )


def assert_same(one: Model, other: Model) -> None:
    """Equal in every respect, weights bit by bit."""
    assert one.network.graph == other.network.graph
    assert one.classes == other.classes
    assert one.preprocessing == other.preprocessing
    assert one.provenance == other.provenance
    assert one.network.weights.keys() == other.network.weights.keys()
    for name, weight in one.network.weights.items():
        assert weight.dtype == other.network.weights[name].dtype == np.float32
        assert weight.tobytes() == other.network.weights[name].tobytes(), name


def sealed(document: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    """A file of any content, with a right checksum."""
    document = {key: value for key, value in document.items() if key != "checksum"}
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps({**document, "checksum": checksum(document, arrays)})
    return save(arrays, {"pellucid": text})


def opened(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """A file's header and its document, read by hand."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["pellucid"])
