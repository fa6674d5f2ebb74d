"""An ONNX file as its own program computes it, with every value under the name of its layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.architectures.captioner import WORDS_GRAPH
from pellucid.errors import FileFormatError
from pellucid.interop.onnx import metadata
from pellucid.interop.onnx.captioning import OnnxSteps, words_path
from pellucid.interop.onnx.constants import MOST_PARAMETERS, inlined
from pellucid.interop.onnx.export import input_name, value_names
from pellucid.interop.onnx.importing import import_proto
from pellucid.interop.onnx.inputs import Asked, Source
from pellucid.interop.onnx.library import onnx_runtime
from pellucid.interop.onnx.nodes import reads_of
from pellucid.interop.onnx.own_files import metadata_of
from pellucid.interop.onnx.reading import read_onnx
from pellucid.interop.onnx.runtime import Session
from pellucid.interop.onnx.views import reordered, size_of
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import greedy_logits
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from onnx import ModelProto

    from pellucid.files import Model
    from pellucid.interop.onnx.translating import Translated
    from pellucid.interop.onnx.views import Value

MOST_AT_ONCE = 32
"""Pictures that ONNX Runtime computes at once."""


@dataclass(frozen=True)
class Outside:
    """What is done to pixels before a file's own nodes, see :class:`Asked`."""

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None


class OnnxNetwork:
    """An ONNX file computed by ONNX Runtime.

    Attributes:
        model: What the file is as a model; its layers name the values.

    Args:
        path: The file.
        outside: What is done to pixels before its own nodes.
        most_parameters: Numbers that its constants may have together.

    Raises:
        MissingDependencyError: If onnx or onnxruntime is not installed.
        DataError: If it cannot be read, or ONNX Runtime does not take it.
        FileFormatError: If it is no network of layers that there are.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        outside: Outside | None = None,
        most_parameters: int = MOST_PARAMETERS,
    ) -> None:
        onnx_runtime()
        outside, folder = outside or Outside(), Path(path).parent
        proto = read_onnx(path)
        asked = Asked(mean=outside.mean, std=outside.std, most_parameters=most_parameters)
        imported = import_proto(proto, asked, name=printable(path), folder=folder, path=Path(path))
        self.model: Model = imported.model
        self._outside, self._proto = outside, inlined(proto, folder)
        if imported.translated is None:
            described = metadata.read(metadata_of(proto))
            assert described is not None
            name = input_name(self.model.task)
            axes = described.form.layout.upper()
            self._source = Source(name, self.model.network.graph.input_shape, axes, 1)
            self._tensors = _of_ours(self.model)
        else:
            self._source = imported.translated.source
            self._tensors = _of_others(self.model, self._proto, imported.translated)
        self._session = Session(self._with_outputs([self._logits.name]))
        self._words = None
        if isinstance(self.model.task, Captioning):
            self._words = Session(read_onnx(words_path(path)))

    @property
    def made_by(self) -> str:
        """Who computes: ``ONNX Runtime 1.20``."""
        return f"ONNX Runtime {onnx_runtime().__version__}"

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The logits of pictures (N, H, W, C), (N, K), or of detectors a map of each.

        Of captioners those behind each word of the greedy captions, (N, T, V).
        """
        found, task = self._outputs(images), self.model.task
        if isinstance(task, Captioning) and self._words is not None:
            session, graph = self._words, self.model.network.graphs[WORDS_GRAPH]
            return greedy_logits(
                lambda rows: OnnxSteps(session, graph, rows, task.length), task, found
            )
        return found.astype(np.float64)

    def _outputs(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        tensor = self._logits
        parts = [
            tensor.as_ours(self._run(self._session, [tensor.name], part)[tensor.name])
            for part in self._parts(images)
        ]
        return np.concatenate(parts).reshape(len(images), *self.model.network.graph.output_shape)

    def values(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The values of layers by name, (N, H, W, C) or (N, F): of those that the file has, too.

        Each node is computed as it is written, without ONNX Runtime's optimisations.
        """
        names = sorted({tensor.name for tensor in self._tensors.values()})
        session = Session(self._with_outputs(names), optimised=False)
        parts = [self._run(session, names, part) for part in self._parts(images)]
        found = {}
        for layer, tensor in self._tensors.items():
            arrays = [part[tensor.name] for part in parts]
            if all(array.dtype == np.float32 and array.size for array in arrays):
                found[layer] = np.concatenate([tensor.as_ours(array) for array in arrays])
        return found

    @cached_property
    def _logits(self) -> Tensor:
        """The tensor that has the logits."""
        graph = self.model.network.graph
        name = graph.output
        while name not in self._tensors:
            node = graph[name]
            if not isinstance(node.operation, ops.Flatten):
                raise FileFormatError(f"no tensor of the file has the logits, layer {name!r:.80}")
            (name,) = node.inputs
        return self._tensors[name]

    def _parts(self, images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        size = MOST_AT_ONCE if self._batch == 0 else 1
        return [images[k : k + size] for k in range(0, len(images), size)]

    @cached_property
    def _batch(self) -> int:
        """How many pictures the file takes at once; 0: any number."""
        return int(self._given.type.tensor_type.shape.dim[self._source.axes.index("N")].dim_value)

    @cached_property
    def _given(self) -> Any:
        return next(each for each in self._proto.graph.input if each.name == self._source.name)

    def _run(
        self, session: Session, tensors: list[str], images: NDArray[np.uint8]
    ) -> dict[str, NDArray[Any]]:
        """Some tensors of a few pictures."""
        from onnx.helper import tensor_dtype_to_np_dtype

        kind = tensor_dtype_to_np_dtype(self._given.type.tensor_type.elem_type)
        fed: NDArray[Any] = images
        if (self._outside.mean, self._outside.std) != (None, None):
            mean, std = self._outside.mean or (0.0,), self._outside.std or (1.0,)
            fed = (images - np.array(mean, np.float32)) / np.array(std, np.float32)
        if self._batch > 1:  # it takes a fixed number at once: the same image each time
            fed = np.repeat(fed, self._batch, axis=0)
        feeds = {self._source.name: np.ascontiguousarray(self._source.array(fed), kind)}
        found = session.run(tensors, feeds)
        return {name: array[: len(images)] for name, array in found.items()}

    def _with_outputs(self, tensors: list[str]) -> Any:
        """The file with some tensors as its outputs, and no others."""
        from onnx import ModelProto

        made = ModelProto()
        made.CopyFrom(self._proto)
        del made.graph.output[:]
        wanted = set(tensors)
        for tensor in tensors:
            made.graph.output.add(name=tensor)
        kept = []  # what is not asked for was not looked at, and might take any memory
        for node in reversed(self._proto.graph.node):
            if wanted & set(node.output):
                wanted |= set(reads_of(node))
                kept.append(node)
        del made.graph.node[:]
        made.graph.node.extend(kept[::-1])
        return made


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that has the value of a layer.

    Attributes:
        name: In the file.
        value: How the layer's axes lie in it; None: channels first, as in files of ours.
    """

    name: str
    value: Value | None = None

    def as_ours(self, array: NDArray[Any]) -> NDArray[Any]:
        """The tensor (N, …) as the layer has it: (N, H, W, C) or (N, F)."""
        if self.value is None:
            return np.moveaxis(array, 1, -1)
        theirs, ours = sum(self.value.theirs, ()), sum(self.value.ours, ())
        rows = reordered(array.reshape(len(array), -1).T, theirs, ours)
        return rows.T.reshape(len(array), *map(size_of, self.value.ours))


def _of_ours(model: Model) -> dict[str, Tensor]:
    """By layer: its tensor in a file that was exported."""
    names = value_names(model.network.graph, model.task)
    return {node.name: Tensor(names[node.name]) for node in model.network.graph.nodes}


def _of_others(model: Model, proto: ModelProto, found: Translated) -> dict[str, Tensor]:
    """By layer: the first tensor of another program's file that has its value."""
    tensors: dict[str, Tensor] = {}
    made = {name for node in proto.graph.node for name in node.output}
    shapes = model.network.graph.shapes
    for name, value in found.values.items():
        lies = name in made and value.plain and value.batch == 0
        if lies and shapes.get(value.node) == tuple(map(size_of, value.ours)):
            tensors.setdefault(value.node, Tensor(name, value))
    return tensors
