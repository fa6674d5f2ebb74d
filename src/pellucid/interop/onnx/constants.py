"""Constants of an ONNX file: what it holds, and what its nodes make of constants alone.

Shapes come from foreign files: everything is counted before memory is taken for it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError, FileFormatError
from pellucid.text import counted, quoted, truncated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto, TensorProto

    from pellucid.interop.onnx.nodes import OnnxNode

MOST_PARAMETERS = 300_000_000
"""Numbers of all constants together, by default: twice those of VGG-19."""

FOLDED = {
    "Abs", "Add", "Cast", "CastLike", "Ceil", "Concat", "Constant", "ConstantOfShape", "Div",
    "Equal", "Expand", "Flatten", "Floor", "Gather", "Identity", "Max", "Min", "Mul", "Neg",
    "NonZero", "Pow", "Range", "Reciprocal", "ReduceProd", "Reshape", "Shape", "Slice", "Split",
    "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where",
}  # fmt: skip
"""What is computed of constants by the onnx package's own reference."""


class Constants:
    """A file's constants by name; read when they are asked for.

    Args:
        tensors: What the file holds.
        folder: Where data that lie outside the file may be; None: nowhere.
        most: How many numbers all of them may have together.

    Raises:
        FileFormatError: If there are more.
    """

    def __init__(self, tensors: Iterable[TensorProto], folder: Path | None, most: int) -> None:
        self._folder, self._most, self._count = folder, most, 0
        self._tensors: dict[str, TensorProto] = {}
        self._known: dict[str, NDArray[Any]] = {}
        self.hold(tensors)

    def hold(self, tensors: Iterable[TensorProto]) -> None:
        """Take further constants in, as a branch of the file has them.

        Raises:
            FileFormatError: If there are too many numbers.
        """
        for tensor in tensors:
            if any(size < 0 for size in tensor.dims):
                raise FileFormatError(f"constant {_brief(tensor.name)} has a negative axis")
            self.count(math.prod(tensor.dims), f"constant {_brief(tensor.name)}")
            self._tensors[tensor.name] = tensor

    def count(self, numbers: int, what: str) -> None:
        """Count numbers that are about to take memory.

        Raises:
            FileFormatError: If there are too many.
        """
        self._count += numbers
        if self._count > self._most:
            raise FileFormatError(
                f"{what} brings the constants to {_amount(self._count)} numbers, at most "
                f"{self._most:,} are allowed; if you trust the file, allow more (max_parameters, "
                "--max-parameters)"
            )

    def __contains__(self, name: str) -> bool:
        return name in self._known or name in self._tensors

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A constant's numbers.

        Raises:
            FileFormatError: If its data do not fit its shape.
        """
        if name in self._known:
            return self._known[name]
        return array_of(self._tensors[name], self._folder)

    def set(self, name: str, values: NDArray[Any]) -> None:
        """Note a constant that was computed."""
        self._known[name] = values

    def fold(self, node: OnnxNode) -> None:
        """Compute a node all of whose inputs are constants.

        Raises:
            FileFormatError: If it cannot be computed, or makes too many numbers.
        """
        if node.kind not in FOLDED:
            raise node.refuse("is computed of constants alone, which is not supported")
        inputs = [self[name] for name in node.inputs if name]
        if node.kind == "Constant":
            sizes = [
                math.prod(each.t.dims) for each in node.proto.attribute if each.name == "value"
            ]
            self.count(sum(sizes), f"node {_brief(node.name)}")
            if any(each.t.data_location for each in node.proto.attribute):
                raise node.refuse("its numbers lie outside the file")
        else:
            self.count(_made(node, inputs), f"node {_brief(node.name)} ({node.kind})")
        self._known.update(zip(node.outputs, _computed(node, inputs), strict=False))


def _made(node: OnnxNode, inputs: Sequence[NDArray[Any]]) -> int:
    """At most how many numbers a node makes of constants."""
    if node.kind in ("Expand", "ConstantOfShape"):
        wanted = [max(0, int(n)) for n in inputs[-1].ravel()]
        if node.kind == "ConstantOfShape":
            return math.prod(wanted)
        longer = max(len(wanted), inputs[0].ndim)
        shapes = (tuple(wanted), inputs[0].shape)
        aligned = [(1,) * (longer - len(shape)) + shape for shape in shapes]
        return math.prod(map(max, zip(*aligned, strict=True)))
    if node.kind == "Range":
        start, limit, delta = (float(each) for each in inputs)
        return max(0, math.ceil((limit - start) / delta)) if delta else 0
    if node.kind == "Gather" and len(inputs) == 2:
        rows = inputs[0].size // max(1, inputs[0].shape[0] if inputs[0].ndim else 1)
        return inputs[1].size * max(1, rows, inputs[0].size if node.attribute("axis", 0) else 0)
    if node.kind in ("Add", "Sub", "Mul", "Div", "Pow", "Equal", "Where", "Max", "Min"):
        try:
            return math.prod(np.broadcast_shapes(*(each.shape for each in inputs)))
        except ValueError as error:
            raise node.refuse(f"its constants do not fit together: {error}") from error
    if node.kind == "NonZero":
        return inputs[0].size * max(1, inputs[0].ndim)
    return sum(each.size for each in inputs)


def _computed(node: OnnxNode, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.inputs if name]
    unknown = [helper.make_tensor_value_info(name, 0, None) for name in dict.fromkeys(names)]
    made = [helper.make_tensor_value_info(name, 0, None) for name in node.outputs]
    graph = helper.make_graph([node.proto], "constants", unknown, made)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", node.opset)])
    try:
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(model).run(None, dict(zip(names, inputs, strict=True)))
    except MemoryError:
        raise
    except Exception as error:
        reason = truncated(" ".join(str(error).split()), 200)
        raise node.refuse(f"its constants cannot be computed: {reason}") from error
    return [np.asarray(each) for each in found]


def array_of(tensor: TensorProto, folder: Path | None) -> NDArray[Any]:
    """The numbers of a tensor in a file.

    Args:
        tensor: The tensor.
        folder: Where its data may lie if they are outside the file; None: nowhere.

    Raises:
        FileFormatError: If its data do not fit its shape, or lie where they must not.
        DataError: If they cannot be read.
    """
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        tensor = _with_external_data(tensor, folder)
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:
        reason = truncated(" ".join(str(error).split()), 200)
        raise FileFormatError(
            f"constant {_brief(tensor.name)} is damaged: its data do not fit its shape "
            f"{_shape(tensor.dims)}: {reason}"
        ) from error


def inlined(model: ModelProto, folder: Path | None) -> ModelProto:
    """A file's content with the data that lie outside of it, read as safely as its constants.

    Raises:
        FileFormatError: As :func:`array_of`.
        DataError: As :func:`array_of`.
    """
    from onnx import ModelProto, TensorProto

    found = ModelProto()
    found.CopyFrom(model)
    for tensor in found.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor.CopyFrom(_with_external_data(tensor, folder))
    return found


def _with_external_data(tensor: TensorProto, folder: Path | None) -> TensorProto:
    from onnx import TensorProto, helper

    what = f"constant {_brief(tensor.name)}"
    entries = {each.key: each.value for each in tensor.external_data}
    location = entries.get("location", "")
    if folder is None or not location:
        raise FileFormatError(f"{what} lies outside the file, and it is not said where")
    if "\0" in location:
        raise FileFormatError(f"{what} lies in {_brief(location)}, which is no file")
    path = Path(location)
    home = folder.resolve()
    if path.is_absolute() or not (folder / path).resolve().is_relative_to(home):
        raise FileFormatError(
            f"{what} lies in {_brief(location)}, outside the model's folder, which is not read"
        )
    try:
        size = np.dtype(helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
        offset, wanted = int(entries.get("offset", "0")), size * math.prod(tensor.dims)
        length = int(entries.get("length", str(wanted)))
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"{what}: where it lies is not said in numbers") from error
    try:
        found = (folder / path).resolve(strict=True)
        if not found.is_file():
            raise FileFormatError(f"{what} lies in {_brief(location)}, which is no file")
        with found.open("rb") as stream:
            there = found.stat().st_size
            if length != wanted or offset < 0 or offset + wanted > there:
                raise FileFormatError(
                    f"{what} needs {counted(wanted, 'byte')} from {offset} on in "
                    f"{_brief(location)}, which has {there}"
                )
            stream.seek(offset)
            data = stream.read(wanted)
    except OSError as error:
        raise DataError(
            f"{what} cannot be read from {_brief(location)}: {error.strerror}"
        ) from error
    read = TensorProto()
    read.CopyFrom(tensor)
    del read.external_data[:]
    read.data_location = TensorProto.DEFAULT
    read.raw_data = data
    return read


def _amount(number: int) -> str:
    return (
        f"{number:,}" if number < 10**15 else f"{number:.2g}" if number < 1 << 1000 else "endless"
    )


def _brief(name: str) -> str:
    return quoted(name, 80)


def _shape(dims: Sequence[int]) -> str:
    return "×".join(map(str, dims[:8])) or "a number"
