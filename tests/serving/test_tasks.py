"""Every task: a service answers as the command does, as JSON and as the lines of its table."""

from __future__ import annotations

import io
import json
import wave
from csv import reader
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data.preprocessing import Preprocessing
from pellucid.files import Model, save_model
from pellucid.graph import Network
from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.tasks import Detection, MultiLabel, Regression
from tests.engines.networks import network
from tests.explain.test_heard import SOUND, recognizer
from tests.interop.test_onnx_captions import captioner_model
from tests.serving.running import Here, png, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pellucid.tasks import Task
    from tests.cli.conftest import Command

NAMES = ("wet", "dark", "=round")


def of_row(task: Task) -> Model:
    graph = Sequential([Conv2D(2, 3), ReLU(), Flatten(), Dense(3)]).graph((9, 8, 3))
    return Model(network(graph), task, Preprocessing(9, 8, 3))


def detector() -> Model:
    layers = [Conv2D(4, 3, stride=2, padding="same"), ReLU(), Conv2D(6, 3, stride=4), ReLU()]
    made = network(Sequential([*layers, Conv2D(7, 1, name="ends")]).graph((40, 56, 3)))
    weights = {name: 0.3 * array for name, array in made.weights.items()}
    task = Detection(NAMES, least=0.01, shown=0.02)
    return Model(Network(made.graph, weights), task, Preprocessing(40, 56, 3))


MODELS: dict[str, Callable[[], Model]] = {
    "labels": lambda: of_row(MultiLabel(NAMES)),
    "numbers": lambda: of_row(
        Regression(NAMES, (40.0, 170.0, 70.0), (12.5, 9.0, 11.0), flat=False)
    ),
    "boxes": detector,
    "captions": lambda: captioner_model("gru"),
    "texts": recognizer,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of each model, pictures of other sizes than they take, and recordings."""
    made = tmp_path_factory.mktemp("tasks")
    random = np.random.default_rng(7)
    for name, model in MODELS.items():
        save_model(made / f"{name}.safetensors", model())
    (made / "pictures").mkdir()
    (made / "recordings").mkdir()
    for i, (height, width) in enumerate(((30, 40), (9, 8), (90, 61))):
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
        (made / "pictures" / f"{i}.png").write_bytes(png(pixels))
        file = io.BytesIO()
        with wave.open(file, "wb") as writing:
            writing.setnchannels(1)
            writing.setsampwidth(2)
            writing.setframerate(SOUND.rate)
            samples = random.normal(0, 5000 * (i + 1), 3000 + 800 * i).clip(-32768, 32767)
            writing.writeframes(samples.astype("<i2").tobytes())
        (made / "recordings" / f"{i}.wav").write_bytes(file.getvalue())
    return made


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[Here]:
    with service(*(folder / f"{name}.safetensors" for name in MODELS)) as found:
        yield found


@pytest.mark.parametrize("name", MODELS)
def test_as_the_command_answers(here: Here, folder: Path, pellucid: Command, name: str) -> None:
    given = folder / ("recordings" if name == "texts" else "pictures")
    command = ("predict", folder / f"{name}.safetensors", given, "--engine", "reference")
    printed = json.loads(pellucid(*command, "--json").stdout)
    table = folder / f"{name}.csv"
    pellucid(*command, "-o", table)
    paths = sorted(given.iterdir())
    files = [("file", (path.name, path.read_bytes())) for path in paths]
    done = here.client.post(f"/predict?model={name}&table=true", files=files)
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    rows = [[path, *row] for path, each in zip(paths, found["answers"], strict=True)
            for row in each.pop("rows")]  # fmt: skip
    for each, path in zip(found["answers"], paths, strict=True):
        each["picture"] = str(path)
    assert found["answers"] == printed
    head, *lines = reader(table.read_text().splitlines())
    assert [cell.removeprefix("'") for cell in head] == ["picture", *found["columns"]]
    assert [[cell.removeprefix("'") for cell in line] for line in lines] == [
        list(map(str, row)) for row in rows
    ]


@pytest.mark.parametrize("name", MODELS)
def test_tensors_of_every_task(here: Here, folder: Path, name: str) -> None:
    described = here.client.get(f"/v2/models/{name}").json()
    shape = described["inputs"][0]["shape"][1:]
    pixels = np.random.default_rng(2).integers(0, 256, (2, *shape), np.uint8)
    tensor = {"name": "input", "datatype": "UINT8", "shape": [2, *shape], "data": pixels.tolist()}
    done = here.client.post(f"/v2/models/{name}/infer", json={"inputs": [tensor]})
    assert done.status_code == 200, done.text
    outputs = {each["name"]: each for each in done.json()["outputs"]}
    assert list(outputs) == [each["name"] for each in described["outputs"]]
    for each in described["outputs"]:
        assert outputs[each["name"]]["shape"] == [2, *each["shape"][1:]]
    program = here.models.get(name).estimator.program_
    first = outputs[described["outputs"][0]["name"]]
    np.testing.assert_array_equal(
        np.array(first["data"], np.float32), program.forward(pixels).ravel()
    )
    assert [json.loads(text)["picture"] for text in outputs["answer"]["data"]] == [
        "input[0]", "input[1]",
    ]  # fmt: skip
