"""What a task's outputs are in an ONNX file: their names, how they are stored, and their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.captioner import PLACES
from pellucid.interop.onnx.boxes import (
    BOXES,
    CLASSES,
    PROBABILITIES,
    Stored,
    box_outputs,
    write_boxes,
)
from pellucid.interop.onnx.pictures import GENERATED, NOISE, PICTURES, VALUES, write_pictures
from pellucid.interop.onnx.steps import step_shape, write_steps
from pellucid.tasks import (
    Captioning,
    Detection,
    Generation,
    MultiLabel,
    RegionDetection,
    Regression,
    SingleLabel,
    Transcription,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.interop.onnx.options import InputForm
    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Shape
    from pellucid.tasks import Task

INPUT, LOGITS, NUMBERS = "input", "logits", "numbers"
"""What a file's input and its outputs are called; ``numbers`` are a regression's."""

OutputTypes = dict[str, tuple[Stored, tuple[int, ...]]]
"""By name of an output: how it is stored, and its shape of an example."""


@dataclass(frozen=True)
class TaskOutputs:
    """A task's row in the table.

    Attributes:
        types: The outputs in their order, of a task, the shape of the network's output, and a form.
        write: Writes the nodes from the network's output, by its name, to these.
        output: What the network's output is called.
        names: Names of inputs and outputs, which no layer may have as they are.
        noise: Whether its input is noise, and no picture.
    """

    types: Callable[[Any, Shape, InputForm], OutputTypes]
    write: Callable[[Writer, Any, InputForm, str, Shape], None]
    output: str = LOGITS
    names: frozenset[str] = frozenset({INPUT, LOGITS, PROBABILITIES, NUMBERS})
    noise: bool = False

    @property
    def input(self) -> str:
        """What the file's input is called: ``input``, the pictures; of generators ``noise``."""
        return NOISE if self.noise else INPUT


def outputs_of(task: Task) -> TaskOutputs:
    """The row of a task."""
    return TASK_OUTPUTS[task.kind]


def _row(answer: str) -> Callable[[Task, Shape, InputForm], OutputTypes]:
    """Types of a row of logits, and of as many numbers that users read."""

    def types(_: Task, shape: Shape, __: InputForm) -> OutputTypes:
        return {LOGITS: ("float32", shape), answer: ("float32", shape)}

    return types


def _softmax(writer: Writer, _: Task, __: InputForm, logits: str, ___: Shape) -> None:
    writer.node("Softmax", [logits], PROBABILITIES, axis=-1)


def _sigmoid(writer: Writer, _: Task, __: InputForm, logits: str, ___: Shape) -> None:
    writer.node("Sigmoid", [logits], PROBABILITIES)


def _numbers(writer: Writer, task: Regression, _: InputForm, logits: str, __: Shape) -> None:
    scale, mean = (
        writer.constant(f"{NUMBERS}.{word}", np.array(values, np.float32))
        for word, values in (("scale", task.scale), ("mean", task.mean))
    )
    scaled = writer.node("Mul", [logits, scale], f"{NUMBERS}.scaled")
    writer.node("Add", [scaled, mean], NUMBERS)


def _box_types(task: Detection, shape: Shape, _: InputForm) -> OutputTypes:
    channels_first = (shape[-1], *shape[:-1])
    return {LOGITS: ("float32", channels_first), **box_outputs(task, shape)}


def _boxes(writer: Writer, task: Detection, _: InputForm, logits: str, shape: Shape) -> None:
    write_boxes(writer, task, logits, shape)


def _step_types(_: Task, shape: Shape, __: InputForm) -> OutputTypes:
    return {LOGITS: ("float32", step_shape(shape)), PROBABILITIES: ("float32", shape[-2:])}


def _steps(writer: Writer, _: Task, __: InputForm, logits: str, shape: Shape) -> None:
    write_steps(writer, logits, shape)


def _place_types(_: Task, shape: Shape, __: InputForm) -> OutputTypes:
    return {PLACES: ("float32", shape)}


def _places(writer: Writer, _: Task, __: InputForm, places: str, ___: Shape) -> None:
    writer.node("Transpose", [places], PLACES, perm=(0, 2, 3, 1))


def _picture_types(_: Task, shape: Shape, form: InputForm) -> OutputTypes:
    axes = form.axes(*shape)
    return {VALUES: ("float32", axes), PICTURES: (form.dtype, axes)}


def _pictures(writer: Writer, _: Task, form: InputForm, values: str, __: Shape) -> None:
    write_pictures(writer, form, values)


_BOXES = TaskOutputs(
    _box_types,
    _boxes,
    names=frozenset({INPUT, LOGITS, PROBABILITIES, NUMBERS, BOXES, CLASSES}),
)

TASK_OUTPUTS: dict[str, TaskOutputs] = {
    SingleLabel.kind: TaskOutputs(_row(PROBABILITIES), _softmax),
    MultiLabel.kind: TaskOutputs(_row(PROBABILITIES), _sigmoid),
    Regression.kind: TaskOutputs(_row(NUMBERS), _numbers),
    Detection.kind: _BOXES,
    RegionDetection.kind: _BOXES,
    Transcription.kind: TaskOutputs(_step_types, _steps),
    Captioning.kind: TaskOutputs(
        _place_types, _places, output=f"{PLACES}.map", names=frozenset({INPUT, PLACES})
    ),
    Generation.kind: TaskOutputs(
        _picture_types,
        _pictures,
        output=GENERATED,
        names=frozenset({NOISE, GENERATED, VALUES, PICTURES}),
        noise=True,
    ),
}
"""Every task's outputs, by its kind."""
