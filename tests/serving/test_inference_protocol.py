"""The Open Inference Protocol, asked by Triton's own client of a real process."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from pellucid import load
from pellucid.errors import ArgumentError
from pellucid.serving.tensors import numbers
from tests.serving.running import Process, pictures, png, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def process(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    found = start(model_file, folder=tmp_path_factory.mktemp("served"))
    yield found
    code, _, error = found.stop()
    assert code == 0, error
    assert "Traceback" not in error


@pytest.fixture(scope="module")
def client(process: Process) -> Iterator[Any]:
    with triton.InferenceServerClient(process.place) as found:
        yield found


@pytest.fixture(scope="module")
def logits(model_file: Path) -> NDArray[np.float32]:
    """What the network gives for five pictures."""
    return np.asarray(load(model_file).program_.forward(np.stack(pictures(5))))


def given(pixels: NDArray[Any], kind: str, *, binary: bool) -> Any:
    tensor = triton.InferInput("input", list(pixels.shape), kind)
    tensor.set_data_from_numpy(pixels, binary_data=binary)
    return tensor


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("pets")
    assert client.is_model_ready("pets", "1")
    assert not client.is_model_ready("dogs")
    assert client.get_server_metadata()["name"] == "pellucid"
    found = client.get_model_metadata("pets")
    assert found["versions"] == ["1"]
    assert found["inputs"] == [{"name": "input", "datatype": "UINT8", "shape": [-1, 6, 5, 3]}]
    assert [each["datatype"] for each in found["outputs"]] == ["FP32", "FP64", "BYTES"]
    assert found["parameters"]["batched_equals_single"] is True
    with pytest.raises(InferenceServerException, match="pets"):
        client.get_model_metadata("dogs")


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("kind", ["UINT8", "FP32"])
def test_tensors_of_numbers(
    client: Any, logits: NDArray[np.float32], kind: str, binary: bool
) -> None:
    pixels = np.stack(pictures(5)).astype(np.uint8 if kind == "UINT8" else np.float32)
    output = client.get_model_metadata("pets")["outputs"][0]["name"]
    wanted = [triton.InferRequestedOutput(name, binary_data=binary)
              for name in (output, "probabilities", "answer")]  # fmt: skip
    found = client.infer("pets", [given(pixels, kind, binary=binary)], outputs=wanted,
                         request_id="7")  # fmt: skip
    assert found.get_response()["id"] == "7"
    assert found.as_numpy(output).tobytes() == logits.tobytes()
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    np.testing.assert_allclose(found.as_numpy("probabilities"), shares, rtol=1e-6)
    answers = [json.loads(text) for text in found.as_numpy("answer")]
    assert [each["class"] for each in answers] == [
        ("cat", "собака", "鳥 \udcff")[k] for k in logits.argmax(1)
    ]


@pytest.mark.parametrize("binary", [True, False])
def test_files(process: Process, client: Any, logits: NDArray[np.float32], binary: bool) -> None:
    files = [png(each) for each in pictures(5)]
    if binary:
        tensor = given(np.array(files, object), "BYTES", binary=True)
        output = client.get_model_metadata("pets")["outputs"][0]["name"]
        found = client.infer("pets", [tensor]).as_numpy(output)
    else:
        values = {"name": "input", "shape": [5], "datatype": "BYTES",
                  "data": [base64.b64encode(each).decode() for each in files]}  # fmt: skip
        done = httpx.post(
            f"{process.url}/v2/models/pets/infer", json={"inputs": [values]}, timeout=120
        )
        assert done.status_code == 200, done.text
        found = np.array(done.json()["outputs"][0]["data"], np.float32).reshape(5, 3)
    assert found.tobytes() == logits.tobytes()


def test_likeliest_classes(client: Any, logits: NDArray[np.float32]) -> None:
    wanted = triton.InferRequestedOutput("probabilities", class_count=2)
    tensor = given(np.stack(pictures(5)), "UINT8", binary=True)
    found = client.infer("pets", [tensor], outputs=[wanted]).as_numpy("probabilities")
    assert found.shape == (5, 2)
    places = [[int(text.split(b":")[1]) for text in row] for row in found]
    assert places == (-logits).argsort(1)[:, :2].tolist()


def body(**changed: Any) -> bytes:
    tensor = {"name": "input", "shape": [1, 6, 5, 3], "datatype": "UINT8", "data": [0] * 90}
    values = {"inputs": [{**tensor, **changed}]}
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (b"[" * 100_000, "nested"),
        (b'{"inputs": 3}', "inputs"),
        (b'{"inputs": []}', "input"),
        (body(name="pixels"), "pixels"),
        (body(shape=[1, 5, 6, 3]), "6, 5, 3"),
        (body(shape=[0, 6, 5, 3], data=[]), "shape"),
        (body(shape=[-1, 6, 5, 3]), "shape"),
        (body(shape=[True, 6, 5, 3]), "shape"),
        (body(datatype="INT8"), "INT8"),
        (body(data=[0] * 89), "90"),
        (body(data=[0] * 89 + [256]), "255"),
        (body(data=[0] * 89 + [-1]), "255"),
        (body(data=[0] * 89 + [0.5]), "whole"),
        (body(data=[0] * 89 + ["a"]), "numbers"),
        (body(data=[True] + [0] * 89), "numbers"),
        (body(data=[[0], [0, 1]]), "90"),
        (body(data=[[0] * 89, 0]), "90"),
        (body(data=[0] * 89 + [-0.5], datatype="FP32"), "-0.5"),
        (body(data=[0] * 89 + [255.5], datatype="FP32"), "255.5"),
        (
            body()[:-1]
            + b', "outputs": [{"name": "answer", "parameters": {"binary_data": "no"}}]}',
            "binary_data",
        ),
        (body()[:-1] + b', "outputs": [{"name": "answer"}, {"name": "answer"}]}', "twice"),
        (body(data=[0] * 89 + [1e39], datatype="FP32"), "infinity"),
        (body(datatype="BYTES", shape=[1], data=["%%"]), "base64"),
        (body(datatype="BYTES", shape=[2], data=["AA=="]), "2"),
        (body(datatype="BYTES", shape=[1], data=["AA=="]), "input[0]"),
        (body(parameters={"binary_data_size": 3}), "binary_data_size"),
        (b'{"inputs": [{"name": "input", "name": "input"}]}', "twice"),
    ],
)
def test_malformed_requests(process: Process, content: bytes, named: str) -> None:
    done = httpx.post(f"{process.url}/v2/models/pets/infer", content=content, timeout=120)
    assert done.status_code == 400, done.text
    assert named in done.json()["error"]
    assert len(done.json()["error"]) < 1_100


def test_more_pictures_than_a_request_may_have(process: Process) -> None:
    content = body(shape=[65, 6, 5, 3], data=[0] * 90 * 65)
    done = httpx.post(f"{process.url}/v2/models/pets/infer", content=content, timeout=120)
    assert done.status_code == 413
    assert "--max-parts" in done.json()["error"]


def test_texts_in_place_of_numbers_take_no_memory() -> None:
    """As an array these would be 40 GB: each as long as the longest."""
    with pytest.raises(ArgumentError, match="numbers"):
        numbers(["a" * 1_000_000, *[""] * 10_000], (10_001,), "FP32", "input")


@pytest.mark.parametrize("length", ["-1", "99999", "x"])
def test_a_wrong_length_of_the_json(process: Process, length: str) -> None:
    headers = {"Inference-Header-Content-Length": length}
    done = httpx.post(
        f"{process.url}/v2/models/pets/infer", content=body(), headers=headers, timeout=120
    )
    assert done.status_code == 400
    assert "Length" in done.json()["error"]


def test_an_unknown_output(client: Any) -> None:
    tensor = given(np.stack(pictures(1)), "UINT8", binary=True)
    with pytest.raises(InferenceServerException, match="probabilities"):
        client.infer("pets", [tensor], outputs=[triton.InferRequestedOutput("logit")])


def test_loading_anew(client: Any, process: Process) -> None:
    (before,) = client.get_model_repository_index()
    client.load_model("pets")
    (after,) = client.get_model_repository_index()
    assert int(after["version"]) == int(before["version"]) + 1
    assert client.get_model_metadata("pets")["versions"] == [after["version"]]
    with pytest.raises(InferenceServerException, match="dogs"):
        client.load_model("dogs")
