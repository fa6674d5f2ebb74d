"""A model as an ONNX file: raw pixels in, logits and probabilities (or numbers, or boxes) out.

Of a generator it is noise in, and pictures out.

Opset 17, IR version 8. The network's normalisation is part of the graph, so that every program
that computes ONNX gets the same answer from the same bytes; see ``docs/onnx.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.captioner import WORDS_GRAPH
from pellucid.errors import ArgumentError
from pellucid.files import self_test
from pellucid.files.atomic import write_file
from pellucid.graph import Network
from pellucid.interop.onnx import captioning, metadata
from pellucid.interop.onnx.layers_out import write_layers
from pellucid.interop.onnx.library import onnx_library
from pellucid.interop.onnx.options import InputForm, Layout, PixelType
from pellucid.interop.onnx.task_outputs import outputs_of
from pellucid.interop.onnx.writer import Writer
from pellucid.tasks import Captioning, Task, check_row
from pellucid.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from onnx import GraphProto, ModelProto, ValueInfoProto

    from pellucid.files import Model
    from pellucid.graph import Graph
    from pellucid.interop.onnx.boxes import Stored
    from pellucid.ops.operation import Array

OPSET, IR_VERSION = 17, 8

BATCH = "N"
"""What the batch axis is called, which may have any length."""

MOST_BYTES = 2_000_000_000
"""An ONNX file is one message of Protocol Buffers, which is smaller than 2 GiB."""


def save_onnx(
    path: str | os.PathLike[str],
    model: Model,
    *,
    layout: Layout = "nhwc",
    dtype: PixelType = "uint8",
) -> None:
    """Write a model as an ONNX file; an earlier file is replaced whole or not at all.

    Of a captioner this is the half that sees; beside it lies that which writes, of the same name
    with ``-words``.

    Args:
        path: Where; by custom it ends in ``.onnx``.
        model: The model; its weights are stored in float32.
        layout: ``"nhwc"``: pictures are taken as (N, H, W, C); ``"nchw"``: as (N, C, H, W). A
            generator gives them so, and takes noise (N, 1, 1, Z) or (N, Z, 1, 1).
        dtype: ``"uint8"`` or ``"float32"``, in which grey levels 0 .. 255 are taken, or given.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        ArgumentError: If a layer has no counterpart in ONNX, or the weights are too large.
        OutputError: If the file cannot be written.
    """
    made = onnx_model(model, InputForm(layout, dtype)).SerializeToString()
    if isinstance(model.task, Captioning):
        write_file(captioning.words_path(path), onnx_words(model).SerializeToString())
    write_file(path, made)


def described(
    model: Model, *, layout: Layout = "nhwc", dtype: PixelType = "uint8"
) -> dict[str, Any]:
    """What the file of a model takes and gives, as JSON values.

    Args:
        model: The model.
        layout: As :func:`save_onnx` takes it.
        dtype: As :func:`save_onnx` takes it.
    """
    form = InputForm(layout, dtype)
    shape = form.axes(*model.network.graph.input_shape)
    check_row(model.task, "an ONNX file", boxes=True, captions=True)
    outputs = outputs_of(model.task).types(model.task, model.network.graph.output_shape, form)
    half: dict[str, Any] = {}
    if isinstance(model.task, Captioning):
        takes, gives = captioning.words_shapes(model.network.graphs[WORDS_GRAPH])
        half = {"words": {"inputs": takes, "outputs": gives}}
    return {
        "opset": OPSET,
        "input": f"{input_type(model.task, form)} ({', '.join(map(str, (BATCH, *shape)))})",
        "outputs": {
            name: f"{kind} ({', '.join(map(str, (BATCH, *each)))})"
            for name, (kind, each) in outputs.items()
        },
        "task": model.task.kind,
        "classes": list(model.task.names),
        **half,
    }


def onnx_model(model: Model, form: InputForm | None = None) -> ModelProto:
    """A model as ONNX has it, checked by the library's own checker.

    Args:
        model: The model.
        form: What the graph takes; by default uint8 (N, H, W, C).

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        ArgumentError: As :func:`save_onnx`.
    """
    onnx_library()
    import onnx

    check_row(model.task, "an ONNX file", boxes=True, captions=True)
    form = form or InputForm()
    network = model.network.part(model.network.graph)  # of what it was trained with, nothing
    weights = _exported(network)
    (picture, *_) = self_test.sample_images(network.graph.input_shape)
    (logits,) = self_test.compute_logits(Network(network.graph, weights), picture[None])
    made = file_of(onnx_graph(network.graph, model.task, weights, form))
    for name, text in metadata.written(model, form, picture, logits).items():
        made.metadata_props.add(key=name, value=text)
    onnx.checker.check_model(made, full_check=True)
    return made


def onnx_words(model: Model) -> ModelProto:
    """The half of a captioner that writes, checked by the library's own checker.

    Args:
        model: A captioner.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        ArgumentError: As :func:`save_onnx`.
    """
    onnx_library()
    import onnx

    assert isinstance(model.task, Captioning)
    network = model.network.part(model.network.graphs[WORDS_GRAPH])
    made = file_of(captioning.words_graph(network.graph, _exported(network)))
    sees = captioning.digest_of(_exported(model.network.part(model.network.graph)))
    for name, text in captioning.metadata_of_words(network.graph, model.task, sees).items():
        made.metadata_props.add(key=name, value=text)
    onnx.checker.check_model(made, full_check=True)
    return made


def _exported(network: Network) -> dict[str, Array]:
    """The weights in float32, of which all are finite and together not too large."""
    size = 4 * sum(array.size for array in network.weights.values())
    if size > MOST_BYTES:
        raise ArgumentError(
            f"the network's weights take {size:,} bytes; one ONNX file holds {MOST_BYTES:,}"
        )
    weights = {name: np.asarray(array, np.float32) for name, array in network.weights.items()}
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise ArgumentError(f"weight {name!r:.80} holds NaN or infinity; train it again")
    return weights


def file_of(graph: GraphProto) -> ModelProto:
    """A file's content around a graph, without metadata."""
    from onnx import helper

    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="pellucid",
        producer_version=__version__,
    )


def onnx_graph(
    graph: Graph, task: Task, weights: Mapping[str, Array], form: InputForm
) -> GraphProto:
    """The graph alone: the same network, task and form give the same bytes.

    Args:
        graph: From pictures to one answer (K,), or of detectors and recognizers a map or rows; of
            generators from noise to a picture.
        task: What the outputs mean.
        weights: float32, by full name.
        form: What the graph takes.

    Raises:
        ArgumentError: If a layer has no counterpart in ONNX.
    """
    from onnx import helper

    writer = Writer()
    names, given = value_names(graph, task), input_name(task)
    _write_input(writer, form, input_type(task, form), given, names[graph.input])
    write_layers(writer, graph, names, weights)
    outputs = outputs_of(task)
    outputs.write(writer, task, form, names[graph.output], graph.output_shape)
    shape = form.axes(*graph.input_shape)
    return helper.make_graph(
        writer.nodes,
        "network",
        [_value_info(given, input_type(task, form), shape)],
        [
            _value_info(name, kind, each)
            for name, (kind, each) in outputs.types(task, graph.output_shape, form).items()
        ],
        list(writer.constants.values()),
    )


def _value_info(name: str, kind: Stored, shape: tuple[int, ...]) -> ValueInfoProto:
    from onnx import TensorProto, helper

    kinds: dict[Stored, int] = {
        "uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64,
    }  # fmt: skip
    return helper.make_tensor_value_info(name, kinds[kind], [BATCH, *shape])


def input_name(task: Task) -> str:
    """What a file's input is called: ``input``, the pictures; of generators ``noise``."""
    return outputs_of(task).input


def input_type(task: Task, form: InputForm) -> PixelType:
    """How a file's input is stored; noise is float32 whatever its pictures are."""
    return "float32" if outputs_of(task).noise else form.dtype


def value_names(graph: Graph, task: Task) -> dict[str, str]:
    """What each value of a network is called in ONNX: as in the network, but for a few words.

    The answer is ``logits``, or of generators ``generated``; the input's value, as the first layer
    takes it, is ``input.pixels``; and a layer that is called as an input or output is, gets a dot,
    which no layer's name has.
    """
    outputs = outputs_of(task)
    names = {
        node.name: f"{node.name}.value" if node.name in outputs.names else node.name
        for node in graph.nodes
    }
    return {**names, graph.input: f"{outputs.input}.pixels", graph.output: outputs.output}


def _write_input(writer: Writer, form: InputForm, kind: PixelType, given: str, name: str) -> None:
    from onnx import TensorProto

    steps: list[tuple[str, dict[str, Any]]] = []
    if kind == "uint8":
        steps.append(("Cast", {"to": TensorProto.FLOAT}))
    if form.layout == "nhwc":
        steps.append(("Transpose", {"perm": (0, 3, 1, 2)}))
    at = given
    for number, (step, attributes) in enumerate(steps or [("Identity", {})]):
        last = number == max(len(steps), 1) - 1
        at = writer.node(step, [at], name if last else f"{given}.{step.lower()}", **attributes)
