"""The Open Inference Protocol, version 2: metadata of models, and tensors in and out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response

from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation.prediction_files import record
from pellucid.evaluation.predictions import read_outputs
from pellucid.serving.answers import decode_all, json_bytes
from pellucid.serving.infer_request import InferRequest, WantedOutput, read_request
from pellucid.serving.predicting import TOP
from pellucid.serving.service import facts, json_response, served_of, service_of, while_connected
from pellucid.serving.tensors import BYTES, as_binary, kind_of
from pellucid.text import listed, printable
from pellucid.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from starlette.requests import Request

    from pellucid.evaluation.predictions import Prediction
    from pellucid.serving.models import Served
    from pellucid.serving.service import Service

    Tensor = NDArray[Any] | list[str]

HEAD_LENGTH = "Inference-Header-Content-Length"
ANSWER = "answer"
"""The output with what ``/predict`` answers, as JSON."""

EXTENSIONS = ("binary_tensor_data", "classification", "model_repository")


async def server(request: Request) -> Response:
    """What this is."""
    return json_response(
        {"name": "pellucid", "version": __version__, "extensions": list(EXTENSIONS)}
    )


async def metadata(request: Request) -> Response:
    """What a model takes and gives."""
    served = served_of(request)
    models = service_of(request).models
    model, program = served.estimator.model_, served.estimator.program_
    graph, shape = model.network.graph, list(model.preprocessing.shape)
    outputs = [_described(graph.output, "FP32", [-1, *graph.output_shape])]
    if reading := _reading(served):
        outputs.append(_described(reading, "FP64", [-1, len(model.classes)]))
    outputs.append(_described(ANSWER, BYTES, [-1]))
    last = models.reloads.get(served.source)
    return json_response(
        {
            "name": served.name,
            "versions": [str(number) for number in models.versions(served.name)],
            "platform": f"pellucid_{program.engine}",
            "inputs": [_described(graph.input, "UINT8", [-1, *shape])],
            "outputs": outputs,
            "parameters": {
                "task": model.task.kind,
                "classes": [printable(name) for name in model.classes],
                "made_by": program.made_by(),
                "input_datatypes": ["UINT8", "FP32", BYTES],
                "levels": "0 to 255",
                "batched_equals_single": served.same_bits,
                "batch_pictures": served.batcher.most,
                "loaded": served.loaded,
                "reload_error": last.error if last else "",
            },
        }
    )


def _described(name: str, kind: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": kind, "shape": shape}


def _reading(served: Served) -> str:
    """What the numbers are called that are read of a row of outputs; empty for other tasks."""
    model = served.estimator.model_
    return "" if model.task.of_map or model.task.of_boxes else model.task.read_as


async def model_ready(request: Request) -> Response:
    """Whether a model answers."""
    served, wanted = served_of(request), service_of(request).ready
    return json_response({"name": served.name, "ready": wanted}, 200 if wanted else 503)


async def infer(request: Request) -> Response:
    """Compute tensors."""
    service, served = service_of(request), served_of(request)
    body = await request.body()
    return await while_connected(
        request, _infer(request, body, service, served, request.headers.get(HEAD_LENGTH))
    )


async def _infer(
    request: Request, body: bytes, service: Service, served: Served, head: str | None
) -> Response:
    loop = asyncio.get_running_loop()
    asked = await loop.run_in_executor(
        service.pool, read_request, body, head, served, service.limits
    )
    facts(request)["pictures"] = len(asked.pictures)
    _check_outputs(asked.outputs, served)
    with served.batcher.admitted(len(asked.pictures)):
        images, sizes = await _images(asked, served, service)
        outputs = await served.batcher.computed(images)
        return await loop.run_in_executor(
            service.pool, _response, served, asked, images, outputs, sizes
        )


async def _images(
    asked: InferRequest, served: Served, service: Service
) -> tuple[NDArray[Any], list[tuple[int, int] | None]]:
    """Pictures as the network takes them; of files also their sizes, where the task asks for them.

    Raises:
        DataError: If a file cannot be used.
    """
    if isinstance(asked.pictures, np.ndarray):
        return asked.pictures, [None] * len(asked.pictures)
    decoded = await decode_all(served, asked.pictures, service)
    for each in decoded:
        if each.problem:
            raise DataError(each.problem)
    images = np.stack([each.pixels for each in decoded if each.pixels is not None])
    return images, [each.size for each in decoded]


def _names(served: Served) -> list[str]:
    output = served.estimator.model_.network.graph.output
    return list(dict.fromkeys(filter(None, (output, _reading(served), ANSWER))))


def _check_outputs(wanted: Sequence[WantedOutput], served: Served) -> None:
    names = _names(served)
    given = [each.name for each in wanted]
    if len(given) > len(set(given)):  # a small request for answers without end
        raise ArgumentError("an output is asked for twice; ask for each once")
    for each in wanted:
        if each.name not in names:
            raise ArgumentError(
                f"{served.name} has no output {printable(each.name)!r:.60}; it has {listed(names)}"
            )
        if each.classes and (each.name == ANSWER or not served.estimator.model_.task.of_one_class):
            raise ArgumentError(f"{each.name} has no classes to be sorted; leave them out")


def _response(
    served: Served,
    asked: InferRequest,
    images: NDArray[Any],
    outputs: NDArray[Any],
    sizes: list[tuple[int, int] | None],
) -> Response:
    wanted = asked.outputs or [WantedOutput(name, asked.binary) for name in _names(served)]
    raw = served.estimator.model_.network.graph.output
    read: list[Prediction] = []
    if any(each.name != raw for each in wanted):
        read = list(_read(served, images, outputs, sizes))
    head: dict[str, Any] = {"model_name": served.name, "model_version": str(served.version)}
    if asked.id is not None:
        head["id"] = asked.id
    described, behind = [], []
    for each in wanted:
        tensor = outputs if each.name == raw else _tensor(served, each.name, read)
        if each.classes and isinstance(tensor, np.ndarray):
            tensor = _likeliest(tensor, each.classes, served)
        shape = list(tensor.shape) if isinstance(tensor, np.ndarray) else [len(images)]
        if each.classes:
            shape = [len(images), len(tensor) // len(images)]
        values = _described(each.name, kind_of(tensor), shape)
        if each.binary:
            behind.append(as_binary(tensor))
            values["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            values["data"] = tensor.ravel().tolist() if isinstance(tensor, np.ndarray) else tensor
        described.append(values)
    text = json_bytes({**head, "outputs": described})
    if not behind:
        return Response(text, media_type="application/json")
    headers = {HEAD_LENGTH: str(len(text))}
    return Response(b"".join([text, *behind]), 200, headers, "application/octet-stream")


def _read(
    served: Served,
    images: NDArray[Any],
    outputs: NDArray[Any],
    sizes: list[tuple[int, int] | None],
) -> Iterator[Prediction]:
    """What the task makes of outputs, each by itself."""
    levels = images.clip(0, 255).astype(np.uint8) if images.dtype != np.uint8 else images
    name = served.estimator.model_.network.graph.input
    for i in range(len(images)):
        part = slice(i, i + 1)
        yield from read_outputs(
            served.estimator, [f"{name}[{i}]"], levels[part], outputs[part], [sizes[i]]
        )


def _tensor(served: Served, name: str, read: list[Prediction]) -> Tensor:
    task = served.estimator.model_.task
    if name == ANSWER:
        return [json_bytes(record(each, task, TOP, every=False)).decode() for each in read]
    rows = [each.numbers if each.probabilities is None else each.probabilities for each in read]
    if any(row is None for row in rows):
        raise DataError(next(each.problem for each in read if each.problem))
    return np.stack([row for row in rows if row is not None]).astype(np.float64)


def _likeliest(tensor: NDArray[Any], count: int, served: Served) -> list[str]:
    """The likeliest classes of each row, as ``value:index:name``."""
    names = served.estimator.model_.classes
    order = (-tensor).argsort(axis=1, kind="stable")[:, :count]
    return [
        f"{row[k]:f}:{k}:{printable(names[k])}"
        for row, best in zip(tensor, order.tolist(), strict=True)
        for k in best
    ]
