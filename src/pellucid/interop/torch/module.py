"""A module of PyTorch as a model: through PyTorch's own exporter, and the layers of an ONNX graph.

The exporter would make batch norms part of convolutions; here it must not, so that the layers are
those of the module. They are named as its parts are: ``layer1.0.conv1`` becomes ``layer1_0_conv1``.
"""

from __future__ import annotations

import ast
import logging
import re
import warnings
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.interop.onnx.importing import Imported, Meaning, import_proto
from pellucid.interop.onnx.inputs import Asked
from pellucid.interop.onnx.library import onnx_library
from pellucid.interop.torch.checking import answers, check_answers, pictures_like
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto, NodeProto
    from torch import Tensor, nn

_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"


def import_module(
    module: nn.Module | object,
    example: Tensor | object,
    asked: Asked | None = None,
    meaning: Meaning | None = None,
) -> Imported:
    """The model that a module of PyTorch computes at inference.

    Args:
        module: Feature maps (N, C, H, W) in, (N, K) out; it is left as it was.
        example: What it takes, of any batch: its height and width are those of the model.
        asked: What is done to pixels before it.
        meaning: What its pictures and answers mean.

    Raises:
        MissingDependencyError: If torch, onnx or onnxscript is not installed.
        ArgumentError: If these are no such module and tensor, or PyTorch cannot export it.
        FileFormatError: If there is no layer for something that it computes.
    """
    onnx_library()
    try:
        import torch
    except ModuleNotFoundError as error:
        raise _missing(error, "torch", "pip install torch") from error
    if not isinstance(module, torch.nn.Module) or not isinstance(example, torch.Tensor):
        raise ArgumentError(
            f"from_torch takes a torch.nn.Module and a tensor for it, got {type(module).__name__} "
            f"and {type(example).__name__}"
        )
    if example.ndim != 4:
        raise ArgumentError(
            f"the example must be (N, C, H, W), got a tensor of shape {tuple(example.shape)}"
        )
    name, asked = type(module).__name__, asked or Asked()
    images = pictures_like(example)
    with _at_inference(module):
        try:
            expected = answers(module, example, images, asked)
        except Exception as error:
            raise ArgumentError(
                f"{name} does not take the example, {tuple(example.shape)} of "
                f"{str(example.dtype).removeprefix('torch.')}: {_reason(error)}"
            ) from error
        found = import_proto(_exported(module, example), asked, meaning, name)
    if expected is not None and found.translated is not None:
        try:
            check_answers(found.translated, expected, images, half=example.element_size() < 4)
        except ArgumentError as error:
            raise ArgumentError(f"{name}: {error}") from error
    return found


@contextmanager
def _at_inference(module: nn.Module) -> Iterator[None]:
    """Let a module answer as it does at inference; afterwards it is as it was."""
    training = {part: part.training for part in module.modules()}
    try:
        module.eval()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch about itself
            yield
    finally:
        for part, mode in training.items():
            part.training = mode


@contextmanager
def _quietly() -> Iterator[None]:
    """Let PyTorch's loggers say nothing: the error has what is needed, and they have pages."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _exported(module: nn.Module, example: Tensor) -> ModelProto:
    """The module as an ONNX graph, none of its layers joined."""
    import torch

    try:
        with _quietly():
            try:
                from onnxscript import optimizer
            except ModuleNotFoundError as error:
                raise _missing(error, "onnxscript", 'pip install "pellucid[onnx]"') from error
            # in PyTorch's own order: others it writes as flattenings of the whole batch
            example = example.detach().contiguous()
            program = torch.onnx.export(
                module, (example,), dynamo=True, optimize=False, verbose=False
            )
            assert program is not None
            optimizer.fold_constants(program.model)
            optimizer.remove_unused_nodes(program.model)
            return _named(program.model_proto)
    except MissingDependencyError:
        raise
    except Exception as error:
        name = type(module).__name__
        raise ArgumentError(f"PyTorch cannot export {name}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What went wrong at the bottom of it, without the advice that PyTorch wraps it in."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)) or type(error).__name__
    first = text.split("While executing")[0].split("\n\n")[0]
    return truncated(" ".join(first.split()), 300)


def _named(proto: ModelProto) -> ModelProto:
    """The graph with values named after the parts of the module that make them."""
    taken = {name for node in proto.graph.node for name in (*node.input, *node.output)}
    new: dict[str, str] = {}
    for node, part in _parts(list(proto.graph.node)):
        name, number = part, 1
        while name in taken:  # a part that is called more than once
            number += 1
            name = f"{part}_{number}"
        taken.add(name)
        new[node.output[0]] = name
    for node in proto.graph.node:
        if part := _scope(node):
            node.name = f"{part}: {node.name}"
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
    for value in (*proto.graph.output, *proto.graph.value_info):
        value.name = new.get(value.name, value.name)
    return proto


def _parts(nodes: list[NodeProto]) -> Iterator[tuple[NodeProto, str]]:
    """The nodes that make the values of PyTorch's own layers, and where these are in the module."""
    placed = [(_place(node), node) for node in nodes]
    for part, run in groupby(placed, lambda each: each[0] and each[0][0]):
        if not part:
            continue
        last = {place[1]: node for place, node in run if place}
        if len({re.sub(r"_[0-9]+$", "", call) for call in last}) > 1:  # one call of several steps
            last = dict([last.popitem()])
        for node in last.values():
            yield node, part


def _scope(node: NodeProto) -> str:
    """The part of the module that a node belongs to, for messages: ``features.3 (Conv2d)``."""
    (*_, part, _), (*_, kind, _) = _scopes(node)
    return f"{part} ({kind.rpartition('.')[2]})" if part else ""


def _place(node: NodeProto) -> tuple[str, str] | None:
    """The layer that a node belongs to, and the call; None where it is no layer of PyTorch's."""
    (*_, part, call), (*_, kind, _) = _scopes(node)
    return (part, call) if part and kind.startswith("torch.nn.modules.") else None


def _scopes(node: NodeProto) -> tuple[list[str], list[str]]:
    """Names and classes of what a node lies in, from the module to the call; at least two each."""
    texts = {each.key: each.value for each in node.metadata_props}
    try:
        scopes, classes = (list(ast.literal_eval(texts[key])) for key in (_SCOPES, _CLASSES))
    except (LookupError, SyntaxError, TypeError, ValueError):
        scopes, classes = [], []
    return ["", "", *map(str, scopes)], ["", "", *map(str, classes)]


def _missing(error: ModuleNotFoundError, name: str, command: str) -> Any:
    if error.name != name:
        return error
    return MissingDependencyError(
        f"from_torch needs {name}, which is not installed; install it with: {command}"
    )
