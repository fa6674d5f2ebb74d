"""An ONNX file, read without trust."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import DataError, FileFormatError
from pellucid.interop.onnx.library import onnx_library
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from onnx import ModelProto

OLDEST_OPSET = 7
"""The oldest version of ONNX's operators that is read; before it, broadcasting had other rules."""

MOST_BYTES = 1 << 31
"""No ONNX file is larger: it is one message of Protocol Buffers."""

MOST_NODES = 20_000
"""No network has more: a guard against hostile files."""


def read_onnx(path: str | os.PathLike[str]) -> ModelProto:
    """The content of an ONNX file; data outside of it are not read.

    Raises:
        MissingDependencyError: If the package onnx is not installed.
        DataError: If there is no such file, or it cannot be read.
        FileFormatError: If it is no ONNX file.
    """
    onnx_library()
    name = printable(path)
    try:
        found = Path(path)
        if found.is_dir():
            raise DataError(f"{name}: is a folder; expected an ONNX file")
        if found.stat().st_size >= MOST_BYTES:
            raise FileFormatError(f"{name}: is larger than an ONNX file can be, 2 GiB")
        data = found.read_bytes()
    except OSError as error:
        raise DataError(f"{name}: cannot be read: {error.strerror}") from error
    except MemoryError as error:
        raise DataError(f"{name}: not enough memory to read it") from error
    return parsed(data, name)


def parsed(data: bytes, name: str) -> ModelProto:
    """The content of an ONNX file's bytes.

    Raises:
        FileFormatError: If they are those of no ONNX file, or of one that cannot be read.
    """
    from onnx import ModelProto

    model = ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:
        raise FileFormatError(
            f"{name}: is no ONNX file, or is cut short; {_remedy(name)}"
        ) from error
    if not model.ir_version or not model.graph.node:
        raise FileFormatError(f"{name}: is no ONNX file: it holds no network; {_remedy(name)}")
    if not _all_text(model):
        raise FileFormatError(f"{name}: is damaged: a name in it is no text; {_remedy(name)}")
    return model


def _all_text(model: ModelProto) -> bool:
    """Whether names are text: those of a damaged file may be any bytes."""
    graph = model.graph
    try:
        texts = [model.producer_name, model.producer_version, graph.name]
        texts += [each.domain for each in model.opset_import]
        texts += [text for each in model.metadata_props for text in (each.key, each.value)]
        for listed in (graph.input, graph.output, graph.initializer):
            texts += [each.name for each in listed]
        for node in (*graph.node, *(node for each in model.functions for node in each.node)):
            texts += [node.name, node.op_type, node.domain, *node.input, *node.output]
            texts += [each.name for each in node.attribute]
    except UnicodeDecodeError:
        return False
    return all(isinstance(text, str) for text in texts)


def _remedy(name: str) -> str:
    if name.casefold().endswith((".pt", ".pth")):
        return "PyTorch's weights need their module: load them, then pellucid.from_torch(module, …)"
    if name.casefold().endswith(".safetensors"):
        return "a model file is taken as it is, wherever a command takes a model"
    return "get or make it again"


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's operators that a file is written in.

    Raises:
        FileFormatError: If it is too old, too new, or not given.
    """
    from onnx.defs import onnx_opset_version

    versions = [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")]
    newest = onnx_opset_version()
    if not versions:
        raise FileFormatError("says of no version of ONNX's operators that it uses it")
    if not OLDEST_OPSET <= versions[0] <= newest:
        raise FileFormatError(
            f"is written in opset {versions[0]}; opsets {OLDEST_OPSET} to {newest} are read"
        )
    return int(versions[0])
